-- Whether a row that is due again has been served meanwhile: it is looked at later, and nothing of it is to do until then.
ALTER TABLE work ADD COLUMN rests boolean NOT NULL DEFAULT false;
