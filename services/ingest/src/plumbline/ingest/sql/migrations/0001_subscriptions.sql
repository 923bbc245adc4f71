-- The webhook subscription of each project, as it was last seen, and what was last changed about it.
CREATE TABLE subscriptions (
    key text PRIMARY KEY,                       -- hooks/<connection>/<project>
    hook_id text NOT NULL,
    payload_version text NOT NULL,
    destination_url text NOT NULL,
    looked_at timestamptz NOT NULL,
    changes text[] NOT NULL,
    changed_at timestamptz NOT NULL
);
