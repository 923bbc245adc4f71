-- name: connection_key
-- A connection's key of one use, wrapped.
SELECT wrapped FROM safe_keys WHERE connection = $1 AND use = $2

-- name: keep_connection_key
-- Keep a new key, unless another replica was first.
INSERT INTO safe_keys (connection, use, wrapped) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING

-- name: connection_keys_to_rewrap
-- Keys of connections that the newest version does not wrap.
SELECT connection, use AS name, wrapped FROM safe_keys
WHERE NOT starts_with(wrapped, $1) AND use = ANY ($3::text[]) LIMIT $2

-- name: rewrap_connection_keys
-- Keep the same key, wrapped anew.
UPDATE safe_keys SET wrapped = $4 WHERE connection = $1 AND use = $2 AND wrapped = $3

-- name: papers_to_rewrap
-- Data keys of papers that the newest version does not wrap.
SELECT connection, document AS name, wrapped FROM safe_papers
WHERE wrapped IS NOT NULL AND NOT starts_with(wrapped, $1) LIMIT $2

-- name: rewrap_papers
-- Keep the same data key, wrapped anew; one that was destroyed meanwhile stays destroyed.
UPDATE safe_papers SET wrapped = $4 WHERE connection = $1 AND document = $2 AND wrapped = $3

-- name: tax_numbers_to_rewrap
-- Data keys of tax numbers that the newest version does not wrap.
SELECT connection, document AS name, wrapped FROM safe_tax_numbers WHERE NOT starts_with(wrapped, $1) LIMIT $2

-- name: rewrap_tax_numbers
-- Keep the same data key, wrapped anew.
UPDATE safe_tax_numbers SET wrapped = $4 WHERE connection = $1 AND document = $2 AND wrapped = $3

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
    quarantined_by_person = false, destroyed_at = NULL, checked_at = NULL, spoiled_at = NULL
WHERE safe_papers.destroyed_at IS NOT NULL
RETURNING document

-- name: mend_paper
-- A spoiled paper that was stored once more, under another key.
UPDATE safe_papers SET key_id = $3, wrapped = $4, spoiled_at = NULL, checked_at = NULL
WHERE connection = $1 AND document = $2 AND spoiled_at IS NOT NULL
RETURNING document

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
-- A person puts a paper into quarantine, or lets it out.
UPDATE safe_papers SET quarantine = $3, quarantined_by_person = $3::text IS NOT NULL WHERE connection = $1 AND document = $2

-- name: set_scanned
-- A scan puts a paper into quarantine, or lets it out; a person's word stands above it.
UPDATE safe_papers SET quarantine = $3 WHERE connection = $1 AND document = $2 AND NOT quarantined_by_person

-- name: is_unrecognised
-- Whether a paper is on its way to be recognised: nobody knows yet whether it may be read.
SELECT EXISTS (
    SELECT 1 FROM documents WHERE connection = $1 AND document = $2 AND state IN ('received', 'scanned')
)

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

-- name: has_papers
-- Whether there are papers of a project.
SELECT EXISTS (SELECT 1 FROM safe_papers WHERE connection = $1 AND project_id = $2 AND destroyed_at IS NULL)

-- name: say_completed
-- Keep the day on which a project was completed, or that it was opened again; what is known already is kept once.
INSERT INTO safe_completions (connection, project_id, completed_on, said_at, said_by, why)
SELECT $1, $2, $3::date, $4, $5, $6
WHERE $3::date IS DISTINCT FROM (
    SELECT completed_on FROM safe_completions WHERE connection = $1 AND project_id = $2 ORDER BY id DESC LIMIT 1
)

-- name: projects
-- Every project of a connection that has papers, with what was said last of its completion.
SELECT p.project_id, max(p.project) AS project, count(*) AS papers, c.completed_on, c.said_at, c.said_by, c.why
FROM safe_papers p LEFT JOIN LATERAL (
    SELECT * FROM safe_completions s WHERE s.connection = p.connection AND s.project_id = p.project_id
    ORDER BY id DESC LIMIT 1
) c ON true
WHERE p.connection = $1 AND p.project_id IS NOT NULL AND p.destroyed_at IS NULL
GROUP BY p.project_id, c.completed_on, c.said_at, c.said_by, c.why ORDER BY p.project_id

-- name: log_access
-- Write down who touches a paper and why.
INSERT INTO safe_accesses (at, connection, document, action, who, why) VALUES ($1, $2, $3, $4, $5, $6)

-- name: accesses
-- Who touched a paper, the newest first.
SELECT at, action, who, why FROM safe_accesses WHERE connection = $1 AND document = $2 ORDER BY id DESC LIMIT $3

-- name: one_by_one
-- Let whoever else keeps this number wait, so that of two vendors the second hears of the first.
SELECT pg_advisory_xact_lock(hashtextextended($1 || encode($2, 'hex'), 0))

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

-- name: claim_round
-- Take a round that is due, before any other replica does: one that was done began by $3, one that was not by $4.
INSERT INTO safe_rounds (name, began_at, is_done) VALUES ($1, $2, false)
ON CONFLICT (name) DO UPDATE SET began_at = excluded.began_at, is_done = false
WHERE safe_rounds.began_at <= CASE WHEN safe_rounds.is_done THEN $3::timestamptz ELSE $4::timestamptz END
RETURNING began_at

-- name: end_round
-- Nothing happens if another replica took it meanwhile.
UPDATE safe_rounds SET is_done = true WHERE name = $1 AND began_at = $2

-- name: give_round_up
-- Whoever looks next takes it.
UPDATE safe_rounds SET began_at = '-infinity' WHERE name = $1 AND began_at = $2

-- name: kinds
-- The kinds of paper that there are.
SELECT DISTINCT kind FROM safe_papers WHERE destroyed_at IS NULL ORDER BY kind

-- name: due_after_received
-- Papers of a kind that came in on a day or before, and that nobody holds.
SELECT connection, document, project_id, (stored_at AT TIME ZONE 'UTC')::date AS counted_from FROM safe_papers
WHERE destroyed_at IS NULL AND hold IS NULL AND kind = $1 AND (stored_at AT TIME ZONE 'UTC')::date <= $2
  AND ($4::text IS NULL OR document = $4)
ORDER BY stored_at LIMIT $3

-- name: due_after_project_completed
-- Papers of a kind whose project was completed on a day or before, and that nobody holds.
SELECT p.connection, p.document, p.project_id, c.completed_on AS counted_from
FROM safe_papers p JOIN (
    SELECT DISTINCT ON (connection, project_id) connection, project_id, completed_on FROM safe_completions
    ORDER BY connection, project_id, id DESC
) c ON c.connection = p.connection AND c.project_id = p.project_id
WHERE p.destroyed_at IS NULL AND p.hold IS NULL AND p.kind = $1 AND c.completed_on <= $2
  AND ($4::text IS NULL OR p.document = $4)
ORDER BY p.stored_at LIMIT $3

-- name: longest_unchecked
-- The papers that were read by no scrub for the longest time, and those that were found spoiled: they may be restored by now.
(SELECT * FROM safe_papers WHERE destroyed_at IS NULL ORDER BY checked_at NULLS FIRST LIMIT $1)
UNION (SELECT * FROM safe_papers WHERE destroyed_at IS NULL AND spoiled_at IS NOT NULL ORDER BY checked_at LIMIT $2)

-- name: spoiled_papers
-- The papers of a connection whose object is not what was put there, those first that were found first.
SELECT document, kind, project, file_name, spoiled_at,
       format('papers/%s/%s/%s.%s', left(document, 2), substr(document, 3, 2), document, encode(key_id, 'hex')) AS object
FROM safe_papers WHERE connection = $1 AND spoiled_at IS NOT NULL AND destroyed_at IS NULL
ORDER BY spoiled_at, document LIMIT $2

-- name: tell_checked
-- Keep when a scrub read a paper; one that it found sound is spoiled no more.
UPDATE safe_papers SET checked_at = $2, spoiled_at = CASE WHEN $3 THEN NULL ELSE spoiled_at END WHERE key_id = $1

-- name: living_keys
-- Which of some data keys seal papers that are there.
SELECT key_id FROM safe_papers WHERE key_id = ANY ($1::bytea[]) AND destroyed_at IS NULL

-- name: make_link
-- Keep a new link.
INSERT INTO safe_links (id, connection, document, made_by, why, made_at, expires_at, uses_left)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: paper_of_link
-- Which paper a link leads to, and so whose key signed it.
SELECT connection, document FROM safe_links WHERE id = $1

-- name: use_link
-- Use a link once, if it may be.
UPDATE safe_links SET uses_left = uses_left - 1
WHERE id = $1 AND document = $2 AND uses_left > 0 AND expires_at > $3 AND revoked_at IS NULL
RETURNING made_by, why

-- name: revoke_links
-- Revoke what links there are to a paper.
UPDATE safe_links SET revoked_at = $3
WHERE connection = $1 AND document = $2 AND revoked_at IS NULL AND expires_at > $3 AND uses_left > 0
RETURNING id

-- name: make_view_password
-- Keep the digest of a new password.
INSERT INTO safe_view_passwords (digest, connection, who, why, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)

-- name: viewer
-- Whom a password lets in.
SELECT connection, who, why FROM safe_view_passwords
WHERE digest = $1 AND who = $2 AND expires_at > $3 AND revoked_at IS NULL

-- name: revoke_view_passwords
-- Revoke what passwords somebody has.
UPDATE safe_view_passwords SET revoked_at = $3
WHERE connection = $1 AND who = $2 AND revoked_at IS NULL AND expires_at > $3 RETURNING digest

-- name: subfolders
-- The names of the folders in a folder; the root is ''. What begins with `path/` is between `path/` and `path0`.
SELECT DISTINCT split_part(substr(folder, CASE $2 WHEN '' THEN 1 ELSE length($2) + 2 END), '/', 1) AS name
FROM safe_places
WHERE connection = $1 AND ($2 = '' OR (folder > $2 || '/' AND folder < $2 || '0'))
ORDER BY name LIMIT $3

-- name: papers_of_folder
-- The papers in a folder; of one that we made its version too, for its copies change with that.
SELECT s.name, p.*, d.version AS made_version FROM safe_places s JOIN safe_papers p USING (connection, document)
LEFT JOIN documents d ON d.connection = p.connection AND d.document = p.document AND d.source = 'made'
WHERE s.connection = $1 AND s.folder = $2 ORDER BY s.name LIMIT $3

-- name: paper_at
-- The paper of a name in a folder, as `papers_of_folder` has it.
SELECT s.name, p.*, d.version AS made_version FROM safe_places s JOIN safe_papers p USING (connection, document)
LEFT JOIN documents d ON d.connection = p.connection AND d.document = p.document AND d.source = 'made'
WHERE s.connection = $1 AND s.folder = $2 AND s.name = $3

-- name: made_paper
-- What a paper that we made is tagged with; nothing of a paper that was received.
SELECT d.version, d.kind, d.tags, t.ticket, t.region, t.trade
FROM documents d LEFT JOIN tickets t
    ON t.connection = d.connection AND t.document = d.document AND t.withdrawn_at IS NULL
WHERE d.connection = $1 AND d.document = $2 AND d.source = 'made'

-- name: name_installation
-- Name this installation, unless it has a name.
INSERT INTO safe_installation (name) VALUES ($1) ON CONFLICT DO NOTHING

-- name: installation
-- The name of this installation.
SELECT name FROM safe_installation
