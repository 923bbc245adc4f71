-- name: receive
-- Keep newer commands; older and repeated ones change nothing. Says what was there before.
INSERT INTO records AS r (key, realm, name, connection, source, kind, version, content_hash, desired, needs, why,
                          provider_time, partner_ms, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (key) DO UPDATE SET
    version = excluded.version, content_hash = excluded.content_hash, desired = excluded.desired,
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
       w.file_sha256, w.file_bytes, w.document_id, w.document_number AS write_document_number, w.send_to, w.opened_at, w.sent_at, w.tries, w.outcome
FROM records r LEFT JOIN writes w ON w.key = r.key AND w.fate = 'open'
WHERE r.key = $1

-- name: keep
-- What was observed and told of a record.
UPDATE records SET quickbooks_id = $2, sync_token = $3, document_number = $4, incarnation = $5, applied = $6,
    applied_hash = $7, total_cents = $8, balance_cents = $9, mailed = $10, voided = $11, deleted = $12, writes = $13,
    confirmed_at = $14, told_version = $15, told_state = $16, partner_ms = $17, looked = $18
WHERE key = $1

-- name: open_write
-- A new write, or a further try of the open one. One record has one open write at most.
INSERT INTO writes AS w (key, number, incarnation, operation, request_id, body, content, file_sha256, file_bytes,
                         document_id, document_number, send_to, opened_at, sent_at, tries, fate, outcome)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'open', $16)
ON CONFLICT (key, number) DO UPDATE SET sent_at = excluded.sent_at, tries = excluded.tries, outcome = excluded.outcome
WHERE w.fate = 'open'
RETURNING true

-- name: close_write
-- The end of a write; a write that has ended is not changed again.
UPDATE writes SET fate = $3, outcome = $4, closed_at = $5 WHERE key = $1 AND number = $2 AND fate = 'open'
RETURNING true

-- name: allotted_number
-- The number that an incarnation has already.
SELECT number FROM numbers WHERE key = $1 AND incarnation = $2

-- name: allot_number
-- Take a number, unless another incarnation in the realm has it in the same space.
INSERT INTO numbers (realm, space, lower_number, number, key, incarnation) VALUES ($1, $2, lower($3), $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING number

-- name: concerned
-- Records of the realm that need this one, and those of the documents whose balances it has moved.
SELECT key FROM records WHERE realm = $1 AND (needs @> ARRAY[$2::text] OR quickbooks_id = ANY ($3::text[])) ORDER BY key

-- name: owners
-- Which records own the documents of a list of events, and which place in the list is theirs; kinds are called like
-- entities. What was seen before is no news: that a document was made whose id is known, that it was ended or mailed.
SELECT e.place - 1 AS place, r.key, r.connection
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS e (realm, entity, id, operation, place)
JOIN records r ON r.realm = e.realm AND r.quickbooks_id = e.id AND replace(r.kind, '-', '') = e.entity
WHERE NOT (e.operation = 'create' OR e.operation = 'emailed' AND r.mailed OR e.operation = 'void' AND r.voided
           OR e.operation = 'delete' AND r.deleted)

-- name: hear
-- QuickBooks told of a change to the documents of these records.
UPDATE records SET heard = heard + 1 WHERE key = ANY ($1::text[])

-- name: writes_of
-- Every write of a record, in order.
SELECT number, incarnation, operation, request_id, document_number, document_id, opened_at, sent_at, tries, fate, outcome,
       closed_at
FROM writes WHERE key = $1 ORDER BY number

-- name: know_realm
-- A realm whose turns have not been counted yet: its next one is free.
INSERT INTO governor (realm, turn_at) VALUES ($1, '-infinity') ON CONFLICT DO NOTHING

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
