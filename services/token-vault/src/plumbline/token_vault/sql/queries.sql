-- name: note_refusal
-- Remember the newest refused version of an account; true if it is news. A later report of it changes nothing.
-- After a day no token of it lives any more: a lower number then is of a secret store that was restored.
INSERT INTO refusals AS r (account, version, noted_at) VALUES ($1, $2, $3)
ON CONFLICT (account) DO UPDATE SET version = excluded.version, noted_at = excluded.noted_at, was_good = false
WHERE excluded.version > r.version OR excluded.noted_at > r.noted_at + interval '1 day' RETURNING true

-- name: note_good
-- Remember that the refused version was taken by the partner before; whoever refused it first may not have known.
UPDATE refusals SET was_good = true WHERE account = $1 AND version = $2

-- name: newest_refusal
-- The newest refused version of an account.
SELECT version, noted_at, was_good FROM refusals WHERE account = $1

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

-- name: ask_rotation
-- Note that a person wants a credential rotated; the request that is open now: an earlier one, unless this one
-- supersedes it because it brings a value.
INSERT INTO rotations AS r (name, request, version) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET
    request = CASE WHEN r.outcome IS NULL AND NOT $4 THEN r.request ELSE excluded.request END,
    version = CASE WHEN r.outcome IS NULL AND NOT $4 THEN r.version ELSE excluded.version END,
    outcome = NULL, detail = ''
RETURNING request

-- name: rotation
-- The newest request to rotate a credential.
SELECT request, version, outcome, detail FROM rotations WHERE name = $1

-- name: end_rotation
-- Note what became of a request.
UPDATE rotations SET outcome = $3, detail = $4 WHERE name = $1 AND request = $2 AND outcome IS NULL

-- name: told
-- What people were told last of a credential.
SELECT version, reminded_days FROM told WHERE name = $1

-- name: keep_told
-- Remember what they were told.
INSERT INTO told (name, version, reminded_days) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET version = excluded.version, reminded_days = excluded.reminded_days

-- name: keep_reports
-- Keep reports, the newest of each reporter and credential.
INSERT INTO reports AS r (credential, reporter, says, version, trouble)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[])
ON CONFLICT (credential, reporter, says) DO UPDATE SET
    version = excluded.version, trouble = excluded.trouble, heard_at = excluded.heard_at

-- name: reports
-- What was reported of a credential, and how long ago that was heard.
SELECT reporter, says, version, trouble, extract(epoch FROM clock_timestamp() - heard_at)::float8 AS age_s
FROM reports WHERE credential = $1 ORDER BY reporter, says

-- name: forget_reports
-- Forget replicas that have been silent for days.
DELETE FROM reports WHERE says = 'accepts' AND heard_at < clock_timestamp() - interval '7 days'
