-- Who has watched what on which day: rows that are only ever added, and dropped by days. Upkeep makes the partitions of the
-- days ahead; what comes on a day that has none is kept in the last one.
CREATE TABLE view_events (
    day      date NOT NULL,
    video_id uuid NOT NULL,
    viewer   bytea NOT NULL,  -- an account or, of others, a hash that nobody can turn around, another each day
    PRIMARY KEY (day, video_id, viewer)
) PARTITION BY RANGE (day);

CREATE TABLE view_events_other PARTITION OF view_events DEFAULT;

ALTER TABLE video_counts ADD COLUMN views bigint NOT NULL DEFAULT 0;
ALTER TABLE count_changes ADD COLUMN views integer NOT NULL DEFAULT 0;
