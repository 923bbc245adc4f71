# Writes into QuickBooks.
path "plumbline/data/grants/quickbooks/+/access" {
  capabilities = ["read"]
}
# Its own token: renewed before its end.
path "auth/token/renew-self" {
  capabilities = ["update"]
}
