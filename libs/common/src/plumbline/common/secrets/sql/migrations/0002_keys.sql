-- The keys that seal documents, by name alone. A key that is not in here seals nothing any more: the reference refuses
-- whoever still writes with it.
CREATE TABLE keys (
    id text PRIMARY KEY,                        -- the beginning of the key's digest
    number integer NOT NULL UNIQUE,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE documents ADD COLUMN key_id text REFERENCES keys (id);  -- none in rows from before keys had names
CREATE INDEX documents_by_key ON documents (key_id);
