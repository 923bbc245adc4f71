-- Mails that people ask for once more, and what became of them.
ALTER TABLE records ADD COLUMN mails_asked integer NOT NULL DEFAULT 0, ADD COLUMN mails_done integer NOT NULL DEFAULT 0;
ALTER TABLE writes ADD COLUMN mailed_before text;
ALTER TABLE writes DROP CONSTRAINT writes_fate_check;
ALTER TABLE writes ADD CONSTRAINT writes_fate_check CHECK (fate IN ('open', 'confirmed', 'rejected', 'abandoned'));
