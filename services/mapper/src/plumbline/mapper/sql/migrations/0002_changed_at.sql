-- When a record was first seen as it is now: it is looked at once more when it has been so for a while.
ALTER TABLE sightings ADD COLUMN changed_at timestamptz;
UPDATE sightings SET changed_at = seen_at;
ALTER TABLE sightings ALTER COLUMN changed_at SET NOT NULL;
