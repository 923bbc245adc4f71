-- One row per thing to converge. A row is idle (due_at null), due, leased or parked.
CREATE TABLE work (
    key text PRIMARY KEY,
    connection text NOT NULL,
    lane smallint NOT NULL,
    due_at timestamptz,
    generation bigint NOT NULL DEFAULT 1,       -- raised by every mark
    attempt integer NOT NULL DEFAULT 0,         -- failures since the last success
    fence bigint NOT NULL DEFAULT 0,            -- raised by every claim
    leased_until timestamptz,                   -- by the database's clock
    leased_by text,
    claimed_in pg_snapshot,                     -- what the claim could see
    worked_at timestamptz,
    unserved_since timestamptz,                 -- oldest provider time marked since the last claim
    serving_since timestamptz,                  -- oldest provider time that claims have taken and not served
    deletion_seen boolean NOT NULL DEFAULT false,
    traceparent text,
    causes text[] NOT NULL DEFAULT '{}',        -- the newest event ids and commands, newest last
    waiting_for text,
    announced_code text,                        -- the parking last announced, until the row is served
    announced_reason text,
    parked_at timestamptz,
    parked_cents bigint,
    resumes_on text
);
CREATE INDEX work_due ON work (connection, lane, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX work_leased ON work (connection) WHERE leased_until IS NOT NULL;
CREATE INDEX work_resumes ON work (resumes_on) WHERE parked_at IS NOT NULL;

-- Events that parked rows wait for, and the transaction in which each happened last. A handler may
-- miss an event that commits between its reading and its parking: `claimed_in` tells.
CREATE TABLE happenings (
    event text PRIMARY KEY,
    happened_in xid8                            -- null while it never happened
);

-- Every connection that has work, and what holds all of it.
CREATE TABLE connections (
    connection text PRIMARY KEY,
    held_until timestamptz,
    held_why text,
    retry_budget_at timestamptz                 -- theoretical arrival time of the next retry
);
