-- name: read_document
-- The newest version of a document.
SELECT version, sealed FROM documents WHERE path = $1

-- name: create_document
-- The first version of a document; nothing where there is one already.
INSERT INTO documents (path, version, sealed) VALUES ($1, 1, $2) ON CONFLICT DO NOTHING RETURNING version

-- name: replace_document
-- The next version of a document; nothing where the present version is another.
UPDATE documents SET version = version + 1, sealed = $2, written_at = clock_timestamp()
WHERE path = $1 AND version = $3 RETURNING version
