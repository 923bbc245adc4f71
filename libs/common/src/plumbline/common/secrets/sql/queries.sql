-- name: read_document
-- The newest version of a document.
SELECT version, sealed, key_id FROM documents WHERE path = $1

-- name: create_document
-- The first version of a document; nothing where there is one already.
INSERT INTO documents (path, version, sealed, key_id) VALUES ($1, 1, $2, $3) ON CONFLICT DO NOTHING RETURNING version

-- name: replace_document
-- The next version of a document; nothing where the present version is another.
UPDATE documents SET version = version + 1, sealed = $2, key_id = $3, written_at = clock_timestamp()
WHERE path = $1 AND version = $4 RETURNING version

-- name: know_first_key
-- Take up the key of a store that knows none yet.
INSERT INTO keys (id, number) SELECT $1, 1 WHERE NOT EXISTS (SELECT FROM keys) ON CONFLICT DO NOTHING

-- name: know_key
-- Take up a key that is going to seal.
INSERT INTO keys (id, number, made_at) SELECT $1, coalesce(max(number), 0) + 1, $2 FROM keys

-- name: describe_key
-- A key, and how many documents it does not seal yet.
SELECT number, made_at,
       (SELECT count(*) FROM documents d WHERE d.key_id IS DISTINCT FROM k.id) AS unsealed,
       (SELECT count(*) FROM documents) AS documents
FROM keys k WHERE id = $1

-- name: sealed_otherwise
-- Some documents that a key does not seal.
SELECT path, version, sealed, key_id FROM documents WHERE key_id IS DISTINCT FROM $1 ORDER BY path LIMIT $2

-- name: reseal_document
-- Seal one version of a document with another key; what it says, and so its version, stays.
UPDATE documents SET sealed = $2, key_id = $3 WHERE path = $1 AND version = $4 AND key_id IS NOT DISTINCT FROM $5

-- name: forget_key
-- Forget a key that seals nothing; the reference refuses it where it does.
DELETE FROM keys WHERE id = $1 AND NOT EXISTS (SELECT FROM documents WHERE key_id IS NULL) RETURNING id

-- name: known_keys
-- The keys that may seal.
SELECT id FROM keys ORDER BY number
