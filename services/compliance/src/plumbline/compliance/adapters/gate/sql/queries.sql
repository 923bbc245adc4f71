-- name: known
-- What is stored about a payable.
SELECT billed, said, owes_waiver FROM payables WHERE payable = $1

-- name: settlement
-- The bank's word about a payable.
SELECT reference, settled_on, amount_cents FROM settlements WHERE payable = $1

-- name: bill_shown
-- A payable's bill as QuickBooks showed it last.
SELECT shown FROM bills_shown WHERE payable = $1

-- name: overrides_around
-- What people let pass of a payable, or of its vendor.
SELECT id::text AS id, connection, payable, project_id, vendor_id, code, reason, by_whom AS by, until FROM overrides
WHERE withdrawn_at IS NULL AND (payable = $1 OR (connection = $2 AND vendor_id = $3))
ORDER BY made_at, id

-- name: all_overrides
-- What people let pass and did not take back.
SELECT id::text AS id, connection, payable, project_id, vendor_id, code, reason, by_whom AS by, until FROM overrides
WHERE withdrawn_at IS NULL AND ($1::text IS NULL OR connection = $1) ORDER BY until, id

-- name: commitment
-- The other payables of a commitment.
SELECT payable, state, owes_waiver, billed FROM payables
WHERE connection = $1 AND commitment_id = $2 AND payable <> $3 ORDER BY payable

-- name: of_project
-- Every payable of a project, and whether Procore shows it no more.
SELECT payable, is_lost FROM payables WHERE connection = $1 AND project_id = $2

-- name: find
-- Payables as they were told last, the most money first.
SELECT said FROM payables
WHERE ($1::text IS NULL OR connection = $1) AND ($2::text IS NULL OR state = $2)
ORDER BY amount_cents DESC, payable LIMIT $3

-- name: versions
-- Everything that was told of a payable, oldest first.
SELECT said FROM payable_versions WHERE payable = $1 ORDER BY version

-- name: keep_payable
-- Keep a judgement in place of the one before.
INSERT INTO payables (payable, connection, project_id, vendor_id, commitment_id, state, amount_cents, is_lost,
                      owes_waiver, billed, said)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (payable) DO UPDATE SET
    connection = excluded.connection, project_id = excluded.project_id, vendor_id = excluded.vendor_id,
    commitment_id = excluded.commitment_id, state = excluded.state, amount_cents = excluded.amount_cents,
    is_lost = excluded.is_lost, owes_waiver = excluded.owes_waiver, billed = excluded.billed, said = excluded.said

-- name: keep_version
-- Keep what is told of a payable. A version that is there already is a bug: the fence makes versions unique.
INSERT INTO payable_versions (payable, version, said) VALUES ($1, $2, $3)

-- name: hold_in_escrow
-- Keep documents from everybody until the money of their payable has arrived.
INSERT INTO escrow (connection, document, payable, since)
SELECT $1, document, $2, $4 FROM unnest($3::text[]) AS d (document)
ON CONFLICT (connection, document) DO NOTHING

-- name: free_from_escrow
-- The money has arrived.
UPDATE escrow SET released_at = $2 WHERE payable = $1 AND released_at IS NULL

-- name: escrow_of
-- What is or was in escrow for a payable.
SELECT document, since, released_at FROM escrow WHERE payable = $1 ORDER BY since, document

-- name: is_in_escrow
-- Whether a document is an unconditional waiver of money that has not arrived. Asked of the facts themselves, so that
-- none can be read between its arrival and the moment when its payable is looked at.
SELECT EXISTS (
    SELECT 1 FROM documents d
    WHERE d.connection = $1 AND d.document = $2
      -- Before it is decided about, a paper is what it was read as.
      AND coalesce(d.kind, substring(d.recognised FROM '"kind":"([a-z0-9_.]+)"')) LIKE 'lien\_waiver.unconditional\_%'
      AND NOT EXISTS (
          SELECT 1 FROM settlements s JOIN payables p USING (payable)
          WHERE s.payable = d.payable AND s.amount_cents = p.amount_cents
      )
)

-- name: settle
-- Keep the bank's word, if none is kept.
INSERT INTO settlements (payable, reference, settled_on, amount_cents, told_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (payable) DO NOTHING

-- name: keep_override
-- Keep an override; one that was withdrawn and is asked for again counts again.
INSERT INTO overrides (id, connection, payable, project_id, vendor_id, code, reason, by_whom, until, made_at)
VALUES ($1::uuid, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (id) DO UPDATE SET withdrawn_at = NULL, withdrawn_by = NULL

-- name: withdraw_override
-- End an override.
UPDATE overrides SET withdrawn_at = $2, withdrawn_by = $3 WHERE id = $1::uuid AND withdrawn_at IS NULL
RETURNING connection, payable, project_id, vendor_id

-- name: override_scope
-- Whom an override in force concerns.
SELECT connection, payable, project_id, vendor_id FROM overrides WHERE id = $1::uuid AND withdrawn_at IS NULL

-- name: concerned
-- The payables that are not over, of a vendor, on one project or on all; one that owes a waiver is not over.
SELECT payable FROM payables
WHERE connection = $1 AND vendor_id = $2 AND ($3::text IS NULL OR project_id = $3)
  AND (state NOT IN ('paid', 'void') OR owes_waiver)
ORDER BY payable

-- name: published_bill
-- The newest command about a payable's bill.
SELECT body FROM bill_commands WHERE payable = $1 AND realm = $2 ORDER BY version DESC LIMIT 1

-- name: keep_bill
-- Remember a command. A version that is there already is a bug: the fence makes versions unique.
INSERT INTO bill_commands (realm, record, version, payable, body, decided_at) VALUES ($1, $2, $3, $4, $5, $6)

-- name: show_bill
-- Remember how QuickBooks shows a bill, unless something newer is known.
INSERT INTO bills_shown AS b (payable, version, confirmed_at, shown) VALUES ($1, $2, $3, $4)
ON CONFLICT (payable) DO UPDATE SET
    version = excluded.version, confirmed_at = excluded.confirmed_at, shown = excluded.shown
WHERE (excluded.version, excluded.confirmed_at) >= (b.version, b.confirmed_at)

-- name: ending
-- A document that runs out; superseded and withdrawn ones count no more.
SELECT kind, file_name, vendor_id, project_id, expires_on FROM documents
WHERE connection = $1 AND document = $2 AND kind IS NOT NULL AND expires_on IS NOT NULL
  AND state NOT IN ('superseded', 'withdrawn', 'quarantined')

-- name: warnings
-- The warnings that were given of a document's end.
SELECT days FROM expiry_warnings WHERE connection = $1 AND document = $2 AND expires_on = $3

-- name: warn
-- Remember a warning.
INSERT INTO expiry_warnings (connection, document, expires_on, days, told_at) VALUES ($1, $2, $3, $4, $5)
