-- name: note_refusal
-- Remember the newest refused version of an account.
INSERT INTO refusals AS r (account, version) VALUES ($1, $2)
ON CONFLICT (account) DO UPDATE SET version = greatest(r.version, excluded.version)

-- name: newest_refusal
-- The newest refused version of an account.
SELECT version FROM refusals WHERE account = $1
