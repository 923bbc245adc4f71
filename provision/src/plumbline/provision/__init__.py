"""What a platform engineer prepares once: identities, schemas, topics, policies. Repeating it is harmless."""
