"""The servers Plumbline stands on, each started here without an image registry."""
