-- name: note_refusal
-- Remember the newest refused version of an account.
INSERT INTO refusals AS r (account, version) VALUES ($1, $2)
ON CONFLICT (account) DO UPDATE SET version = greatest(r.version, excluded.version)

-- name: newest_refusal
-- The newest refused version of an account.
SELECT version FROM refusals WHERE account = $1

-- name: claim_code
-- Claim a code for whoever hands it in first; nothing where it was claimed before.
INSERT INTO consents (code_digest, account) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING code_digest

-- name: forget_codes
-- Forget codes that have long been worth nothing.
DELETE FROM consents WHERE begun_at < clock_timestamp() - interval '1 day'

-- name: note_outcome
-- Remember what came of a code.
UPDATE consents SET outcome = $2 WHERE code_digest = $1

-- name: outcome_of_code
-- What came of a code; null while that is not known.
SELECT outcome FROM consents WHERE code_digest = $1
