# Reads from Procore, and keeps papers and tax numbers under keys that are sealed by two that never leave Vault.
path "plumbline/data/grants/procore/+/access" {
  capabilities = ["read"]
}
path "plumbline-transit/datakey/plaintext/documents" {
  capabilities = ["update"]
}
path "plumbline-transit/decrypt/documents" {
  capabilities = ["update"]
}
path "plumbline-transit/rewrap/documents" {
  capabilities = ["update"]
}
path "plumbline-transit/datakey/plaintext/pii" {
  capabilities = ["update"]
}
path "plumbline-transit/decrypt/pii" {
  capabilities = ["update"]
}
path "plumbline-transit/rewrap/pii" {
  capabilities = ["update"]
}
# Its own token: renewed before its end.
path "auth/token/renew-self" {
  capabilities = ["update"]
}
