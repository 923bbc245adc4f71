-- name: last_sighting
-- What was last seen of a record.
SELECT key, connection, content_hash, seen_at, changed_at, causes, looks, about, why FROM sightings WHERE key = $1

-- name: keep_sighting
-- Remember what was seen, in place of what was seen before.
INSERT INTO sightings (key, connection, content_hash, seen_at, changed_at, causes, looks, about, why)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (key) DO UPDATE SET
    connection = excluded.connection, content_hash = excluded.content_hash, seen_at = excluded.seen_at,
    changed_at = excluded.changed_at,
    causes = excluded.causes, looks = excluded.looks, about = excluded.about, why = excluded.why

-- name: published
-- The newest command of each ledger record made from a source.
SELECT DISTINCT ON (record) body FROM commands WHERE source = $1 AND realm = $2 ORDER BY record, version DESC

-- name: versions
-- Every command made from a source, oldest first.
SELECT body, decided_at FROM commands WHERE source = $1 ORDER BY decided_at, record, version

-- name: keep_command
-- Remember a command. A version that is there already is a bug: the fence makes versions unique.
INSERT INTO commands (realm, record, version, source, body, decided_at) VALUES ($1, $2, $3, $4, $5, $6)

-- name: links
-- The links of a connection that stand for any of the given sources.
SELECT connection, kind, source, quickbooks_id, name FROM links WHERE connection = $1 AND source = ANY ($2::text[])

-- name: all_links
-- Every link of a connection.
SELECT connection, kind, source, quickbooks_id, name FROM links WHERE connection = $1 ORDER BY kind, source

-- name: make_links
-- Keep links, each in place of an older one for the same thing.
INSERT INTO links (connection, kind, source, quickbooks_id, name)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
ON CONFLICT (connection, kind, source) DO UPDATE SET
    quickbooks_id = excluded.quickbooks_id, name = excluded.name, made_at = excluded.made_at

-- name: waiting_for_links
-- Records of some connections that lack a link, or are in work and may just have found that out.
SELECT key, connection, resumes_on, leased_until IS NOT NULL AS in_work FROM work
WHERE connection = ANY ($1::text[]) AND (resumes_on LIKE 'link:%' OR leased_until IS NOT NULL)
