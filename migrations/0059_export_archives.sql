-- Of how many archives an export is.
ALTER TABLE account_exports ADD COLUMN archives integer NOT NULL DEFAULT 1;
