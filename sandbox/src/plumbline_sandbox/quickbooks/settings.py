"""Switches of one company: what Intuit leaves undocumented or lets a company choose."""

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Literal, Self, get_args

Mismatch = Literal["replay", "refuse", "execute"]
"""What a known request id with another request does: old answer, fault 600, or a new execution."""

BatchReplay = Literal["answer", "unexpected"]
"""What a repeated item of a batch gets: its first answer, or 6000 "An unexpected error occurred"."""

InFlight = Literal["wait", "refuse", "execute"]
"""What a request id does while its first request still runs: same answer later, fault 600, or run too."""

DuplicateCheck = bool | Literal["warn"]
"""What becomes of a taken document number. No document says how a warning looks: that is inferred."""

Standing = Literal["good", "lapsed", "forbidden", "removed", "moved", "locked", "maintenance", "failing"]
"""Whether the company can be used: yes, subscription ended (6190), not permitted (5020), user removed (120),
on another cluster (130), locked (140), under maintenance (150), an error inside (10000)."""

Format = Literal["json", "xml"]
"""How a 401 is written."""


@dataclass(frozen=True, slots=True)
class RealmSettings:
    """All switches of one realm; the defaults are those of an ordinary US company."""

    duplicate_check: DuplicateCheck = True
    """Refuse a document number that is taken (6140), or take it and warn, or take it."""
    duplicate_names_holder: bool = True
    """Whether the refusal (6140) tells who has the number; older texts do not."""
    numbers_follow_last: bool = False
    """Whether numbering goes on from the number used last, prefix and all (reported: thread 1533226)."""
    mails_per_day: int | None = None
    """How many mails a day the company sends; Intuit's own sandbox companies send 40. None = no such limit."""
    construction_pack: bool = False
    """Whether the plan has change orders."""
    closed_until: date | None = None
    """Last day of the closed books; writes dated then or before are refused (6210)."""
    closed_with_password: bool = True
    """Whether a password guards the closed books (6210); without one it is 6200 (that it is so is inferred)."""
    gateway_401: Format = "json"
    """How the gateway refuses tokens: JSON, or XML, which has a code of its own for tokens of other companies."""
    standing: Standing = "good"
    """Whether the company answers at all."""
    index_lag_s: float = 0.0
    """How long queries show the state before a change. Reads by id never lag."""
    id_sortable: bool = True
    """Whether queries may sort by Id; Intuit announced in November 2025 that they will not."""
    other_apps_per_minute: int = 0
    """How many of the realm's requests a minute other apps use up; the limit is shared."""
    work_s: float = 0.0
    """How long a write is worked on before it commits; makes requests overlap."""
    requestid_ttl_s: float | None = None
    """How long a request id is remembered; None = for ever, 0 = not at all."""
    requestid_mismatch: Mismatch = "replay"
    """Rule for a remembered id that comes with another request."""
    requestid_in_flight: InFlight = "wait"
    """Rule for an id whose first request has not been answered."""
    requestid_remembers_faults: bool = True
    """Whether a refused request is remembered and replayed like a successful one."""
    requestid_operations: frozenset[str] = frozenset({"write", "delete"})
    """Operations (write, delete, void, send, upload) that honour a request id; the last three are not known to.

    Items of a batch always do (documented).
    """
    batch_replay: BatchReplay = "answer"
    """What becomes of an item whose request id and `bId` were seen before: documented, or as captured in 2016."""
    batch_most_items: int = 30
    """Items of one batch: 30 today, 25 before, and Intuit's Invoice page advises batches of ten."""
    cdc_stubs_apart: bool = True
    """Change data: stubs of deleted ones in an element of their own (captured), or at the end of the living
    (Intuit's sample)."""
    fault_status: int = 400
    """HTTP status of faults of the service; 200 is reported too."""

    def changed(self, **changes: Any) -> Self:
        """Return these settings with some switches changed, given as JSON values.

        Raises:
            ValueError: An unknown switch or a value it does not take.
        """
        known = {field.name for field in fields(self)}
        if unknown := set(changes) - known:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        _check_choices(changes)
        return replace(self, **_from_json(changes))


def _check_choices(changes: dict[str, Any]) -> None:
    choices = {
        "requestid_mismatch": get_args(Mismatch),
        "requestid_in_flight": get_args(InFlight),
        "standing": get_args(Standing),
        "batch_replay": get_args(BatchReplay),
        "gateway_401": get_args(Format),
        "duplicate_check": (True, False, "warn"),
    }
    for name, allowed in choices.items():
        if name in changes and changes[name] not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}")


def _from_json(changes: dict[str, Any]) -> dict[str, Any]:
    values = dict(changes)
    if "requestid_operations" in values:
        values["requestid_operations"] = frozenset(values["requestid_operations"])
    if isinstance(values.get("closed_until"), str):
        values["closed_until"] = date.fromisoformat(values["closed_until"])
    return values
