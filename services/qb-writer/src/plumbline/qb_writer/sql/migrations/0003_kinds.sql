-- Documents that were deleted, files that go with a write, and spaces of document numbers: vendors number their own.
ALTER TABLE records ADD COLUMN deleted boolean NOT NULL DEFAULT false;
ALTER TABLE writes ADD COLUMN file_sha256 text, ADD COLUMN file_bytes bigint;
ALTER TABLE numbers ADD COLUMN space text NOT NULL DEFAULT 'sales';
ALTER TABLE numbers DROP CONSTRAINT numbers_pkey, ADD PRIMARY KEY (realm, space, lower_number);
