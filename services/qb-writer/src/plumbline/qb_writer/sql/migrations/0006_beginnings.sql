-- Since when each connection is written to, and from which day on its documents are; no row: it only observes.
CREATE TABLE beginnings (
    connection text PRIMARY KEY,
    from_day date NOT NULL,
    since timestamptz NOT NULL,
    read_to timestamptz                     -- its books had been read up to then, by QuickBooks' clock; null: no matter
);
-- Whoever was written to already is live.
INSERT INTO beginnings (connection, from_day, since)
SELECT connection, date '0001-01-01', min(received_at) FROM records WHERE writes > 0 GROUP BY connection;

-- When a record's first version came, and whether its document was made by people before its company went live.
ALTER TABLE records ADD COLUMN known_since timestamptz, ADD COLUMN linked boolean NOT NULL DEFAULT false;
UPDATE records SET known_since = received_at;
ALTER TABLE records ALTER COLUMN known_since SET NOT NULL;
