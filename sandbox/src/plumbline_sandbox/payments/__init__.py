"""Payments in the shape of Modern Treasury: counterparties, payment orders, webhooks."""
