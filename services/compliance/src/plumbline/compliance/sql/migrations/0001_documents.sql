-- Every paper that was received: what it is, how far it is, and the decision that counts.
-- What was read of papers stands as JSON in text columns: it may hold characters that jsonb refuses.
CREATE TABLE documents (
    connection text NOT NULL,
    document text NOT NULL,
    source text NOT NULL,                       -- procore, upload, folder or made
    source_record text NOT NULL,                -- which record or path there
    file_name text NOT NULL,
    company_id text,
    project_id text,
    vendor_id text,
    payable text,                               -- payable/<company>/<project>/requisition/<id>
    received_at timestamptz NOT NULL,
    state text NOT NULL,
    version integer NOT NULL DEFAULT 0,
    scanned_by text,
    recognised text,                            -- a Recognised; no whole tax number has a place there
    fingerprint text NOT NULL DEFAULT '',       -- of its text, without digits: by it near duplicates are found
    near_duplicate_of text,                     -- an earlier paper of the vendor that says nearly the same
    problem_code text,                          -- why a person must look, where no rule says so
    problem text,
    decisions text NOT NULL DEFAULT '[]',
    rule_set text NOT NULL DEFAULT '',
    inputs text NOT NULL DEFAULT '',
    kind text,
    subject text,                               -- a newer one of the same kind, vendor and subject supersedes it
    tags text[] NOT NULL DEFAULT '{}',
    held text,                                  -- the code of why no desk has it
    expires_on date,
    superseded_by text,
    checked_against text,                       -- its payable at the last decision, as JSON
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (connection, document)
);
CREATE INDEX documents_of_vendor ON documents (connection, vendor_id);
CREATE INDEX documents_of_project ON documents (connection, project_id);
CREATE INDEX documents_of_payable ON documents (payable) WHERE payable IS NOT NULL;
CREATE INDEX documents_by_state ON documents (state, received_at);
CREATE INDEX documents_by_id ON documents (document);

-- Every decision that said something new, with all it rests on: it can be made again from here.
CREATE TABLE decisions (
    connection text NOT NULL,
    document text NOT NULL,
    version integer NOT NULL,
    decided_at timestamptz NOT NULL,
    state text NOT NULL,
    rule_set text NOT NULL,
    inputs text NOT NULL,
    facts text NOT NULL,
    decisions text NOT NULL,
    PRIMARY KEY (connection, document, version)
);

-- What people said of papers, apart from what was read.
CREATE TABLE reviews (
    connection text NOT NULL,
    document text NOT NULL,
    number integer NOT NULL,
    review text NOT NULL,                       -- a Review
    PRIMARY KEY (connection, document, number)
);

-- Where papers were found, also those that are no document: nothing is fetched twice.
CREATE TABLE findings (
    connection text NOT NULL,
    source_record text NOT NULL,
    fingerprint text NOT NULL,                  -- of the record as it was when it was fetched
    document text,
    refused_code text,
    refused text,
    found_at timestamptz NOT NULL,
    PRIMARY KEY (connection, source_record)
);

-- The errands of desks. A document has one at most that is not withdrawn.
CREATE TABLE tickets (
    ticket text PRIMARY KEY,
    connection text NOT NULL,
    document text NOT NULL,
    region text NOT NULL,
    trade text NOT NULL,
    desk text NOT NULL,
    sentence text NOT NULL,
    rule_set text NOT NULL,
    replaces text,
    issued_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text
);
CREATE UNIQUE INDEX tickets_live ON tickets (connection, document) WHERE withdrawn_at IS NULL;

-- Every rule set that ever decided, by its hash.
CREATE TABLE rule_books (
    rule_set text PRIMARY KEY,
    book text NOT NULL,
    first_used_at timestamptz NOT NULL
);

-- By which rules and files of ours papers are decided now.
CREATE TABLE deciding (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    digest text NOT NULL
);
