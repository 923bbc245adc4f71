# Checks webhooks by their secrets: Procore's by a header, Intuit's by a signature.
path "plumbline/data/webhooks/*" {
  capabilities = ["read"]
}
# Its own token: renewed before its end.
path "auth/token/renew-self" {
  capabilities = ["update"]
}
