-- Comments that an administrator has hidden: the owner of the video does not show them again.

ALTER TABLE comments
    ADD COLUMN taken_down boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT comments_taken_down_hidden CHECK (NOT taken_down OR state IN ('hidden', 'deleted'));
