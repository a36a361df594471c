-- What the password is to be once a sign-in that waits has shown its second factor.
ALTER TABLE sign_in_challenges ADD COLUMN new_password_hash text;
