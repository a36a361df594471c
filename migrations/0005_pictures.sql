-- Pictures of a video: the owner's poster, the storyboard, the preview, the placeholder.

ALTER TABLE videos
    -- BlurHash of the automatic poster
    ADD COLUMN placeholder text,
    -- tells the owner's poster from those chosen before, part of its key; null: the automatic one
    ADD COLUMN chosen_poster text,
    ADD COLUMN chosen_placeholder text,
    -- where its tiles lie, once it is stored: src/matinee/media/storyboard.py, Storyboard
    ADD COLUMN storyboard jsonb,
    ADD COLUMN has_preview boolean NOT NULL DEFAULT false;
