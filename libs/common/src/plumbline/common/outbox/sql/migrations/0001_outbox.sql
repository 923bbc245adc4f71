-- Messages that were decided and are not yet on Kafka. Rows of one key are inserted under that
-- record's row lock, so the order of ids is the order in which they were decided.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key text NOT NULL,
    headers text[] NOT NULL,
    value bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
