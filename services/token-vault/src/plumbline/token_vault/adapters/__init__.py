"""Adapters: the far sides of token-vault."""
