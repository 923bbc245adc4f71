"""Credentials: where they are kept (`port`), and how a live one is got (`tokens`)."""
