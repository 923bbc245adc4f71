# The only writer of credentials: renews grants, registers apps, makes webhook secrets.
path "plumbline/data/apps/*" {
  capabilities = ["create", "read", "update"]
}
path "plumbline/data/grants/*" {
  capabilities = ["create", "read", "update"]
}
path "plumbline/data/webhooks/*" {
  capabilities = ["create", "read", "update"]
}
