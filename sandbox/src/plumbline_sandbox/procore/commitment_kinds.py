"""The two kinds of commitments: what a contractor orders of subcontractors and of suppliers.

Sources: Procore reference, Work Order Contracts, Purchase Order Contracts, Commitment Contracts.
"""

from dataclasses import dataclass

from plumbline_sandbox.procore.state import (
    PURCHASE_ORDER,
    PURCHASE_ORDER_LINE,
    WORK_ORDER,
    WORK_ORDER_LINE,
    Family,
    Row,
)

ACCOUNTING_METHODS = ("amount", "unit")
"""How the schedule of values is kept: by amounts, or by quantities and prices."""

TEXTS = ("title", "description", "origin_data", "origin_code")
"""Texts of both kinds."""

DAYS = (
    "approval_letter_date",
    "contract_date",
    "execution_date",
    "issued_on_date",
    "letter_of_intent_date",
    "returned_date",
    "signed_contract_received_date",
)
"""Dates of both kinds."""

SETTINGS = {
    "allow_change_orders_ssov": False,
    "allow_comments": True,
    "allow_markups": False,
    "allow_payment_applications": True,
    "allow_payments": True,
    "display_materials_retainage": True,
    "display_work_retainage": True,
    "enable_ssov": False,
    "executed": False,
    "private": True,
    "show_cost_code_on_pdf": True,
    "show_line_items_to_non_admins": False,
    "signature_required": False,
    "ssr_enabled": False,
}
"""What is true or false of both kinds, as it is when nobody says; real projects have settings of their own."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of commitment.

    `path` names it in v1 paths and `key` in v1 bodies; `prefix` begins its numbers. Only in one of
    the `billable` statuses it can be invoiced (inferred).
    """

    type: str
    path: str
    key: str
    prefix: str
    statuses: tuple[str, ...]
    billable: tuple[str, ...]
    own_texts: tuple[str, ...]
    own_days: tuple[str, ...]
    family: Family
    line_family: Family

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text it has."""
        return (*TEXTS, *self.own_texts)

    @property
    def days(self) -> tuple[str, ...]:
        """Every date it has."""
        return (*DAYS, *self.own_days)

    def blank(self) -> Row:
        """Return a commitment of which nothing is known."""
        return {
            "type": self.type,
            "number": None,
            **dict.fromkeys((*self.texts, *self.days)),
            **SETTINGS,
            "status": "Draft",
            "accounting_method": "amount",
            "retainage_percent": "0.00",
            "vendor_id": None,
            "origin_id": None,
        }


WORK_ORDERS = Kind(
    type="WorkOrderContract",
    path="work_order_contracts",
    key="work_order_contract",
    prefix="SC",
    statuses=("Draft", "Out For Bid", "Out For Signature", "Approved", "Complete", "Terminated", "Void"),
    billable=("Approved", "Complete"),
    own_texts=("exclusions", "inclusions"),
    own_days=("actual_completion_date", "contract_estimated_completion_date", "contract_start_date"),
    family=WORK_ORDER,
    line_family=WORK_ORDER_LINE,
)
"""Work order contracts, which people call subcontracts."""

PURCHASE_ORDERS = Kind(
    type="PurchaseOrderContract",
    path="purchase_order_contracts",
    key="purchase_order_contract",
    prefix="PO",
    statuses=("Draft", "Processing", "Submitted", "Partially Received", "Received", "Approved", "Closed"),
    billable=("Approved", "Closed"),
    own_texts=("bill_to_address", "payment_terms", "ship_to_address", "ship_via"),
    own_days=("delivery_date",),
    family=PURCHASE_ORDER,
    line_family=PURCHASE_ORDER_LINE,
)
"""Purchase order contracts."""

KINDS = (WORK_ORDERS, PURCHASE_ORDERS)
"""Both kinds."""

BY_TYPE = {kind.type: kind for kind in KINDS}
"""Both kinds, by their name in v2."""
