-- name: last_look
-- What the last look at a subscription found.
SELECT key, hook_id, payload_version, destination_url, looked_at, changes, changed_at
FROM subscriptions WHERE key = $1

-- name: keep_look
-- Remember a look; one that changed nothing leaves the last changes known.
INSERT INTO subscriptions AS s (key, hook_id, payload_version, destination_url, looked_at, changes, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (key) DO UPDATE SET
    hook_id = excluded.hook_id, payload_version = excluded.payload_version,
    destination_url = excluded.destination_url, looked_at = excluded.looked_at,
    changes = CASE WHEN excluded.changes = '{}' THEN s.changes ELSE excluded.changes END,
    changed_at = CASE WHEN excluded.changes = '{}' THEN s.changed_at ELSE excluded.changed_at END

-- name: not_recovered
-- Those of a subscription's events that were never recovered.
SELECT asked.event_id FROM unnest($2::text[]) AS asked (event_id)
WHERE NOT EXISTS (SELECT FROM recovered r WHERE r.key = $1 AND r.event_id = asked.event_id)

-- name: keep_recovered
-- Remember that events were recovered.
INSERT INTO recovered (key, event_id, recovered_at) SELECT $1, unnest($2::text[]), $3

-- name: forget_recovered
-- Forget what was recovered so long ago that Procore is not asked about it any more.
DELETE FROM recovered WHERE key = $1 AND recovered_at < $2
