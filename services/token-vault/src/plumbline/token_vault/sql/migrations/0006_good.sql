-- Whether the partner took the refused version before.
ALTER TABLE refusals ADD COLUMN was_good boolean NOT NULL DEFAULT false;
