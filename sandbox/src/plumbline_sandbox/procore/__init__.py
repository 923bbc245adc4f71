"""Procore: REST v1 and v2 conventions, OAuth, billing records and webhooks."""
