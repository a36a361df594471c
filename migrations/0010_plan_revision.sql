-- A plan may change: a sound is added or removed, the source is replaced. Whoever keeps a plan keeps it by this number.

ALTER TABLE videos ADD COLUMN plan_revision integer NOT NULL DEFAULT 0;
