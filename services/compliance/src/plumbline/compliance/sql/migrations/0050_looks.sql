-- When the shelves of Procore's projects were looked through: those that were quiet for long are looked at less often.
CREATE TABLE looks (
    connection text NOT NULL,
    place text NOT NULL,                        -- procore/<company>/<project>/requisitions/<id>, and so on
    version text NOT NULL,                      -- what Procore's list said of it
    looked_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    is_awaited boolean NOT NULL,                -- it lacks something that somebody is about to give, such as a signature
    PRIMARY KEY (connection, place)
);
