"""The mapper's far sides: Procore, PostgreSQL, and the files that people write."""
