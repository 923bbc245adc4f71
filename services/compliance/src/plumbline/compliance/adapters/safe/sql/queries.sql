-- name: connection_key
-- A connection's key of one use, wrapped.
SELECT wrapped FROM safe_keys WHERE connection = $1 AND use = $2

-- name: keep_connection_key
-- Keep a new key, unless another replica was first.
INSERT INTO safe_keys (connection, use, wrapped) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING

-- name: connection_keys_to_rewrap
-- Keys of connections that the newest version does not wrap.
SELECT wrapped FROM safe_keys WHERE NOT starts_with(wrapped, $1) AND use = ANY ($3::text[]) LIMIT $2

-- name: rewrap_connection_keys
-- Keep the same key, wrapped anew.
UPDATE safe_keys SET wrapped = $2 WHERE wrapped = $1

-- name: papers_to_rewrap
-- Data keys of papers that the newest version does not wrap.
SELECT wrapped FROM safe_papers WHERE wrapped IS NOT NULL AND NOT starts_with(wrapped, $1) LIMIT $2

-- name: rewrap_papers
-- Keep the same data key, wrapped anew; one that was destroyed meanwhile stays destroyed.
UPDATE safe_papers SET wrapped = $2 WHERE wrapped = $1

-- name: tax_numbers_to_rewrap
-- Data keys of tax numbers that the newest version does not wrap.
SELECT wrapped FROM safe_tax_numbers WHERE NOT starts_with(wrapped, $1) LIMIT $2

-- name: rewrap_tax_numbers
-- Keep the same data key, wrapped anew.
UPDATE safe_tax_numbers SET wrapped = $2 WHERE wrapped = $1

-- name: paper
-- One paper, destroyed or not.
SELECT * FROM safe_papers WHERE connection = $1 AND document = $2

-- name: lock_paper
-- One paper, and whoever else would change it waits.
SELECT * FROM safe_papers WHERE connection = $1 AND document = $2 FOR UPDATE

-- name: add_paper
-- A paper whose object was stored. One that was destroyed comes to life again with its new key; one that is there stays.
INSERT INTO safe_papers (connection, document, key_id, wrapped, size_bytes, kind, company_id, project_id, project,
                         project_state, vendor, period, file_name, media_type, stored_at, quarantine)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (connection, document) DO UPDATE
SET key_id = excluded.key_id, wrapped = excluded.wrapped, kind = excluded.kind, company_id = excluded.company_id,
    project_id = excluded.project_id, project = excluded.project, project_state = excluded.project_state,
    vendor = excluded.vendor, period = excluded.period, file_name = excluded.file_name,
    media_type = excluded.media_type, stored_at = excluded.stored_at, quarantine = excluded.quarantine,
    destroyed_at = NULL, checked_at = NULL, spoiled_at = NULL
WHERE safe_papers.destroyed_at IS NOT NULL
RETURNING document

-- name: mend_paper
-- A spoiled paper that was stored once more, under another key.
UPDATE safe_papers SET key_id = $3, wrapped = $4, spoiled_at = NULL, checked_at = NULL
WHERE connection = $1 AND document = $2 AND spoiled_at IS NOT NULL

-- name: tell_spoiled
-- Keep since when a paper's object is not what was put there, unless it has another object by now.
UPDATE safe_papers SET spoiled_at = coalesce(spoiled_at, $3) WHERE key_id = $1 AND document = $2 AND wrapped IS NOT NULL

-- name: describe_paper
-- Say anew what a paper is about.
UPDATE safe_papers
SET kind = $3, company_id = $4, project_id = $5, project = $6, project_state = $7, vendor = $8, period = $9,
    file_name = $10, media_type = $11
WHERE connection = $1 AND document = $2 AND destroyed_at IS NULL
RETURNING document

-- name: leave_places
-- Take a paper out of its folders.
DELETE FROM safe_places WHERE connection = $1 AND document = $2

-- name: enter_places
-- Put a paper into folders.
INSERT INTO safe_places (connection, document, name, folder)
SELECT $1, $2, $3, folder FROM unnest($4::text[]) AS folder

-- name: set_quarantine
-- Put a paper into quarantine, or let it out.
UPDATE safe_papers SET quarantine = $3 WHERE connection = $1 AND document = $2

-- name: set_hold
-- Put a paper under a legal hold, or lift it.
UPDATE safe_papers SET hold = $3 WHERE connection = $1 AND document = $2

-- name: destroy_paper
-- Forget a paper's key: no copy of it opens any more. Its name goes too, for names tell of people.
UPDATE safe_papers
SET wrapped = NULL, destroyed_at = $3, vendor = '', file_name = '', spoiled_at = NULL
WHERE connection = $1 AND document = $2

-- name: destroy_tax_number
-- Forget the number that was kept from a paper.
DELETE FROM safe_tax_numbers WHERE connection = $1 AND document = $2

-- name: complete_project
-- Keep the day on which a project was completed.
INSERT INTO safe_completions (connection, project_id, completed_on) VALUES ($1, $2, $3)
ON CONFLICT (connection, project_id) DO UPDATE SET completed_on = excluded.completed_on

-- name: log_access
-- Write down who touches a paper and why.
INSERT INTO safe_accesses (at, connection, document, action, who, why) VALUES ($1, $2, $3, $4, $5, $6)

-- name: accesses
-- Who touched a paper, the newest first.
SELECT at, action, who, why FROM safe_accesses WHERE connection = $1 AND document = $2 ORDER BY id DESC LIMIT $3

-- name: vendors_of_number
-- Whose number this is.
SELECT DISTINCT vendor FROM safe_tax_numbers WHERE connection = $1 AND lookup = $2 ORDER BY vendor

-- name: keep_tax_number
-- Keep a W-9's number; read again from the same paper, it takes the place of what was read before.
INSERT INTO safe_tax_numbers (connection, document, vendor, lookup, last_four, wrapped, sealed, kept_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (connection, document) DO UPDATE
SET vendor = excluded.vendor, lookup = excluded.lookup, last_four = excluded.last_four, wrapped = excluded.wrapped,
    sealed = excluded.sealed, kept_at = excluded.kept_at

-- name: tax_number
-- The sealed number of a W-9.
SELECT vendor, wrapped, sealed FROM safe_tax_numbers WHERE connection = $1 AND document = $2
