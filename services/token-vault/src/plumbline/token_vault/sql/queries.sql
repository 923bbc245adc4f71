-- name: note_refusal
-- Remember the newest refused version of an account; true if it is news. A later report of it changes nothing.
-- After a day no token of it lives any more: a lower number then is of a secret store that was restored.
INSERT INTO refusals AS r (account, version, noted_at) VALUES ($1, $2, $3)
ON CONFLICT (account) DO UPDATE SET version = excluded.version, noted_at = excluded.noted_at
WHERE excluded.version > r.version OR excluded.noted_at > r.noted_at + interval '1 day' RETURNING true

-- name: newest_refusal
-- The newest refused version of an account.
SELECT version, noted_at FROM refusals WHERE account = $1

-- name: known
-- What the world was told last of an account.
SELECT state, version, reminded_days FROM notices WHERE account = $1

-- name: remember
-- Remember what it was told.
INSERT INTO notices (account, state, version, reminded_days) VALUES ($1, $2, $3, $4)
ON CONFLICT (account) DO UPDATE SET
    state = excluded.state, version = excluded.version, reminded_days = excluded.reminded_days

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
