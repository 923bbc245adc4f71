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
# Its own token: renewed before its end.
path "auth/token/renew-self" {
  capabilities = ["update"]
}
