"""token-vault: keeps the grants of both partners and renews their access tokens, one call at a time.

Start reading at `service.Keeper.converge`; `domain` holds the rules.
"""
