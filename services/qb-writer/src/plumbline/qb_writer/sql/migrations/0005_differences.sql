-- Where QuickBooks is not as it should be. What has mended itself stays, with its end; if it comes back, it is opened again.
CREATE TABLE differences (
    realm text NOT NULL,
    subject text NOT NULL,                  -- the record's name, or quickbooks/<entity>/<id> where no record owns it
    code text NOT NULL,
    connection text NOT NULL,
    cause text NOT NULL,
    quickbooks_id text,
    off_cents bigint NOT NULL,
    stake_cents bigint NOT NULL,
    sentence text NOT NULL,
    advice text NOT NULL,
    since timestamptz NOT NULL,             -- when it came about
    opened_at timestamptz NOT NULL,         -- when it was first told of
    seen_at timestamptz NOT NULL,           -- when the comparison began that saw it last
    closed_at timestamptz,
    PRIMARY KEY (realm, subject, code)
);
CREATE INDEX differences_open ON differences (realm, seen_at) WHERE closed_at IS NULL;

-- The last comparison of each realm that came to its end.
CREATE TABLE comparisons (
    realm text PRIMARY KEY,
    connection text NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    complete_since timestamptz,             -- null: not every document was known yet
    live_from date,                         -- null: the company was only observed, and nothing could differ
    records bigint NOT NULL,
    documents bigint NOT NULL               -- documents without a record that had to be looked at
);

-- Records are compared page by page.
CREATE INDEX records_of_realm ON records (realm, name);
