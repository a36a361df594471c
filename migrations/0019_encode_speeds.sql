-- How fast workers encode, so that no quality is offered that cannot be made while it is watched.

-- One row a kind of worker, which is what its labels are, and a kind of work. Each cell that is recorded changes one:
-- what changes is in no index, and the page has room for it.
CREATE TABLE encode_speeds (
    labels      text[] NOT NULL,
    encoder     text NOT NULL,
    -- sizes as the shorter side of 16:9, and frames a second, rounded up to those that are told apart
    side        integer NOT NULL,
    rate        integer NOT NULL,
    source_side integer NOT NULL,
    -- the processes made nothing else. Of those that make several renditions at once each counts its share by pixels,
    -- which flatters it; it is what there is until one was made alone
    alone       boolean NOT NULL,
    -- seconds of film and seconds of encoding, of late: what is older weighs less
    film        double precision NOT NULL,
    seconds     double precision NOT NULL,
    -- whether it takes longer than it lasts; once so, until it is clearly faster
    slow        boolean NOT NULL,
    measured_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (labels, encoder, side, rate, source_side)
) WITH (fillfactor = 50);
