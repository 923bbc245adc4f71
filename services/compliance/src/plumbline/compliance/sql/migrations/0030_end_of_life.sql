-- The end of a paper: what stays of it, and when its project was completed.

-- A paper that was in order until its time was over, and was destroyed then: what was paid upon it stays paid.
ALTER TABLE documents ADD COLUMN outlived boolean NOT NULL DEFAULT false;
