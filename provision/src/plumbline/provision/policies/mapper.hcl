# Reads from Procore.
path "plumbline/data/grants/procore/+/access" {
  capabilities = ["read"]
}
# Its own token: renewed before its end.
path "auth/token/renew-self" {
  capabilities = ["update"]
}
