# Checks webhooks by their secret, and keeps the subscriptions at Procore.
path "plumbline/data/webhooks/*" {
  capabilities = ["read"]
}
path "plumbline/data/grants/procore/+/access" {
  capabilities = ["read"]
}
