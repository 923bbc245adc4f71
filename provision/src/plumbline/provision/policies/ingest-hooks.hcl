# Keeps the subscriptions at Procore.
path "plumbline/data/webhooks/procore/*" {
  capabilities = ["read"]
}
path "plumbline/data/grants/procore/+/access" {
  capabilities = ["read"]
}
# Its own token: renewed before its end.
path "auth/token/renew-self" {
  capabilities = ["update"]
}
