-- Codes of consents that were handed in: each is traded once, whoever hands it in again is told what came of it.
CREATE TABLE consents (
    code_digest text PRIMARY KEY,
    account text NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome jsonb
);
