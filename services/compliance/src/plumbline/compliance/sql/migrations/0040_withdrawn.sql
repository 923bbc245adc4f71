-- Papers that Procore lists no more, and where they stood.
ALTER TABLE documents ADD COLUMN withdrawn_at timestamptz;
-- What is looked through as a whole: a place that is not seen there any more is gone.
ALTER TABLE findings ADD COLUMN shelf text;
CREATE INDEX findings_on_shelf ON findings (connection, shelf) WHERE shelf IS NOT NULL;
CREATE INDEX findings_of_document ON findings (connection, document) WHERE document IS NOT NULL;
