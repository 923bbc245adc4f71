"""The gate's far sides: Procore, PostgreSQL, and the file of policies."""
