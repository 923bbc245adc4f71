-- The newest access token version of each account that a partner has refused.
CREATE TABLE refusals (
    account text PRIMARY KEY,
    version bigint NOT NULL
);
