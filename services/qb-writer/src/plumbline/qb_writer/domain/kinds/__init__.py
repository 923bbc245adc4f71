"""The kinds of records. A new kind is a file here and a line in this table."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from plumbline.common.contracts.ledger import Desired
from plumbline.qb_writer.domain.kind import Kind
from plumbline.qb_writer.domain.kinds.attachment import ATTACHMENT
from plumbline.qb_writer.domain.kinds.bill import BILL
from plumbline.qb_writer.domain.kinds.bill_payment import BILL_PAYMENT
from plumbline.qb_writer.domain.kinds.credit_memo import CREDIT_MEMO
from plumbline.qb_writer.domain.kinds.invoice import INVOICE
from plumbline.qb_writer.domain.kinds.payment import PAYMENT
from plumbline.qb_writer.domain.kinds.vendor_credit import VENDOR_CREDIT

AnyKind = Kind[Any, Any]
"""A kind whose wishes and documents nobody needs to tell apart."""

_ALL: tuple[AnyKind, ...] = (
    INVOICE,
    CREDIT_MEMO,
    PAYMENT,
    BILL,
    VENDOR_CREDIT,
    BILL_PAYMENT,
    ATTACHMENT,
)

KINDS: Mapping[str, AnyKind] = MappingProxyType({kind.name: kind for kind in _ALL})
"""Every kind by its name."""


def kind_of(desired: Desired) -> AnyKind:
    """Return the kind of a wish."""
    return KINDS[desired.kind]
