-- A round of the safe that was cut short is not done: it is made up for the same night.
ALTER TABLE safe_rounds ADD COLUMN is_done boolean NOT NULL DEFAULT true;
