"""What the owners of accounts are written. No letter holds words that somebody chose: they might say anything."""

from matinee.common.mail.letters import LetterTemplate

REPLAYED = LetterTemplate(
    "A device was signed out of your account",
    """
What keeps one of your devices signed in was used a second time, from $ip. That happens when it was copied, and seldom
by accident. So the device was signed out, and whoever else held it with it.

If you have not restored a browser or a phone from a backup lately, choose a new password: that signs out every other
device.

[See your devices]($link)
""",
)
VERIFY = LetterTemplate(
    "Is this your address?",
    """
Somebody made an account with this address. If it was you, please say so:

[Yes, it is mine]($link)

The link works once, for two days, for who is signed in to the account or knows its password. If it was not you, there
is nothing to do.
""",
)
CHANGE_EMAIL = LetterTemplate(
    "Is this your new address?",
    """
Somebody wants this to be the address of an account. If it was you, please say so:

[Yes, use this address]($link)

The link works once, for two days, for who is signed in to the account or knows its password. If it was not you, there
is nothing to do.
""",
)
EMAIL_CHANGE_ASKED = LetterTemplate(
    "Your account is to have another address",
    """
Somebody who is signed in to your account wants it to have another address. A letter went there; when its link is
followed, this address signs in no more.

If it was not you, choose another password at once by "Forgot your password?": that ends the change, too.

[Sign in]($link)
""",
)
EMAIL_CHANGED = LetterTemplate(
    "Your account has another address now",
    """
The address of your account was changed, by somebody who was signed in to it. Letters go to the new one from now on,
and this one signs in no more.

If it was not you, tell those who run this server at once.
""",
)
RESET = LetterTemplate(
    "Choose a new password",
    """
Somebody, you we hope, has forgotten the password of your account.

[Choose a new password]($link)

The link works once, for an hour, and signs out every device. If it was not you, there is nothing to do: your password
stays as it is.
""",
)
PASSWORD_CHANGED = LetterTemplate(
    "Your password was changed",
    """
Your account has a new password, and other devices were signed out.

If it was not you, choose another password at once by "Forgot your password?", and tell those who run this server.

[Sign in]($link)
""",
)
INVITATION = LetterTemplate(
    "You are invited",
    """
An administrator invites you to make an account here.

[Make an account]($link)

The link works once, for a week.
""",
)

_OTHERWISE = """
If it was not you, choose another password at once by "Forgot your password?", which signs out every device, and look
under "Signing in" at what else was changed.

[See your account]($link)
"""


def _changed(subject: str, what: str) -> LetterTemplate:
    """About a change of how an account is signed in to."""
    return LetterTemplate(subject, f"{what}\n{_OTHERWISE}")


SECOND_FACTOR_ON = _changed(
    "Codes of an app are asked for now",
    "Signing in to your account by the password asks for a code of an app from now on.",
)
SECOND_FACTOR_OFF = _changed(
    "Codes of an app are asked for no more",
    "Signing in to your account asks for no code of an app any more.",
)
CODE_REUSED = _changed(
    "A code of your app was used a second time",
    """
A code of your app was sent after it, or a newer one, had been used. It was refused. If you sent it twice yourself,
there is nothing to do.
""",
)
RECOVERY_CODES_RENEWED = _changed(
    "Your recovery codes were renewed",
    "Your account has new recovery codes. The former ones work no more.",
)
PASSKEY_ADDED = _changed(
    "Your account has a new passkey",
    "A passkey was added to your account. It signs in without the password.",
)
PASSKEY_REMOVED = _changed(
    "A passkey was removed",
    "A passkey was removed from your account. It signs in no more.",
)
SIGN_IN_LINKED = _changed(
    "A sign-in provider was linked",
    "Your account can be signed in to by another provider from now on.",
)
SIGN_IN_UNLINKED = _changed(
    "A sign-in provider was unlinked",
    "A provider that signed in to your account does so no more.",
)
EXPORT_ASKED = _changed(
    "All of your account is put into one file",
    "An archive of all that is yours was asked for. Another password ends it.",
)
CLOSED = LetterTemplate(
    "Your account is to be deleted",
    """
Your account was closed and every device signed out; on $until everything in it is deleted for good. Whoever signs in
before then can keep it.

If neither you nor those who run this server did it, sign in and choose another password, or choose one by "Forgot
your password?".

[Sign in]($link)
""",
)
API_KEY_MADE = LetterTemplate(
    "Your account has a new API key",
    """
A program that has the key acts for your account from now on, also after every device was signed out.

If it was not you, revoke it under "API keys", and choose another password.

[See your account]($link)
""",
)
SIGNING_KEY_MADE = LetterTemplate(
    "Your account made a signing key",
    """
Whoever has the key opens videos of your account, or of the team that it was made for, to anybody, also after every
device was signed out.

If it was not you, choose another password, and remove the key by the API, where it was made.

[See your account]($link)
""",
)
NEW_DEVICE = _changed(
    "Your account was signed in to on a new device",
    "Your account was signed in to from $ip, on a device that is new to it. If it was you, there is nothing to do.",
)
SECOND_FACTOR_RESET = LetterTemplate(
    "Your second factor was reset",
    """
Those who run this server have removed the codes, the recovery codes and the passkeys of your account, and signed out
every device. Signing in takes the password alone now; set up a second factor again.

If you did not ask for it, choose another password at once by "Forgot your password?", and tell them.

[Sign in]($link)
""",
)
ROLE_CHANGED = LetterTemplate(
    "Your account has another role",
    """
Those who run this server have given your account the role "$role", and signed out every device. If you did not expect
it, ask them.

[Sign in]($link)
""",
)
SUSPENDED = LetterTemplate(
    "Your account was suspended",
    """
Those who run this server have suspended your account: every device was signed out, and your videos are shown to
nobody. Nothing was deleted.

Whoever signs in with the right password is told why.

[Sign in]($link)
""",
)
SUSPENSION_LIFTED = LetterTemplate(
    "Your account is no longer suspended",
    """
Those who run this server have lifted the suspension of your account. Everything in it is as it was before; sign in
again.

[Sign in]($link)
""",
)
RESTORED = _changed(
    "Your account is not deleted",
    "Your account was to be deleted and is kept: you signed in to keep it, or those who run this server kept it.",
)
