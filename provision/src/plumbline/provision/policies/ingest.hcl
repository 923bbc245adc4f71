# Checks webhooks by their secret.
path "plumbline/data/webhooks/*" {
  capabilities = ["read"]
}
