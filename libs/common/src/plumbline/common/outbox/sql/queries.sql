-- name: put
-- Keep messages until the relay has published them.
INSERT INTO outbox (topic, key, headers, value)
SELECT m.topic, m.key, string_to_array(m.headers, E'\x1f'), m.value
FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) WITH ORDINALITY AS m (topic, key, headers, value, place)
ORDER BY m.place

-- name: notify
-- Wake the relay once the transaction commits.
SELECT pg_notify(current_schema() || '_outbox', '')

-- name: next_batch
-- The oldest unpublished messages.
SELECT id, topic, key, headers, value FROM outbox ORDER BY id LIMIT $1

-- name: published
-- Forget what Kafka has acknowledged.
DELETE FROM outbox WHERE id = ANY ($1::bigint[])

-- name: lag
-- How many messages wait, and how many seconds the oldest has.
SELECT count(*) AS waiting, coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS oldest_s
FROM outbox
