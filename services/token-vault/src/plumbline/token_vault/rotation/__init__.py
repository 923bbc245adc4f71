"""Rotation by age: every credential that lives long is replaced before it is old, or a person is reminded of it.

`ages` says when, `overlap` what is next for a webhook secret: pure rules. Then one handler for each kind of credential,
whose records are named as the credential: `webhooks/…`, `apps/…`, `keys/embedded`; a grant's record is its account.
A person's `plumbline rotate` and age begin the same rotation.
"""
