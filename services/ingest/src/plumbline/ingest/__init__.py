"""ingest: takes Procore's and QuickBooks' webhooks and makes events of them; sees to it that Procore sends them.

`handlers` is the hot route, without a database; `service` keeps the subscriptions, as a
process of its own.
"""
