-- What QuickBooks is known to hold, ours or not. What was deleted there stays, as it was last.
CREATE TABLE documents (
    realm text NOT NULL,
    entity text NOT NULL,                   -- as QuickBooks calls it: Invoice
    quickbooks_id text NOT NULL,
    sync_token bigint,                      -- null: nothing is known but its deletion
    number text,
    party text,                             -- id of the customer or vendor
    note text,                              -- where records of this kind carry our marker
    dated_on date,
    total_cents bigint,                     -- null: the document is of a shape that cannot be read
    balance_cents bigint,
    is_deleted boolean NOT NULL,
    changed_at timestamptz,                 -- by QuickBooks' clock
    seen_at timestamptz NOT NULL,           -- by the database's
    body text,                              -- JSON, as it was read
    PRIMARY KEY (realm, entity, quickbooks_id)
);
CREATE INDEX documents_numbers ON documents (realm, entity, lower(number));

-- How far each realm was read. Times are QuickBooks' own, but those that say otherwise.
CREATE TABLE horizons (
    realm text PRIMARY KEY,
    complete_since timestamptz,             -- when the first full reading ended, by the database's clock; null: not yet
    watermark timestamptz,                  -- every change before it has been read
    reading text[] NOT NULL DEFAULT '{}',   -- entities that are still to be read in full; the first is in hand
    read_after timestamptz,                 -- of that one, everything last changed up to then has been read
    reading_from timestamptz,               -- becomes the watermark when the reading ends
    reading_began_at timestamptz            -- what was not seen since is looked for, by the database's clock
);

-- A reading has told of every change to the record's document up to then; and how a person has ended it, if so.
ALTER TABLE records ADD COLUMN heard_until timestamptz, ADD COLUMN removed text;
