-- What is owed, what it waits for, and what is known of its money.

-- Every payable as it was judged last.
CREATE TABLE payables (
    payable text PRIMARY KEY,
    connection text NOT NULL,
    project_id text NOT NULL,
    vendor_id text NOT NULL,
    commitment_id text NOT NULL,
    state text NOT NULL,
    amount_cents bigint NOT NULL,
    -- Procore no longer shows it.
    is_lost boolean NOT NULL,
    -- The money has arrived, the unconditional waiver has not.
    owes_waiver boolean NOT NULL,
    -- What it bills, as JSON, and what was told of it.
    billed text NOT NULL,
    said text NOT NULL
);
CREATE INDEX payables_of_project ON payables (connection, project_id);
CREATE INDEX payables_of_vendor ON payables (connection, vendor_id);
CREATE INDEX payables_of_commitment ON payables (connection, commitment_id);

-- Everything that was ever told of a payable.
CREATE TABLE payable_versions (
    payable text NOT NULL,
    version integer NOT NULL,
    said text NOT NULL,
    PRIMARY KEY (payable, version)
);

-- The bank's word that the money has arrived: one for a payable.
CREATE TABLE settlements (
    payable text PRIMARY KEY,
    reference text NOT NULL,
    settled_on date NOT NULL,
    amount_cents bigint NOT NULL,
    told_at timestamptz NOT NULL
);

-- What a person lets pass, for a reason and for a while. None is ever deleted.
CREATE TABLE overrides (
    id uuid PRIMARY KEY,
    connection text NOT NULL,
    payable text,
    project_id text,
    vendor_id text,
    code text NOT NULL,
    reason text NOT NULL,
    by_whom text NOT NULL,
    until date NOT NULL,
    made_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text
);
CREATE INDEX overrides_of_payable ON overrides (payable);
CREATE INDEX overrides_of_vendor ON overrides (connection, vendor_id);

-- Unconditional waivers that came before the money: nobody reads or dispatches them until it has arrived.
CREATE TABLE escrow (
    connection text NOT NULL,
    document text NOT NULL,
    payable text NOT NULL,
    since timestamptz NOT NULL,
    released_at timestamptz,
    PRIMARY KEY (connection, document)
);
CREATE INDEX escrow_of_payable ON escrow (payable);

-- Every command about a bill that was ever published, for versions and for comparing.
CREATE TABLE bill_commands (
    realm text NOT NULL,
    record text NOT NULL,
    version integer NOT NULL,
    payable text NOT NULL,
    body text NOT NULL,
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (realm, record, version)
);
CREATE INDEX bill_commands_of_payable ON bill_commands (payable);

-- Each payable's bill as QuickBooks showed it last.
CREATE TABLE bills_shown (
    payable text PRIMARY KEY,
    version integer NOT NULL,
    confirmed_at timestamptz NOT NULL,
    shown text NOT NULL
);

-- Which warnings of a paper's end were given.
CREATE TABLE expiry_warnings (
    connection text NOT NULL,
    document text NOT NULL,
    expires_on date NOT NULL,
    days integer NOT NULL,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (connection, document, expires_on, days)
);

-- The payable as the rules saw it when they last looked at a paper, whether that said anything new or not.
ALTER TABLE documents ADD COLUMN checked_against text;
