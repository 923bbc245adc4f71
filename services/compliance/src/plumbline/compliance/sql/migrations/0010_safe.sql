-- The safe: an index of what the store of papers holds, and who touched it.

-- Keys of a connection, wrapped: by 'names' papers are named, 'numbers' looks tax numbers up, 'links' signs links.
CREATE TABLE safe_keys (
    connection text NOT NULL,
    use text NOT NULL,
    wrapped text NOT NULL,
    PRIMARY KEY (connection, use)
);

-- A paper is in here if and only if its object was stored whole. What is destroyed stays as a row without its key.
CREATE TABLE safe_papers (
    connection text NOT NULL,
    document text NOT NULL,
    -- Names the data key, and so the object; the one wrapped copy of the data key, NULL once the paper is destroyed.
    key_id bytea NOT NULL,
    wrapped text,
    size_bytes bigint NOT NULL,
    kind text NOT NULL,
    company_id text,
    project_id text,
    project text NOT NULL,
    project_state text,
    vendor text NOT NULL,
    period text NOT NULL,
    file_name text NOT NULL,
    media_type text NOT NULL,
    stored_at timestamptz NOT NULL,
    -- Why it may be read by nobody but who looks into that: a virus was found. NULL: it may.
    quarantine text,
    -- Why it may not be destroyed. NULL: it may, once its time is over.
    hold text,
    checked_at timestamptz,
    -- Since when the store holds something else than what was put there.
    spoiled_at timestamptz,
    destroyed_at timestamptz,
    PRIMARY KEY (connection, document),
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL)),
    CONSTRAINT held_papers_are_kept CHECK (destroyed_at IS NULL OR hold IS NULL)
);
CREATE UNIQUE INDEX safe_papers_by_key ON safe_papers (key_id);
CREATE INDEX safe_papers_to_check ON safe_papers (checked_at NULLS FIRST) WHERE destroyed_at IS NULL;
CREATE INDEX safe_papers_by_kind ON safe_papers (kind, stored_at) WHERE destroyed_at IS NULL;

-- Where people find a paper: its folders in every view. Made from the index, and of no other use.
CREATE TABLE safe_places (
    connection text NOT NULL,
    folder text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    document text NOT NULL,
    PRIMARY KEY (connection, folder, name)
);
CREATE INDEX safe_places_of_paper ON safe_places (connection, document);

-- A W-9's number, sealed under a key of its own; looked up by keyed hash. One row per W-9, destroyed with it.
CREATE TABLE safe_tax_numbers (
    connection text NOT NULL,
    document text NOT NULL,
    vendor text NOT NULL,
    lookup bytea NOT NULL,
    last_four text NOT NULL CHECK (last_four ~ '^\d{4}$'),
    wrapped text NOT NULL,
    sealed bytea NOT NULL,
    kept_at timestamptz NOT NULL,
    PRIMARY KEY (connection, document)
);
CREATE INDEX safe_tax_numbers_by_lookup ON safe_tax_numbers (connection, lookup);

-- When a project was completed: what some papers' time counts from.
CREATE TABLE safe_completions (
    connection text NOT NULL,
    project_id text NOT NULL,
    completed_on date NOT NULL,
    PRIMARY KEY (connection, project_id)
);

-- Ways to a paper without an operator's token: each made by somebody for a reason, with an end.
CREATE TABLE safe_links (
    id bytea PRIMARY KEY,
    connection text NOT NULL,
    document text NOT NULL,
    made_by text NOT NULL,
    why text NOT NULL,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    uses_left integer NOT NULL CHECK (uses_left >= 0),
    revoked_at timestamptz
);

-- Passwords of the view, by their digest alone: random, so a digest tells nothing.
CREATE TABLE safe_view_passwords (
    digest bytea PRIMARY KEY,
    connection text NOT NULL,
    who text NOT NULL,
    why text NOT NULL,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);

-- Who touched which paper, when, how and why. Nothing is changed in it, and nothing leaves it.
CREATE TABLE safe_accesses (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    connection text NOT NULL,
    document text NOT NULL,
    -- put, read, describe, quarantine, hold, release, destroy, link, revoke, tax-number
    action text NOT NULL,
    who text NOT NULL,
    why text NOT NULL
);
CREATE INDEX safe_accesses_of_paper ON safe_accesses (connection, document, id);

CREATE FUNCTION safe_accesses_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the access log of the safe is only added to';
END $$;
CREATE TRIGGER safe_accesses_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON safe_accesses
    FOR EACH STATEMENT EXECUTE FUNCTION safe_accesses_only_grow();

-- When the safe last looked after itself: which of several replicas does it, and that it is not done twice a night.
CREATE TABLE safe_rounds (
    name text PRIMARY KEY,
    began_at timestamptz NOT NULL
);
