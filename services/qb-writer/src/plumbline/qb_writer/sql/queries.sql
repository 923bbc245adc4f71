-- name: receive
-- Keep newer commands; older and repeated ones change nothing. Says what was there before.
INSERT INTO records AS r (key, realm, name, connection, source, kind, version, content_hash, desired, needs, why,
                          provider_time, partner_ms, received_at, known_since)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
ON CONFLICT (key) DO UPDATE SET
    connection = excluded.connection, version = excluded.version, content_hash = excluded.content_hash, desired = excluded.desired,
    needs = excluded.needs, why = excluded.why, source = excluded.source,
    provider_time = excluded.provider_time, partner_ms = excluded.partner_ms, received_at = excluded.received_at
WHERE r.version < excluded.version
RETURNING r.version

-- name: stored_hash
-- The hash kept for a version, to find two different wishes under one version.
SELECT content_hash FROM records WHERE key = $1 AND version = $2

-- name: load
-- A record with its open write, if there is one.
SELECT r.*, w.number AS write_number, w.incarnation AS write_incarnation, w.operation, w.request_id, w.body, w.content,
       w.file_sha256, w.file_bytes, w.document_id, w.document_number AS write_document_number, w.send_to, w.mailed_before, w.opened_at, w.sent_at, w.tries, w.outcome
FROM records r LEFT JOIN writes w ON w.key = r.key AND w.fate = 'open'
WHERE r.key = $1

-- name: keep
-- What was observed and told of a record.
UPDATE records SET quickbooks_id = $2, sync_token = $3, document_number = $4, incarnation = $5, applied = $6,
    applied_hash = $7, total_cents = $8, balance_cents = $9, mailed = $10, voided = $11, deleted = $12, writes = $13,
    confirmed_at = $14, told_version = $15, told_state = $16, partner_ms = $17, looked = $18,
    removed = $19, linked = $20, mails_done = $21
WHERE key = $1

-- name: open_write
-- A new write, or a further try of the open one. One record has one open write at most.
INSERT INTO writes AS w (key, number, incarnation, operation, request_id, body, content, file_sha256, file_bytes,
                         document_id, document_number, send_to, mailed_before, opened_at, sent_at, tries, fate, outcome)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 'open', $17)
ON CONFLICT (key, number) DO UPDATE SET sent_at = excluded.sent_at, tries = excluded.tries, outcome = excluded.outcome
WHERE w.fate = 'open'
RETURNING true

-- name: ask_for_mail
-- A person wants the document mailed once more.
UPDATE records SET mails_asked = mails_done + 1 WHERE key = $1

-- name: close_write
-- The end of a write; a write that has ended is not changed again.
UPDATE writes SET fate = $3, outcome = $4, closed_at = $5 WHERE key = $1 AND number = $2 AND fate = 'open'
RETURNING true

-- name: allotted_number
-- The number that an incarnation has already.
SELECT number FROM numbers WHERE key = $1 AND incarnation = $2

-- name: free_number
-- An incarnation that no document was made of wants another number.
DELETE FROM numbers WHERE key = $1 AND incarnation = $2

-- name: allot_number
-- Take a number, unless another incarnation in the realm has it in the same space.
INSERT INTO numbers (realm, space, lower_number, number, key, incarnation) VALUES ($1, $2, lower($3), $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING number

-- name: concerned
-- Records of the realm that need this one, and those of the documents whose balances it has moved.
SELECT key, quickbooks_id IS NOT NULL AND quickbooks_id = ANY ($3::text[]) AS is_moved
FROM records WHERE realm = $1 AND (needs @> ARRAY[$2::text] OR quickbooks_id = ANY ($3::text[])) ORDER BY key

-- name: owners
-- Which records own the documents of a list of events, and which place in the list is theirs; kinds are called like
-- entities. What was seen before is no news: that a document was made whose id is known, that it was ended or mailed.
-- Nor is what a reading has told of; the changes that it found carry their time in whole seconds.
SELECT e.place - 1 AS place, r.key, r.connection
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
     WITH ORDINALITY AS e (realm, entity, id, operation, occurred_at, place)
JOIN records r ON r.realm = e.realm AND r.quickbooks_id = e.id AND replace(r.kind, '-', '') = e.entity
WHERE NOT (e.operation = 'create' OR e.operation = 'emailed' AND r.mailed OR e.operation = 'void' AND r.voided
           OR e.operation = 'delete' AND r.deleted
           OR coalesce(date_trunc('second', e.occurred_at) <= r.heard_until, false))

-- name: hear
-- The documents of these records may have changed, as QuickBooks tells or as a payment of ours has brought about.
UPDATE records SET heard = heard + 1 WHERE key = ANY ($1::text[])

-- name: hear_until
-- A reading tells of every change to the documents of these records up to these times.
UPDATE records r SET heard = r.heard + 1, heard_until = greatest(r.heard_until, h.changed_at)
FROM unnest($1::text[], $2::timestamptz[]) AS h (key, changed_at) WHERE r.key = h.key

-- name: hold
-- Keep documents as they were read, unless they are known newer, or to be deleted. The same version refreshes.
INSERT INTO documents AS d (realm, entity, quickbooks_id, sync_token, number, party, note, dated_on, total_cents,
                            balance_cents, is_deleted, changed_at, seen_at, body)
SELECT n.realm, n.entity, n.quickbooks_id, n.sync_token, n.number, n.party, n.note, n.dated_on, n.total_cents,
       n.balance_cents, false, n.changed_at, now(), n.body
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::date[],
            $9::bigint[], $10::bigint[], $11::timestamptz[], $12::text[])
     AS n (realm, entity, quickbooks_id, sync_token, number, party, note, dated_on, total_cents, balance_cents,
           changed_at, body)
ON CONFLICT (realm, entity, quickbooks_id) DO UPDATE SET
    sync_token = excluded.sync_token, number = excluded.number, party = excluded.party, note = excluded.note,
    dated_on = excluded.dated_on, total_cents = excluded.total_cents, balance_cents = excluded.balance_cents,
    changed_at = excluded.changed_at, seen_at = excluded.seen_at, body = excluded.body
WHERE NOT d.is_deleted AND excluded.sync_token >= d.sync_token

-- name: hold_deleted
-- Note that documents were deleted; what they said last is kept.
INSERT INTO documents AS d (realm, entity, quickbooks_id, is_deleted, changed_at, seen_at)
SELECT n.realm, n.entity, n.quickbooks_id, true, n.changed_at, now()
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS n (realm, entity, quickbooks_id, changed_at)
ON CONFLICT (realm, entity, quickbooks_id) DO UPDATE SET
    is_deleted = true, changed_at = coalesce(excluded.changed_at, d.changed_at), seen_at = excluded.seen_at

-- name: held_news
-- Which of a list of documents are not known to their records as they are, by the places in the list. An echo of a
-- write of ours is known already.
SELECT h.place - 1 AS place, r.key, r.connection
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::boolean[])
     WITH ORDINALITY AS h (realm, kind, id, sync_token, is_deleted, place)
JOIN records r ON r.realm = h.realm AND r.quickbooks_id = h.id AND r.kind = h.kind
WHERE NOT r.deleted AND (h.is_deleted AND r.removed IS DISTINCT FROM 'deleted' OR h.sync_token > r.sync_token::bigint)

-- name: unseen
-- Documents that are held, and were not seen since a moment.
SELECT quickbooks_id FROM documents
WHERE realm = $1 AND entity = $2 AND NOT is_deleted AND seen_at < $3 ORDER BY seen_at, quickbooks_id LIMIT $4

-- name: horizon
-- How far a realm was read.
SELECT * FROM horizons WHERE realm = $1

-- name: keep_horizon
-- How far a realm was read, and how far the reading under way has come.
INSERT INTO horizons (realm, complete_since, watermark, reading, read_after, reading_from, reading_began_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (realm) DO UPDATE SET
    complete_since = excluded.complete_since, watermark = excluded.watermark, reading = excluded.reading,
    read_after = excluded.read_after, reading_from = excluded.reading_from,
    reading_began_at = excluded.reading_began_at

-- name: database_time
-- The database's clock.
SELECT clock_timestamp()

-- name: writes_of
-- Every write of a record, in order.
SELECT number, incarnation, operation, request_id, document_number, document_id, opened_at, sent_at, tries, fate, outcome,
       closed_at
FROM writes WHERE key = $1 ORDER BY number

-- name: know_realm
-- A realm whose turns have not been counted yet: its next one is free.
INSERT INTO governor (realm, turn_at) VALUES ($1, 'epoch') ON CONFLICT DO NOTHING

-- name: take_turn
-- Take the realm's next turn, count its reads, and say how long to wait for it, by the database's clock. After a refusal
-- the pace regains $4 turns a minute in each length of its wait, up to $3. A lower lane ($5) gets a turn that begins at once, or one
-- that comes a whole queue ($2) after the last of a lower lane, even where the queue is full. No row: no turn.
WITH held AS (
    SELECT * FROM governor WHERE realm = $1 FOR UPDATE
), seen AS (
    SELECT *, clock_timestamp() AS now, date_trunc('month', now() AT TIME ZONE 'UTC')::date AS this_month FROM held
), next AS (
    SELECT *, greatest(closed_until, turn_at) AS free_at, interval '1 minute' / least($3::float8,
        pace + $4::float8 * extract(epoch FROM now - closed_until) / extract(epoch FROM closed_for)) AS turn
    FROM seen
)
UPDATE governor g SET
    turn_at = greatest(n.now, n.free_at) + n.turn,
    lower_at = CASE WHEN $5 THEN greatest(n.now, n.free_at) ELSE n.lower_at END,
    month = n.this_month,
    reads = $6 + CASE WHEN n.month = n.this_month THEN n.reads ELSE 0 END
FROM next n
WHERE g.realm = n.realm AND CASE
    WHEN $5::boolean AND n.free_at > n.now THEN n.free_at BETWEEN n.lower_at + $2::interval AND n.now + 2 * $2::interval
    ELSE n.free_at <= n.now + $2::interval END
RETURNING greatest(interval '0', n.free_at - n.now) AS wait

-- name: slow_down
-- The realm refused for too many calls: none for so long, and then half the pace. A refusal that comes within the wait
-- after another one is of a call that was on its way.
WITH held AS (
    SELECT *, clock_timestamp() AS now FROM governor WHERE realm = $1 FOR UPDATE
)
UPDATE governor g SET
    closed_until = greatest(h.closed_until, h.now + $2::interval),
    closed_for = $2,
    pace = CASE WHEN h.closed_until > h.now THEN h.pace ELSE greatest($5::float8, least($3::float8, h.pace
        + $4::float8 * extract(epoch FROM h.now - h.closed_until) / extract(epoch FROM h.closed_for)) / 2) END
FROM held h WHERE g.realm = h.realm

-- name: is_closed
-- Whether the realm has asked to be left alone, and still does.
SELECT closed_until > clock_timestamp() FROM governor WHERE realm = $1

-- name: limits
-- At what pace each realm is called now, and what was read of it in this month.
SELECT realm, now() AS at, CASE WHEN month = date_trunc('month', now() AT TIME ZONE 'UTC')::date THEN reads ELSE 0 END AS reads,
       least($1::float8, pace + $2::float8 * extract(epoch FROM greatest(interval '0', now() - closed_until))
                                / extract(epoch FROM closed_for)) AS calls_per_min
FROM governor ORDER BY realm

-- name: beginning
-- When a connection went live, from which day on, and up to when its books had been read then.
SELECT from_day, since, read_to FROM beginnings WHERE connection = $1

-- name: begin
-- Let a connection go live, once.
INSERT INTO beginnings (connection, from_day, since, read_to) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING

-- name: numbered
-- What is held under any of some numbers.
SELECT * FROM documents
WHERE realm = $1 AND entity = $2 AND lower(number) = ANY ($3::text[]) AND NOT is_deleted ORDER BY quickbooks_id

-- name: alike
-- What is held for some customers or vendors, of some amounts.
SELECT * FROM documents
WHERE realm = $1 AND entity = $2 AND party = ANY ($3::text[]) AND total_cents = ANY ($4::bigint[]) AND NOT is_deleted
ORDER BY quickbooks_id

-- name: page_of_connection
-- The next records of a connection; what is open of their writes is left out.
SELECT r.*, NULL AS write_number FROM records r WHERE r.connection = $1 AND r.key > $2 ORDER BY r.key LIMIT $3

-- name: connections_of
-- Which of some keys are records', and their connections, in the order in which rows are locked.
SELECT key, connection FROM records WHERE key = ANY ($1::text[]) ORDER BY key

-- name: keys_of_connection
-- The keys of a connection's records.
SELECT key FROM records WHERE connection = $1 ORDER BY key
-- name: pairs
-- The next records of a realm, and those that they refer to; each with its open write, what a person was asked about
-- it, and its document as QuickBooks is known to hold it. One statement sees all of them at one moment.
WITH page AS (
    SELECT key, needs FROM records WHERE realm = $1 AND name > $2 ORDER BY name LIMIT $3
)
SELECT r.*, w.number AS write_number, w.incarnation AS write_incarnation, w.operation, w.request_id, w.body, w.content,
       w.file_sha256, w.file_bytes, w.document_id, w.document_number AS write_document_number, w.send_to, w.mailed_before, w.opened_at, w.sent_at, w.tries, w.outcome,
       k.parked_at, k.announced_code, k.announced_reason,
       d.quickbooks_id AS held_id, d.sync_token AS held_sync_token, d.is_deleted, d.changed_at, d.seen_at, d.body AS held_body,
       r.key IN (SELECT key FROM page) AS is_of_page
FROM records r
JOIN unnest($4::text[], $5::text[]) AS e (kind, entity) ON e.kind = r.kind
LEFT JOIN writes w ON w.key = r.key AND w.fate = 'open'
LEFT JOIN work k ON k.key = r.key
LEFT JOIN documents d ON d.realm = r.realm AND d.entity = e.entity AND d.quickbooks_id = r.quickbooks_id
WHERE r.key IN (SELECT key FROM page UNION ALL SELECT $1 || '/' || needed FROM page, unnest(page.needs) AS needed)
ORDER BY r.name

-- name: strays
-- The next documents of a realm that no record owns and that may be our affair: they carry our marker, or are of a kind
-- that people do not make beside ours, and not older than our beginning.
SELECT d.entity, d.quickbooks_id AS held_id, d.sync_token AS held_sync_token, d.is_deleted, d.changed_at, d.seen_at,
       d.body AS held_body, CASE WHEN NOT o.voided AND NOT o.deleted THEN o.quickbooks_id END AS rightful_id
FROM documents d
JOIN unnest($4::text[], $5::text[], $6::boolean[]) AS e (kind, entity, is_made_by_people) ON e.entity = d.entity
LEFT JOIN records o ON o.key = d.realm || '/' || substring(d.note FROM 'plumbline:(.+)#[0-9]+')
WHERE d.realm = $1 AND NOT d.is_deleted AND (d.entity, d.quickbooks_id) > ($2, $3)
  AND (d.note LIKE '%plumbline:%' OR (NOT e.is_made_by_people AND d.dated_on >= $7))
  AND NOT EXISTS (
      SELECT FROM records r WHERE r.realm = d.realm AND r.quickbooks_id = d.quickbooks_id AND r.kind = e.kind
  )
ORDER BY d.entity, d.quickbooks_id LIMIT $8

-- name: open_differences_of
-- What is open of these subjects.
SELECT * FROM differences WHERE realm = $1 AND subject = ANY ($2::text[]) AND closed_at IS NULL

-- name: keep_differences
-- Keep differences that were found; one that had closed is opened again.
INSERT INTO differences AS d (realm, connection, subject, code, cause, quickbooks_id, off_cents, stake_cents, sentence,
                              advice, since, opened_at, seen_at)
SELECT $1, $2, n.subject, n.code, n.cause, n.quickbooks_id, n.off_cents, n.stake_cents, n.sentence, n.advice, n.since,
       n.opened_at, $3
FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::text[], $11::text[],
            $12::timestamptz[], $13::timestamptz[])
     AS n (subject, code, cause, quickbooks_id, off_cents, stake_cents, sentence, advice, since, opened_at)
ON CONFLICT (realm, subject, code) DO UPDATE SET
    connection = excluded.connection, cause = excluded.cause, quickbooks_id = excluded.quickbooks_id,
    off_cents = excluded.off_cents, stake_cents = excluded.stake_cents, sentence = excluded.sentence,
    advice = excluded.advice, since = excluded.since, opened_at = excluded.opened_at, seen_at = excluded.seen_at,
    closed_at = NULL

-- name: still_open
-- What is open of these subjects stays so: nothing newer is known of them.
UPDATE differences SET seen_at = $3 WHERE realm = $1 AND subject = ANY ($2::text[]) AND closed_at IS NULL

-- name: close_differences
-- Close some of the differences that a comparison has not seen.
UPDATE differences SET closed_at = $3 WHERE (realm, subject, code) IN (
    SELECT realm, subject, code FROM differences WHERE realm = $1 AND seen_at < $2 AND closed_at IS NULL LIMIT $4
)
RETURNING *

-- name: keep_comparison
-- A comparison has come to its end.
INSERT INTO comparisons (realm, connection, began_at, ended_at, complete_since, live_from, records, documents)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (realm) DO UPDATE SET
    connection = excluded.connection, began_at = excluded.began_at, ended_at = excluded.ended_at,
    complete_since = excluded.complete_since, live_from = excluded.live_from, records = excluded.records,
    documents = excluded.documents

-- name: comparisons
-- When each realm was compared last.
SELECT * FROM comparisons ORDER BY connection

-- name: drift_totals
-- How much is open, by connection and code.
SELECT connection, code, count(*) AS differences, sum(stake_cents)::bigint AS stake_cents,
       sum(off_cents)::bigint AS off_cents, min(since) AS oldest_since
FROM differences WHERE closed_at IS NULL GROUP BY connection, code ORDER BY connection, code

-- name: open_differences
-- What is open, the most money first.
SELECT * FROM differences WHERE closed_at IS NULL AND ($1::text IS NULL OR connection = $1)
ORDER BY stake_cents DESC, since, realm, subject, code LIMIT $2
