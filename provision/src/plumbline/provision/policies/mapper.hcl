# Reads from Procore.
path "plumbline/data/grants/procore/+/access" {
  capabilities = ["read"]
}
