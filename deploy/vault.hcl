# One node, on a disk of its own. TLS ends nowhere here: only the services' network `vault` reaches it.
storage "raft" {
  path    = "/vault/file"
  node_id = "vault"
}
listener "tcp" {
  address     = "0.0.0.0:8200"
  tls_disable = true
}
api_addr      = "http://vault:8200"
cluster_addr  = "http://vault:8201"
disable_mlock = true
ui            = false
