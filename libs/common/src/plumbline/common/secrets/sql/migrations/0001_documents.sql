-- Secret documents of the embedded store: sealed with AES-256-GCM under a key that is not in here.
CREATE TABLE documents (
    path text PRIMARY KEY,
    version integer NOT NULL,
    sealed bytea NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
