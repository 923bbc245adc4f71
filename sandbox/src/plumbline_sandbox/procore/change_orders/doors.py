"""What a change order consists of, and which of it each endpoint takes.

Sources: Procore reference, Prime Change Orders, Change Order Packages, Change Order Requests,
Potential Change Orders. Fields an endpoint does not take are ignored without a word.
"""

from dataclasses import dataclass

from plumbline_sandbox.procore.state import Row

TEXTS = (
    "title",
    "description",
    "number",
    "reference",
    "reason",
    "review_notes",
    "origin_id",
    "origin_data",
    "origin_code",
)
"""Fields that are plain text."""

FLAGS = ("executed", "paid", "private", "field_change", "signature_required")
"""Fields that are true or false."""

NUMBERS = (
    "revision",
    "schedule_impact_amount",
    "batch_id",
    "location_id",
    "prime_change_event_id",
    "commitment_change_event_id",
)
"""Whole numbers; the last four are ids of what is not looked up here."""

DAYS = (
    "due_date",
    "invoiced_date",
    "paid_date",
    "signed_change_order_received_date",
    "revised_substantial_completion_date",
)
"""Fields that are dates."""

PEOPLE = ("designated_reviewer", "received_from")
"""Users, who are written by their ids."""

BLANK: Row = {
    **dict.fromkeys((*TEXTS, *NUMBERS, *DAYS, *PEOPLE)),
    **dict.fromkeys(FLAGS, False),
    "status": "draft",
    "revision": 0,
    "given_total": None,
    "above_id": None,
    "change_order_id": None,
    "reviewed_at": None,
    "reviewed_by": None,
    "billable_from_s": 0.0,
    "workflow": False,
    "deleted_at": None,
}
"""A change order of which nothing is known.

`given_total` is its total as long as there are no lines, `above_id` what it is in,
`change_order_id` the other id of a package: the one that it has among the prime or commitment
change orders, where its own is called `legacy_package_id`.
"""


@dataclass(frozen=True, slots=True)
class Door:
    """A way to write change orders.

    `fields` are those it takes, `refusal` is the status of a refusal. Only some take the statuses
    a company made itself.
    """

    fields: frozenset[str]
    refusal: int = 400
    own_statuses: bool = False


_SHARED = frozenset(
    {"status", "title", "description", "schedule_impact_amount", "due_date", "invoiced_date", "paid_date"}
)
_TIED = _SHARED | {"origin_id", "origin_data", "grand_total"}

CONTRACT_DOOR = Door(
    _SHARED
    | {*FLAGS, "batch_id", "location_id", "reference", "number", "revision", "reason"}
    | {"designated_reviewer_id", "received_from_id", "signed_change_order_received_date"},
    refusal=422,
    own_statuses=True,
)
"""Prime and commitment change orders."""

PACKAGE_DOOR = Door(_TIED | {"origin_code", "executed", "signed_change_order_received_date"})
"""Change order packages."""

REQUEST_DOOR = Door(_TIED | {"change_order_package_id"})
"""Change order requests."""

POTENTIAL_DOOR = Door(
    _TIED
    | {"number", "prime_change_event_id", "commitment_change_event_id"}
    | {"change_order_request_id", "change_order_request"}
)
"""Potential change orders."""

PERSON_DOOR = Door(
    CONTRACT_DOOR.fields | PACKAGE_DOOR.fields | {"revised_substantial_completion_date", "workflow"},
    refusal=422,
    own_statuses=True,
)
"""People, who attach workflows; what a workflow decides is written here too."""
