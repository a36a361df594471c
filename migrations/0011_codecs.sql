-- What a video is offered in beside H.264, chosen per video; NULL leaves it to the server's settings.

ALTER TABLE videos
    ADD COLUMN codecs text[],
    ADD CONSTRAINT videos_codecs_known CHECK (codecs <@ ARRAY['h264', 'hevc', 'av1', 'hevc-hdr', 'av1-hdr']);
