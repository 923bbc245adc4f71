-- How often QuickBooks told of a change to a record's document, and how many of these the last look has taken in.
ALTER TABLE records ADD COLUMN heard bigint NOT NULL DEFAULT 0, ADD COLUMN looked bigint NOT NULL DEFAULT 0;
CREATE INDEX records_documents ON records (realm, quickbooks_id) WHERE quickbooks_id IS NOT NULL;
