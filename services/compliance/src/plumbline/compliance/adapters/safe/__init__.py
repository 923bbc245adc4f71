"""The safe: papers in an object store, each sealed under a key of its own, with an index in PostgreSQL."""
