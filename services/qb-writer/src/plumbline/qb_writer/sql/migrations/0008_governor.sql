-- What each realm lets us call, learned from its refusals; when a lower lane had a turn; the metered reads of a month.
ALTER TABLE governor ADD COLUMN pace double precision, ADD COLUMN closed_until timestamptz, ADD COLUMN closed_for interval,
    ADD COLUMN lower_at timestamptz NOT NULL DEFAULT 'epoch',
    ADD COLUMN month date, ADD COLUMN reads bigint NOT NULL DEFAULT 0;
