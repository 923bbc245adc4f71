"""Adapters: the far sides of mapper."""
