"""Adapters: the far sides of qb-writer."""
