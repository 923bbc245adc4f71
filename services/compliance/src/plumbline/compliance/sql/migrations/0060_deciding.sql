-- How far papers were gone through since the rules changed: to be decided anew, some at a time. Null: through all.
ALTER TABLE deciding ADD COLUMN through_connection text, ADD COLUMN through_document text;
