-- Every paper that was received, how far it is, and what was decided about it.

CREATE TABLE documents (
    connection text NOT NULL,
    document text NOT NULL,
    -- 'procore', 'upload', 'folder' or 'made' (by ourselves), and which record or path there.
    source text NOT NULL,
    source_record text NOT NULL,
    file_name text NOT NULL,
    company_id text,
    project_id text,
    vendor_id text,
    -- The record of the payable that it belongs to: payable/<company>/<project>/requisition/<id>.
    payable text,
    received_at timestamptz NOT NULL,
    state text NOT NULL,
    kind text,
    kind_confidence real,
    -- What was read, as the kind's fields; no whole tax number has a place there.
    recognised jsonb,
    -- The facts of the newest decision, and the decision.
    facts jsonb,
    decisions jsonb,
    rule_set text,
    inputs text,
    expires_on date,
    superseded_by text,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (connection, document)
);
CREATE INDEX documents_of_vendor ON documents (connection, vendor_id);
CREATE INDEX documents_of_payable ON documents (payable) WHERE payable IS NOT NULL;
CREATE INDEX documents_by_expiry ON documents (expires_on) WHERE expires_on IS NOT NULL;
