-- name: know_connections
-- Make sure that the connections of a batch of marks have their row.
INSERT INTO connections (connection) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING

-- name: mark
-- Make rows due. A mark whose causes are all known already says nothing new and changes nothing.
INSERT INTO work AS w (key, connection, lane, due_at, unserved_since, deletion_seen, traceparent, causes)
SELECT m.key, m.connection, m.lane, m.due_at, m.provider_time, m.deletion_seen, m.traceparent,
       string_to_array(m.causes, E'\x1f')
FROM unnest($1::text[], $2::text[], $3::smallint[], $4::timestamptz[], $5::timestamptz[], $6::boolean[],
            $7::text[], $8::text[])
     AS m (key, connection, lane, due_at, provider_time, deletion_seen, traceparent, causes)
ORDER BY m.key
ON CONFLICT (key) DO UPDATE SET
    generation = w.generation + 1,
    connection = excluded.connection,
    lane = CASE WHEN w.due_at IS NULL THEN excluded.lane ELSE least(w.lane, excluded.lane) END,
    due_at = least(w.due_at, greatest(excluded.due_at, w.worked_at + $9::interval)),
    unserved_since = least(w.unserved_since, excluded.unserved_since),
    deletion_seen = w.deletion_seen OR excluded.deletion_seen,
    traceparent = coalesce(excluded.traceparent, w.traceparent),
    causes = (w.causes || excluded.causes)[greatest(1, cardinality(w.causes || excluded.causes) - 19):],
    parked_at = NULL, rests = false
WHERE NOT w.causes @> excluded.causes
RETURNING key

-- name: notify
-- Wake every loop that listens, in this process and in others.
SELECT pg_notify(current_schema() || '_work', '')

-- name: claim
-- Lease due rows: the most urgent lane first, connections in turn, none beyond its limit. After a hold one row probes
-- whether the far side is well again, and holds its connection as long as its lease: replicas wake at the same moment,
-- and the one that comes second finds the row of the connection locked, or changed.
WITH busy AS (
    SELECT connection, count(*) AS n FROM work WHERE leased_until > clock_timestamp() GROUP BY connection
), probing AS (
    SELECT connection FROM connections WHERE held_until <= $1 FOR UPDATE SKIP LOCKED
), candidates AS (
    SELECT d.key, d.lane, d.due_at,
           row_number() OVER (PARTITION BY c.connection ORDER BY d.lane, d.due_at) AS place
    FROM connections c
    LEFT JOIN busy b USING (connection)
    LEFT JOIN probing p USING (connection)
    CROSS JOIN LATERAL (
        SELECT w.key, w.lane, w.due_at FROM work w
        WHERE w.connection = c.connection AND w.due_at <= $1 AND w.lane >= $5
          AND (w.leased_until IS NULL OR w.leased_until <= clock_timestamp())
        ORDER BY w.lane, w.due_at
        LIMIT CASE WHEN p.connection IS NULL THEN greatest(0, $3 - coalesce(b.n, 0)) ELSE 1 END
    ) d
    WHERE c.held_until IS NULL OR p.connection IS NOT NULL
), picked AS (
    SELECT w.key, w.connection FROM work w
    WHERE w.key IN (SELECT key FROM candidates ORDER BY lane, place, due_at LIMIT $2)
      AND w.due_at <= $1 AND (w.leased_until IS NULL OR w.leased_until <= clock_timestamp())
    FOR UPDATE SKIP LOCKED
), probed AS (
    UPDATE connections c SET held_until = $1::timestamptz + $4::interval
    FROM picked JOIN probing USING (connection) WHERE c.connection = picked.connection
    RETURNING c.connection, c.held_until
)
UPDATE work w SET
    fence = w.fence + 1,
    leased_until = clock_timestamp() + $4::interval,
    leased_by = $6,
    claimed_in = pg_current_snapshot(),
    serving_since = least(w.serving_since, w.unserved_since),
    unserved_since = NULL
FROM picked LEFT JOIN probed USING (connection) WHERE w.key = picked.key
RETURNING w.key, w.connection, w.lane, w.generation, w.fence, w.attempt, w.serving_since, w.deletion_seen,
          w.traceparent, w.causes, w.announced_code, w.announced_reason, probed.held_until AS probe_until

-- name: claim_held
-- Lease due rows of held connections, of the kinds of which something can be said without the far side.
WITH picked AS (
    SELECT w.key FROM connections c JOIN work w USING (connection)
    WHERE c.held_until > $1 AND w.due_at <= $1 AND w.lane >= $4 AND split_part(w.key, '/', 1) = ANY ($6::text[])
      AND (w.leased_until IS NULL OR w.leased_until <= clock_timestamp())
    ORDER BY w.lane, w.due_at LIMIT $2
    FOR UPDATE OF w SKIP LOCKED
)
UPDATE work w SET
    fence = w.fence + 1,
    leased_until = clock_timestamp() + $3::interval,
    leased_by = $5,
    claimed_in = pg_current_snapshot(),
    serving_since = least(w.serving_since, w.unserved_since),
    unserved_since = NULL
FROM picked WHERE w.key = picked.key
RETURNING w.key, w.connection, w.lane, w.generation, w.fence, w.attempt, w.serving_since, w.deletion_seen,
          w.traceparent, w.causes, w.announced_code, w.announced_reason, NULL::timestamptz AS probe_until

-- name: hold_fence
-- Lock the claimed row and renew its lease, if the claim still holds it.
-- One that was finished holds nothing: a commit whose answer was lost is not made twice.
UPDATE work SET leased_until = clock_timestamp() + $3::interval
WHERE key = $1 AND fence = $2 AND leased_by IS NOT NULL RETURNING true

-- name: finish_done
-- The row is served; marks that came meanwhile make it due again after the pause.
UPDATE work SET
    leased_until = NULL, leased_by = NULL, attempt = 0, worked_at = $4, serving_since = NULL,
    due_at = CASE WHEN generation = $3 THEN $5::timestamptz ELSE $4::timestamptz + $6::interval END,
    rests = generation = $3, waiting_for = NULL, announced_code = NULL, announced_reason = NULL, parked_at = NULL,
    parked_cents = NULL, resumes_on = NULL
WHERE key = $1 AND fence = $2 RETURNING true

-- name: finish_later
-- Try again later; news that came meanwhile is looked at at once.
UPDATE work SET
    leased_until = NULL, leased_by = NULL, worked_at = $4, attempt = attempt + $7,
    due_at = CASE WHEN generation = $3 THEN $5::timestamptz ELSE $4::timestamptz + $6::interval END,
    rests = false, waiting_for = $8
WHERE key = $1 AND fence = $2 RETURNING true

-- name: await_event
-- Wait out whoever makes the event happen now; true if it happened and the claim could not see it.
-- (An id beyond the present one comes from the server that a dump was taken of.)
INSERT INTO happenings AS h (event) VALUES ($1)
ON CONFLICT (event) DO UPDATE SET event = excluded.event
RETURNING coalesce(NOT pg_visible_in_snapshot(h.happened_in, (SELECT claimed_in FROM work WHERE key = $2))
                   AND h.happened_in <= pg_current_xact_id(), false)

-- name: happen
-- Remember that an event happens in this transaction; rows about to park for it wait for the commit.
INSERT INTO happenings (event, happened_in) VALUES ($1, pg_current_xact_id())
ON CONFLICT (event) DO UPDATE SET happened_in = excluded.happened_in

-- name: finish_parked
-- A person must act, unless news came meanwhile: then that is tried first.
UPDATE work SET
    leased_until = NULL, leased_by = NULL, worked_at = $4, attempt = 0, waiting_for = NULL, rests = false,
    due_at = CASE WHEN generation = $3 AND NOT $10 THEN NULL ELSE $4::timestamptz + $5::interval END,
    parked_at = CASE WHEN generation = $3 AND NOT $10 THEN $4::timestamptz END,
    announced_code = $6, announced_reason = $7, parked_cents = $8, resumes_on = $9
WHERE key = $1 AND fence = $2 RETURNING true

-- name: hold_connection
-- Nothing of this connection is claimed before the given time.
INSERT INTO connections AS c (connection, held_until, held_why) VALUES ($1, $2, $3)
ON CONFLICT (connection) DO UPDATE SET
    held_until = greatest(c.held_until, excluded.held_until), held_why = excluded.held_why

-- name: end_probe
-- A probe has ended: the next one may come at the given time, or, if none is given, the connection is worked as ever.
-- A hold that came meanwhile stays.
UPDATE connections SET held_until = $3 WHERE connection = $1 AND held_until = $2

-- name: spend_retry
-- Take one retry from the connection's budget and return when the budget allows the next.
INSERT INTO connections AS c (connection, retry_budget_at) VALUES ($1, $2::timestamptz + $3::interval)
ON CONFLICT (connection) DO UPDATE SET
    retry_budget_at = greatest(c.retry_budget_at, $2::timestamptz) + $3::interval
RETURNING retry_budget_at

-- name: next_due
-- When, after the given time, the next row falls due or the next hold ends; null if neither. A row that
-- is due already and was not claimed is beyond its connection's limit: the end of other work wakes for it.
SELECT least(
    (SELECT min(held_until) FROM connections WHERE held_until > $1),
    (SELECT min(d.due_at)
     FROM connections c
     CROSS JOIN generate_series(0, 2) AS l (lane)
     CROSS JOIN LATERAL (
         SELECT w.due_at FROM work w
         WHERE w.connection = c.connection AND w.lane = l.lane AND w.due_at > $1
         ORDER BY w.due_at LIMIT 1
     ) d)
)

-- name: release_former_life
-- Free what this replica held before it died.
UPDATE work SET leased_until = NULL, leased_by = NULL, fence = fence + 1 WHERE leased_by = $1 RETURNING key

-- name: resume
-- Make parked rows due: those of the given keys, or those that wait for the given event.
UPDATE work SET
    parked_at = NULL, due_at = $3, generation = generation + 1,
    causes = (causes || $4::text)[greatest(1, cardinality(causes) - 18):]
WHERE parked_at IS NOT NULL AND (key = ANY ($1::text[]) OR resumes_on = $2)
RETURNING key

-- name: parked
-- Everything that waits for a person, oldest first.
SELECT key, connection, announced_code AS code, announced_reason AS reason, parked_cents AS amount_cents,
       resumes_on, parked_at
FROM work WHERE parked_at IS NOT NULL ORDER BY parked_at, key LIMIT $1

-- name: describe
-- One row as operators see it.
SELECT key, connection, lane, due_at, generation, attempt, leased_until, leased_by, worked_at, deletion_seen,
       causes, waiting_for, announced_code, announced_reason, parked_at, resumes_on
FROM work WHERE key = $1

-- name: find
-- Keys that end in, or contain, what a person typed.
SELECT key FROM work WHERE strpos(key, $1) > 0 ORDER BY key LIMIT 20

-- name: totals
-- What there is to do, per connection.
SELECT c.connection, c.held_until, c.held_why,
       count(w.key) FILTER (WHERE w.due_at IS NOT NULL AND NOT w.rests) AS unfinished,
       count(w.key) FILTER (WHERE w.parked_at IS NOT NULL) AS parked,
       count(w.key) FILTER (WHERE w.leased_until > clock_timestamp()) AS in_work,
       min(w.due_at) AS oldest_due_at
FROM connections c LEFT JOIN work w USING (connection)
GROUP BY c.connection ORDER BY c.connection

-- name: backlog
-- What waits and for how long, per connection. Reads rows that will be worked, none that are idle or parked.
SELECT c.connection, coalesce(c.held_until > $1, false)::int AS held,
       count(w.key) FILTER (WHERE w.due_at <= $1) AS due,
       count(w.key) FILTER (WHERE w.attempt > 0) AS failing,
       min(w.due_at) AS due_since,
       min(least(w.serving_since, w.unserved_since)) AS unserved_since
FROM connections c LEFT JOIN work w ON w.connection = c.connection AND w.due_at IS NOT NULL
GROUP BY c.connection

-- name: parked_totals
-- How many records wait for a person, and how much money, by connection and reason.
SELECT connection, announced_code AS code, count(*) AS records, coalesce(sum(parked_cents), 0)::bigint AS cents
FROM work WHERE parked_at IS NOT NULL GROUP BY connection, announced_code
