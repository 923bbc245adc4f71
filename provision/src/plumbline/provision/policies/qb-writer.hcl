# Writes into QuickBooks.
path "plumbline/data/grants/quickbooks/+/access" {
  capabilities = ["read"]
}
