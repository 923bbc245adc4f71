"""Intuit's webhooks: `events` (what is told), `subscriptions` (to whom), `delivery` (how and when)."""
