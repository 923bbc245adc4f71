"""The use cases of compliance: taking papers in, deciding about them, and people's words."""
