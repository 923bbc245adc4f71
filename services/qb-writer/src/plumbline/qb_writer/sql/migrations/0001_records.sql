-- What each record should be, what it was seen to be, and what was last told of it.
CREATE TABLE records (
    key text PRIMARY KEY,                   -- realm/name
    realm text NOT NULL,
    name text NOT NULL,
    connection text NOT NULL,
    source text NOT NULL,
    kind text NOT NULL,
    version bigint NOT NULL,
    content_hash text NOT NULL,
    desired text NOT NULL,                  -- JSON, as the command carried it
    needs text[] NOT NULL,
    why text[] NOT NULL,
    provider_time timestamptz,
    partner_ms bigint NOT NULL,
    received_at timestamptz NOT NULL,
    quickbooks_id text,
    sync_token text,
    document_number text,
    incarnation integer NOT NULL DEFAULT 1,
    applied bytea,
    applied_hash text,
    total_cents bigint NOT NULL DEFAULT 0,
    balance_cents bigint NOT NULL DEFAULT 0,
    mailed boolean NOT NULL DEFAULT false,
    voided boolean NOT NULL DEFAULT false,
    writes integer NOT NULL DEFAULT 0,
    confirmed_at timestamptz,
    told_version bigint,
    told_state text
);
CREATE INDEX records_needs ON records USING gin (needs);

-- Every write, with the very bytes that are sent however often it is tried.
CREATE TABLE writes (
    key text NOT NULL REFERENCES records,
    number integer NOT NULL,
    incarnation integer NOT NULL,
    operation text NOT NULL,
    request_id text NOT NULL,
    body bytea NOT NULL,
    content text NOT NULL,
    document_id text,
    document_number text,
    send_to text,
    opened_at timestamptz NOT NULL,
    sent_at timestamptz,
    tries integer NOT NULL,
    fate text NOT NULL CHECK (fate IN ('open', 'confirmed', 'rejected')),
    outcome text NOT NULL,
    closed_at timestamptz,
    PRIMARY KEY (key, number)
);
CREATE UNIQUE INDEX writes_one_open ON writes (key) WHERE fate = 'open';

-- Document numbers in use, whatever their case.
CREATE TABLE numbers (
    realm text NOT NULL,
    lower_number text NOT NULL,
    number text NOT NULL,
    key text NOT NULL,
    incarnation integer NOT NULL,
    PRIMARY KEY (realm, lower_number),
    UNIQUE (key, incarnation)
);

-- When each realm's next call may be made.
CREATE TABLE governor (
    realm text PRIMARY KEY,
    turn_at timestamptz NOT NULL
);
