"""The demo's scenario: what people do, what goes wrong meanwhile, and what must be true at the end."""
