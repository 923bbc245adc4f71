"""Slack: messages of an app in channels, incoming webhooks, and buttons that people press."""
