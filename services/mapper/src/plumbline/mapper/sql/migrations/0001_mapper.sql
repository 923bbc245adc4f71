-- The last read of each record of Procore, and what came of it.
CREATE TABLE sightings (
    key text PRIMARY KEY,
    connection text NOT NULL,
    content_hash text,                          -- null: Procore showed no such record
    seen_at timestamptz NOT NULL,
    causes text[] NOT NULL,
    looks integer NOT NULL,                     -- looks made for the newest hint; 0 once it is served
    about text,                                 -- of a payment: the owner invoice it pays
    why text[] NOT NULL
);

-- Every command ever published, for comparing, for versions and for telling.
CREATE TABLE commands (
    realm text NOT NULL,
    record text NOT NULL,
    version integer NOT NULL,
    source text NOT NULL,
    body text NOT NULL,                         -- the LedgerCommand as JSON
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (realm, record, version)
);
CREATE INDEX commands_source ON commands (source);

-- What stands for what in QuickBooks; made by people only.
CREATE TABLE links (
    connection text NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    quickbooks_id text NOT NULL,
    name text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (connection, kind, source)
);
