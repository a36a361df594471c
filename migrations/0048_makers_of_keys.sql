-- Who has made a signing key: whoever leaves a team may still have its private half.

ALTER TABLE signing_keys ADD COLUMN made_by uuid REFERENCES users ON DELETE SET NULL;

CREATE INDEX signing_keys_by_maker ON signing_keys (made_by) WHERE made_by IS NOT NULL;
