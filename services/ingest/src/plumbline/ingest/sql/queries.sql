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
