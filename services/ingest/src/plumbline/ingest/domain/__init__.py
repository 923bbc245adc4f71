"""Decisions without I/O: what a webhook says, and what a subscription lacks."""
