"""Adapters: the far sides of ingest."""
