"""Webhooks: hooks and triggers (v2.0 API), payload versions, delivery with its retry ladder."""
