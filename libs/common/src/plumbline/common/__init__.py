"""Building blocks that every Plumbline service is made of.

Read them in this order: `contracts` (what services say to each other), `errors` (what
happens next when something fails), `edge` (a message becomes a stored mark), `reconciling`
(a mark becomes true), `outbox` (what was stored becomes a message), `secrets` (credentials).
"""
