"""HTTP's side of ingest: `route` takes webhooks, `procore` and `quickbooks` say who may send them and what they are."""
