"""The race for a token at its expiry; `tests.campaigns.token_race` plays it."""
