"""Vendor credits: a vendor owes us something. Bill payments use them up.

Corrected by a full update, the only one that Intuit documents for them. There is no void.
"""

from plumbline.qb_writer.domain.kind import Correction, Kind
from plumbline.qb_writer.domain.kinds import purchases
from plumbline.quickbooks.payables import VendorCredit

VENDOR_CREDIT = Kind(
    name="vendor-credit",
    entity="VendorCredit",
    model=VendorCredit,
    aims=purchases.AIMS,
    correction=Correction.FULL,
    number=purchases.number,
    dated=lambda wish: wish.issued_on,
    party=purchases.party,
    stake_cents=purchases.stake_cents,
    wish=purchases.wish_in_words,
    compose=purchases.compose,
    facts=purchases.facts,
    amounts=purchases.amounts,
    look_ups=purchases.look_ups,
    refusal=purchases.refusal,
)
"""Vendor credits."""
