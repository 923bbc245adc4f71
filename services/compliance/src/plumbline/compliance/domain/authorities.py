"""Who has jurisdiction over a project's work: the directory, and who of it applies.

An authority is found by place, discipline and day, never guessed: where the place is not known well enough
to tell, nobody applies, and a person finds out (`needs_ahj`). Several may apply at once.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import combinations
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from plumbline.compliance.domain.facts import State
from plumbline.compliance.domain.reading import Fact
from plumbline.compliance.domain.rules.model import Source

Discipline = Literal[
    "building", "mechanical", "plumbing", "electrical", "fire", "med_gas", "septic", "elevator", "boiler"
]
"""What is inspected; a permit is for one."""

DISCIPLINES: Mapping[str, Discipline] = {
    "hvac": "mechanical",
    "refrigeration": "mechanical",
    "hydronics": "mechanical",
    "plumbing": "plumbing",
    "electrical": "electrical",
}
"""The discipline of each trade's work."""

STATES = frozenset(
    [
        "AL",
        "AK",
        "AZ",
        "AR",
        "CA",
        "CO",
        "CT",
        "DC",
        "DE",
        "FL",
        "GA",
        "HI",
        "ID",
        "IL",
        "IN",
        "IA",
        "KS",
        "KY",
        "LA",
        "ME",
        "MD",
        "MA",
        "MI",
        "MN",
        "MS",
        "MO",
        "MT",
        "NE",
        "NV",
        "NH",
        "NJ",
        "NM",
        "NY",
        "NC",
        "ND",
        "OH",
        "OK",
        "OR",
        "PA",
        "RI",
        "SC",
        "SD",
        "TN",
        "TX",
        "UT",
        "VT",
        "VA",
        "WA",
        "WV",
        "WI",
        "WY",
    ]
)

NEEDS_AHJ = "needs_ahj"
"""The tag of a project for whose work nobody in the directory has jurisdiction."""


def _known(state: str) -> str:
    if state not in STATES:
        raise ValueError(f"there is no state {state}")
    return state


KnownState = Annotated[State, AfterValidator(_known)]


class Valid(Fact):
    """Something that is true for a time; where a day is None it is not known, and does not limit."""

    since: date | None = None
    until: date | None = None
    """The first day on which it is true no more."""

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> Self:
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise ValueError(f"it ends on {self.until}, not after {self.since}")
        return self

    def applies(self, day: date) -> bool:
        """Say whether it is true on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)

    def overlaps(self, other: "Valid") -> bool:
        """Say whether there is a day on which both are true."""
        starts = max(self.since or date.min, other.since or date.min)
        return starts < min(self.until or date.max, other.until or date.max)


class Edition(Valid):
    """An edition of a code that an authority enforces or adopts."""

    code: str
    """`UPC`, `NEC`, `Ohio Plumbing Code`."""
    edition: str
    disciplines: tuple[Discipline, ...]
    source: Source


class Authority(Valid):
    """An authority having jurisdiction, for a time and a place."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    name: str
    level: Literal["state", "county", "municipal", "district", "federal", "utility"]
    state: KnownState
    counties: tuple[str, ...] = ()
    """Those in which it has jurisdiction, but for `except_cities`; with `unincorporated` outside of cities alone."""
    cities: tuple[str, ...] = ()
    """Those in which it has jurisdiction."""
    except_cities: tuple[str, ...] = ()
    unincorporated: bool = False
    disciplines: tuple[Discipline, ...] = Field(min_length=1)
    enforces: bool
    """Whether it permits and inspects work; if not it writes codes or licenses people, and alone is nobody to ask."""
    permits: tuple[Discipline, ...] = ()
    inspections: tuple[str, ...] = ()
    editions: tuple[Edition, ...] = ()
    contact: Annotated[str, StringConstraints(max_length=120)] = ""
    portal: Annotated[str, StringConstraints(max_length=200)] = ""
    source: Source

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        has_place = bool(self.counties or self.cities)
        if has_place == (self.level == "state"):
            raise ValueError("a state's authority names no county or city, any other names at least one")
        if (self.except_cities or self.unincorporated) and not self.counties:
            raise ValueError("`except_cities` and `unincorporated` limit counties, and it names none")
        if self.permits and not self.enforces:
            raise ValueError("it grants permits, so it enforces")
        return self

    def covers(self, *, county: str | None, city: str | None) -> bool:
        """Say whether a place is surely its own.

        Args:
            county: None if it is not known.
            city: None if it is not known, empty outside of every city.
        """
        if self.level == "state":
            return True
        if city is None:
            return False
        if _same(city, self.cities):
            return (
                county is None
                or not self.counties
                or _same(county, self.counties)
                or self.level == "municipal"
            )
        if county is None or not _same(county, self.counties) or _same(city, self.except_cities):
            return False
        return not (self.unincorporated and city)

    def codes(self, discipline: str, day: date) -> tuple[Edition, ...]:
        """Return the editions in force for a discipline on a day."""
        return tuple(one for one in self.editions if discipline in one.disciplines and one.applies(day))


class AuthorityDirectory(Fact):
    """All authorities that are known."""

    authorities: tuple[Authority, ...] = ()

    @property
    def by_name(self) -> Mapping[str, str]:
        """The ids of all authorities by the names that they print on permits."""
        return {one.name: one.id for one in self.authorities}

    def matching(
        self, *, state: str | None, county: str | None, city: str | None, discipline: str | None, day: date
    ) -> tuple[Authority, ...]:
        """Return who has jurisdiction over a discipline at a place on a day; nobody means `needs_ahj`.

        Whoever only writes codes or licenses people is told beside those who permit and inspect, never alone.
        """
        found = tuple(
            one
            for one in self.authorities
            if one.state == state
            and discipline in one.disciplines
            and one.applies(day)
            and one.covers(county=county, city=city)
        )
        return found if any(one.enforces for one in found) else ()

    def __call__(
        self, *, state: str | None, county: str | None, city: str | None, discipline: str | None, day: date
    ) -> tuple[str, ...]:
        """Return the ids of those that match, for the facts of a project."""
        found = self.matching(state=state, county=county, city=city, discipline=discipline, day=day)
        return tuple(one.id for one in found)


def faults(directory: AuthorityDirectory) -> Iterator[str]:
    """Return what is wrong with a directory as a whole, each in a sentence."""
    for one, other in combinations(directory.authorities, 2):
        if one.id == other.id and one.overlaps(other):
            yield f"overlapping-dates {one.id}: two entries are valid on the same day"
    for authority in directory.authorities:
        yield from _edition_faults(authority)


def _edition_faults(authority: Authority) -> Iterator[str]:
    for one, other in combinations(authority.editions, 2):
        if one.code == other.code and one.overlaps(other):
            yield f"overlapping-dates {authority.id}: {one.code} {one.edition} and {other.edition} are in force on the same day"
    for edition in authority.editions:
        if strange := [it for it in edition.disciplines if it not in authority.disciplines]:
            yield f"unknown-discipline {authority.id}: {edition.code} is for {strange[0]}, the authority is not"


def _same(name: str, names: Iterable[str]) -> bool:
    """Say whether a name is among some: people write "Travis County" and "travis"."""
    return _plain(name) in map(_plain, names)


def _plain(name: str) -> str:
    return name.casefold().removesuffix(" county").removeprefix("city of ").strip()
