-- What a person asked to be rotated, and what became of it; and what people were told last of each credential.
CREATE TABLE rotations (
    name text PRIMARY KEY,                      -- the credential's
    request text NOT NULL,
    version bigint NOT NULL,                    -- the version that was to be replaced
    outcome text,                               -- `done` or `refused`; none while it is open
    detail text NOT NULL DEFAULT ''
);

CREATE TABLE told (
    name text PRIMARY KEY,
    version bigint NOT NULL,
    reminded_days integer                       -- the last reminder of this version, by its days before the due date
);

-- What the replicas of ingest accept, and what webhooks show: the newest report of each, in Kafka's order.
CREATE TABLE reports (
    credential text NOT NULL,
    reporter text NOT NULL,
    says text NOT NULL,
    version bigint NOT NULL,
    trouble text NOT NULL,
    heard_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (credential, reporter, says)
);
