-- The end of a paper: what stays of it, and when its project was completed.

-- A paper that was in order until its time was over, and was destroyed then: what was paid upon it stays paid.
ALTER TABLE documents ADD COLUMN outlived boolean NOT NULL DEFAULT false;

-- When projects were completed: what some papers' time counts from. What was said last of a project counts; nothing is
-- changed in it, for papers are destroyed by it. It takes the place of a table that nothing ever wrote to.
DROP TABLE safe_completions;
CREATE TABLE safe_completions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection text NOT NULL,
    project_id text NOT NULL,
    completed_on date,                          -- NULL: it was opened again
    said_at timestamptz NOT NULL,
    said_by text NOT NULL,
    why text NOT NULL
);
CREATE INDEX safe_completions_of_project ON safe_completions (connection, project_id, id DESC);

CREATE FUNCTION safe_completions_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was said of projects'' completion is only added to';
END $$;
CREATE TRIGGER safe_completions_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON safe_completions
    FOR EACH STATEMENT EXECUTE FUNCTION safe_completions_only_grow();

-- Whether a person put it into quarantine: then no scan lifts that, a person does.
ALTER TABLE safe_papers ADD COLUMN quarantined_by_person boolean NOT NULL DEFAULT false;

-- The name of this installation: its store carries the same one, so that no two share a store and scrub each other's papers.
CREATE TABLE safe_installation (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    name text NOT NULL
);
