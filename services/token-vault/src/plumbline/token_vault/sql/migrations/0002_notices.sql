-- When the first report of a refusal came; and what the world was told last of each account.
ALTER TABLE refusals ADD COLUMN noted_at timestamptz NOT NULL DEFAULT clock_timestamp();

CREATE TABLE notices (
    account text PRIMARY KEY,
    state text,
    version bigint NOT NULL,
    reminded_days integer
);
