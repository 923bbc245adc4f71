-- name: receive
-- Keep a paper, unless the very same one is there already; its version if it is new. One that was destroyed begins anew.
INSERT INTO documents (connection, document, source, source_record, file_name, company_id, project_id, vendor_id,
                       payable, received_at, state, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'received', $10)
ON CONFLICT (connection, document) DO UPDATE
SET source = excluded.source, source_record = excluded.source_record, file_name = excluded.file_name,
    company_id = excluded.company_id, project_id = excluded.project_id, vendor_id = excluded.vendor_id,
    payable = excluded.payable, received_at = excluded.received_at, state = 'received', scanned_by = NULL, kind = NULL, superseded_by = NULL,
    outlived = false, changed_at = excluded.changed_at
WHERE documents.state = 'destroyed'
RETURNING version

-- name: earlier
-- The paper that is there already.
SELECT source_record, file_name, received_at FROM documents WHERE connection = $1 AND document = $2

-- name: keep_finding
-- Remember what was found at a place, so that it is not fetched again. What is not given leaves what stood there before.
INSERT INTO findings (connection, source_record, fingerprint, document, refused_code, refused, found_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (connection, source_record) DO UPDATE SET
    fingerprint = excluded.fingerprint, refused_code = excluded.refused_code,
    refused = excluded.refused, found_at = excluded.found_at,
    document = CASE WHEN excluded.refused_code = 'not-given' THEN findings.document ELSE excluded.document END

-- name: found_before
-- The paper that was found at a place.
SELECT document FROM findings WHERE connection = $1 AND source_record = $2

-- name: missed
-- What was found on a shelf before and was not seen there now.
SELECT source_record, document FROM findings
WHERE connection = $1 AND shelf = $2 AND source_record <> ALL ($3::text[])

-- name: shelve
-- Remember on which shelf places were seen.
UPDATE findings SET shelf = $2 WHERE connection = $1 AND source_record = ANY ($3::text[]) AND shelf IS DISTINCT FROM $2

-- name: forget_findings
-- Nothing is found at these places any more; what is listed there again is fetched again.
DELETE FROM findings WHERE connection = $1 AND source_record = ANY ($2::text[])

-- name: withdraw_unlisted
-- Of these papers those are withdrawn that were found nowhere else.
UPDATE documents d SET withdrawn_at = $3
WHERE d.connection = $1 AND d.document = ANY ($2::text[]) AND d.withdrawn_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM findings f WHERE f.connection = $1 AND f.document = d.document)

-- name: count_again
-- The paper is listed again, or has come another way.
UPDATE documents SET withdrawn_at = NULL WHERE connection = $1 AND document = $2 AND withdrawn_at IS NOT NULL
RETURNING true

-- name: fingerprints
-- What is known of places below a prefix.
SELECT source_record, fingerprint FROM findings WHERE connection = $1 AND starts_with(source_record, $2)

-- name: looks
-- When the places below a prefix were looked through last.
SELECT place, version, looked_at, changed_at, is_awaited FROM looks WHERE connection = $1 AND starts_with(place, $2)

-- name: keep_look
-- Remember a look.
INSERT INTO looks (connection, place, version, looked_at, changed_at, is_awaited) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (connection, place) DO UPDATE SET
    version = excluded.version, looked_at = excluded.looked_at, changed_at = excluded.changed_at,
    is_awaited = excluded.is_awaited

-- name: forget_looks
-- Forget places that are no more.
DELETE FROM looks WHERE connection = $1 AND place = ANY ($2::text[])

-- name: refused
-- What was found and not taken, newest first.
SELECT connection, source_record, refused_code AS code, refused AS sentence, found_at FROM findings
WHERE refused_code IS NOT NULL AND ($1::text IS NULL OR connection = $1)
ORDER BY found_at DESC LIMIT $2

-- name: document
-- One paper.
SELECT * FROM documents WHERE connection = $1 AND document = $2

-- name: document_by_id
-- The paper of an id; keyed hashes of two connections never meet.
SELECT * FROM documents WHERE document = $1

-- name: reviews
-- What people said of a paper, in order.
SELECT review FROM reviews WHERE connection = $1 AND document = $2 ORDER BY number

-- name: keep_review
-- Keep what a person said, unless the paper was destroyed.
INSERT INTO reviews (connection, document, number, review)
SELECT $1, $2, coalesce(max(number), 0) + 1, $3 FROM reviews WHERE connection = $1 AND document = $2
HAVING NOT EXISTS (SELECT 1 FROM documents WHERE connection = $1 AND document = $2 AND state = 'destroyed')

-- name: place_document
-- Keep what a person said about where a paper belongs; what is null stays.
UPDATE documents SET project_id = coalesce($3, project_id), vendor_id = coalesce($4, vendor_id),
    payable = coalesce($5, payable), company_id = coalesce($6, company_id)
WHERE connection = $1 AND document = $2

-- name: keep_document
-- Keep how far a paper is, unless it is another by now.
UPDATE documents SET
    state = $3, version = $4, scanned_by = $5, recognised = $6, problem_code = $7, problem = $8, decisions = $9,
    rule_set = $10, inputs = $11, kind = $12, subject = $13, tags = $14, held = $15, expires_on = $16,
    superseded_by = $17, changed_at = $18, checked_against = $19, fingerprint = $20, near_duplicate_of = $21
WHERE connection = $1 AND document = $2 AND version = $22
RETURNING true

-- name: keep_decision
-- Keep a decision with all it rests on.
INSERT INTO decisions (connection, document, version, decided_at, state, rule_set, inputs, facts, decisions)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (connection, document, version) DO NOTHING

-- name: decisions_of
-- Every decision about a paper whose facts were not erased, in order.
SELECT version, decided_at, state, rule_set, inputs, facts, decisions FROM decisions
WHERE connection = $1 AND document = $2 AND facts <> '' ORDER BY version

-- name: older
-- The papers of the same kind, vendor and subject that came before this one.
SELECT connection, document FROM documents
WHERE connection = $1 AND document <> $2 AND kind = $3 AND vendor_id = $4 AND subject = $5
  AND (received_at, document) < ($6, $2) AND state <> 'quarantined'

-- name: newer_in_order
-- The newest paper of the same kind, vendor and subject that is in order and came after this one.
SELECT document FROM documents
WHERE connection = $1 AND document <> $2 AND kind = $3 AND vendor_id = $4 AND subject = $5
  AND (received_at, document) > ($6, $2) AND state = ANY ($7::text[])
ORDER BY received_at DESC, document DESC LIMIT 1

-- name: comparable
-- The newest papers of a vendor and kind, to be compared with another.
SELECT document, fingerprint, recognised FROM documents
WHERE connection = $1 AND document <> $2 AND vendor_id = $3 AND kind = $4 AND fingerprint <> ''
ORDER BY received_at DESC, document LIMIT 100

-- name: of_vendor
-- The papers of a vendor that count for whatever it bills: what is about one payable counts for that one alone. A
-- payroll is about its week, whichever invoice it came with.
SELECT * FROM documents
WHERE connection = $1 AND vendor_id = $2
    AND (payable IS NULL OR kind NOT LIKE 'lien\_waiver.%' AND kind NOT IN ('invoice', 'timesheet'))
ORDER BY received_at, document

-- name: of_payable
-- The papers that belong to a payable.
SELECT * FROM documents WHERE payable = $1 ORDER BY received_at, document

-- name: of_kind_in_order
-- A vendor's papers of a kind whose checks have passed, also those that have ended since.
SELECT * FROM documents
WHERE connection = $1 AND vendor_id = $2 AND kind = $3 AND (state = ANY ($4::text[]) OR state = 'expired')
  AND superseded_by IS NULL
ORDER BY received_at, document

-- name: living
-- The documents that news around them may change: all, or those of a project, or of a vendor.
SELECT connection, document FROM documents
WHERE state <> ALL ($1::text[]) AND ($2::text IS NULL OR connection = $2) AND ($3::text IS NULL OR project_id = $3)
  AND ($4::text IS NULL OR vendor_id = $4)

-- name: listed
-- Papers as a list shows them: of a state, a connection, newest first.
SELECT connection, document, file_name, kind, state, held, source, source_record, project_id, vendor_id, payable,
       received_at, expires_on, tags, problem_code, problem, decisions
FROM documents
WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR connection = $2) AND ($3::text IS NULL OR held = $3)
ORDER BY received_at DESC, document LIMIT $4

-- name: live_ticket
-- The errand of a paper that is not withdrawn.
SELECT * FROM tickets WHERE connection = $1 AND document = $2 AND withdrawn_at IS NULL

-- name: tickets_of
-- Every errand of a paper, in order.
SELECT * FROM tickets WHERE connection = $1 AND document = $2 ORDER BY issued_at, ticket

-- name: withdrawn_count
-- How many errands of a paper were withdrawn from a desk.
SELECT count(*) FROM tickets
WHERE connection = $1 AND document = $2 AND rule_set = $3 AND region = $4 AND trade = $5 AND desk = $6
  AND withdrawn_at IS NOT NULL

-- name: withdraw
-- Take an errand back.
UPDATE tickets SET withdrawn_at = $2 WHERE ticket = $1 AND withdrawn_at IS NULL

-- name: issue
-- Give a desk an errand.
INSERT INTO tickets (ticket, connection, document, region, trade, desk, sentence, rule_set, replaces, issued_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: documents_of_tickets
-- Whose errands tickets are.
SELECT ticket, connection, document FROM tickets WHERE ticket = ANY ($1::text[])

-- name: acknowledge
-- A desk has an errand; the first word counts.
UPDATE tickets SET acknowledged_at = $2, acknowledged_by = $3 WHERE ticket = $1 AND acknowledged_at IS NULL

-- name: keep_book
-- Keep a rule set for as long as decisions rest on it.
INSERT INTO rule_books (rule_set, book, first_used_at) VALUES ($1, $2, $3) ON CONFLICT (rule_set) DO NOTHING

-- name: book
-- A rule set by its hash.
SELECT book FROM rule_books WHERE rule_set = $1

-- name: decide_by
-- Papers are decided by this from now on; if it is something else, all of them are to be gone through.
INSERT INTO deciding (digest, through_connection, through_document) VALUES ($1, '', '')
ON CONFLICT (one) DO UPDATE SET digest = excluded.digest, through_connection = '', through_document = ''
WHERE deciding.digest <> excluded.digest

-- name: going_through
-- How far papers were gone through for these rules; waits for whoever goes on with that.
SELECT through_connection, through_document FROM deciding
WHERE digest = $1 AND through_document IS NOT NULL FOR UPDATE

-- name: next_living
-- The next documents that other rules may change.
SELECT connection, document FROM documents
WHERE state <> ALL ($1::text[]) AND (connection, document) > ($2, $3) ORDER BY connection, document LIMIT $4

-- name: gone_through
-- Papers were gone through as far as this; through all of them if it is null.
UPDATE deciding SET through_connection = $1, through_document = $2

-- name: deciding_now
-- By what papers are decided now.
SELECT digest FROM deciding

-- name: figures
-- How many papers there are, by connection and state, and how many desks have not answered since the given time.
SELECT connection, state, count(*) AS papers FROM documents GROUP BY connection, state

-- name: spoiled
-- How many papers, by connection, a reader or the scrub found to be something else than what was put into the store.
SELECT connection, count(*) AS papers FROM safe_papers
WHERE spoiled_at IS NOT NULL AND destroyed_at IS NULL GROUP BY connection

-- name: unanswered
-- How many errands, by connection, were given out before a time and are neither acknowledged nor withdrawn.
SELECT connection, count(*) AS tickets FROM tickets
WHERE withdrawn_at IS NULL AND acknowledged_at IS NULL AND issued_at < $1 GROUP BY connection

-- name: erase_document
-- Erase what a destroyed paper was called, and keep whether it was in order to the end.
UPDATE documents SET file_name = '', source_record = $3, outlived = $4 WHERE connection = $1 AND document = $2

-- name: erase_reviews
-- Erase what people said of a destroyed paper.
DELETE FROM reviews WHERE connection = $1 AND document = $2

-- name: erase_tickets
-- Erase why a destroyed paper went to its desks.
UPDATE tickets SET sentence = '' WHERE connection = $1 AND document = $2

-- name: erase_findings
-- Erase where a destroyed paper was found by name; places in Procore are ids, and stay, so that it is not fetched again.
DELETE FROM findings WHERE connection = $1 AND document = $2 AND NOT starts_with(source_record, 'procore/')

-- name: erase_causes
-- Erase why a destroyed paper was ever due, for that names places.
UPDATE work SET causes = ARRAY[$2::text], announced_reason = NULL, waiting_for = NULL WHERE key = $1

-- name: erase_decision
-- Keep of a decision about a destroyed paper what the rules came to, without what they say and rest on.
UPDATE decisions SET facts = '', decisions = $4 WHERE connection = $1 AND document = $2 AND version = $3

-- name: payables_quoting
-- What was told of payables that may quote a paper: its own, its vendor's, and any that names it.
SELECT v.said FROM payable_versions v JOIN payables p USING (payable)
WHERE p.connection = $1 AND (p.vendor_id = $2 OR p.payable = $3 OR strpos(v.said, $4) > 0)

-- name: erase_in_payable
-- Keep what was told last of a payable without what quotes a destroyed paper.
UPDATE payables SET said = $3 WHERE payable = $1 AND said = $2

-- name: erase_in_version
-- Keep what was told once of a payable without what quotes a destroyed paper.
UPDATE payable_versions SET said = $3 WHERE payable = $1 AND version = $2

-- name: documents_quoting
-- A vendor's papers of which the rules may say a number.
SELECT document, decisions FROM documents
WHERE connection = $1 AND vendor_id = $2 AND strpos(decisions, $3) > 0

-- name: erase_in_document
-- Keep what the rules say of a paper without what quotes a destroyed one.
UPDATE documents SET decisions = $4 WHERE connection = $1 AND document = $2 AND decisions = $3

-- name: decisions_quoting
-- Decisions about a vendor's papers that may rest on a number.
SELECT e.document, e.version, e.facts, e.decisions FROM decisions e JOIN documents d USING (connection, document)
WHERE d.connection = $1 AND d.vendor_id = $2 AND (strpos(e.facts, $3) > 0 OR strpos(e.decisions, $3) > 0)

-- name: erase_in_decision
-- Keep a decision without what quotes a destroyed paper.
UPDATE decisions SET facts = $4, decisions = $5 WHERE connection = $1 AND document = $2 AND version = $3

-- name: erase_number_in_tickets
-- Erase a number from what desks were told of a vendor's papers.
UPDATE tickets t SET sentence = replace(t.sentence, $3, '-')
FROM documents d
WHERE d.connection = t.connection AND d.document = t.document AND d.connection = $1 AND d.vendor_id = $2
  AND strpos(t.sentence, $3) > 0
