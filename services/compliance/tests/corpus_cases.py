"""What a paper of the corpus is, and the made-up firms, amounts and days that fill it."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

TX_VENDORS = (
    "Lone Star Air LLC",
    "Caprock Mechanical Inc",
    "Hill Country Cooling LP",
    "Gulf Breeze HVAC LLC",
)
TX_PLUMBERS = ("Bluebonnet Plumbing LLC", "Pecos Pipe Works Inc")
OH_VENDORS = ("Buckeye Pipe & Drain LLC", "Erie Shore Plumbing Inc", "Maumee Mechanical LLC")
TX_FIRMS = ("Brazos Builders LLC", "Red River Construction Inc")
OH_FIRMS = ("Scioto Constructors Inc", "Cuyahoga General Contracting LLC")
TX_OWNERS = ("Pecan Street Partners LP", "Mesquite Holdings LLC")
OH_OWNERS = ("Olentangy Holdings LLC", "Sandusky Bay Properties LLC")
PEOPLE = ("Ana Ruiz", "Lee Park", "Mae Olen", "Jo Hart", "Sam Ortega", "Ed Clark")
TITLES = ("President", "Managing Member", "Vice President", "Controller")


@dataclass(frozen=True)
class World:
    """One project and payment, as Procore and QuickBooks would tell them."""

    state: Literal["TX", "OH"]
    vendor: str
    firm: str
    owner: str
    location: str
    cents: int
    through: date
    signed: date
    person: str
    title: str

    @property
    def amount(self) -> str:
        return f"{self.cents // 100:,}.{self.cents % 100:02d}"

    def around(self, **more: Any) -> dict[str, Any]:
        """What differs from a base of the rules' vectors."""
        return {
            "vendor__legal_name": self.vendor,
            "project__firm": self.firm,
            "project__owner": self.owner,
            **more,
        }

    def payable(self, *, settled: bool = False) -> dict[str, Any]:
        return {
            "amount_cents": self.cents,
            "payee": self.vendor,
            "maker": self.firm,
            "through_on": self.through,
            "is_settled": settled,
        }


def world(seed: int, state: Literal["TX", "OH"] = "TX", vendors: tuple[str, ...] = ()) -> World:
    chance = random.Random(f"{state}{seed}")
    texas = state == "TX"
    through = date(2026, 10, 31) - timedelta(days=chance.choice((0, 0, 1, 7)))
    street = chance.choice(("Pecan Street", "Long Street", "Oak Lane", "Commerce Road"))
    return World(
        state=state,
        vendor=chance.choice(vendors or (TX_VENDORS if texas else OH_VENDORS)),
        firm=chance.choice(TX_FIRMS if texas else OH_FIRMS),
        owner=chance.choice(TX_OWNERS if texas else OH_OWNERS),
        location=f"{chance.randint(10, 990)} {street}, {'Austin, Texas 78701' if texas else 'Columbus, Ohio 43215'}",
        cents=chance.randint(50_000, 9_000_000),
        through=through,
        signed=through + timedelta(days=chance.randint(1, 3)),
        person=chance.choice(PEOPLE),
        title=chance.choice(TITLES),
    )


@dataclass(frozen=True)
class Case:
    """One paper, and what is right about it."""

    name: str
    kind: str | None
    sort: Literal["right", "wrong", "hostile"]
    layout: str
    content: bytes
    base: str = ""
    """The rules' base whose surroundings it has."""
    around: Mapping[str, Any] = field(default_factory=dict)
    """What differs in them."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What it says, by the name of the field; None is a blank."""
    fires: frozenset[str] = frozenset()
    """Checks that must not pass; none: it must go through without a person."""
    desk: str | None = None
    """The desk that it must reach, `us-tx/hvac`; None: it must be held."""
    held_out: bool = False
    seen: bool = False
    """Whether it was held out until it was looked at."""


def american(day: date) -> str:
    return f"{day:%m/%d/%Y}"


def long(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


DATES = {"left": long, "inline": american, "above": american, "table": long, "form": date.isoformat}


def dated(layout: str, day: date | None) -> str:
    return "" if day is None else DATES.get(layout, american)(day)
