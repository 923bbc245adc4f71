-- Events that Procore had discarded, and that were published all the same: each once.
CREATE TABLE recovered (
    key text NOT NULL,                          -- the subscription's
    event_id text NOT NULL,
    recovered_at timestamptz NOT NULL,
    PRIMARY KEY (key, event_id)
);
