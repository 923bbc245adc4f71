"""The entity families, one module each; `registry` is the table of all of them."""
