"""Who has jurisdiction: vectors for the shipped directory, and what is refused when one is loaded."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from plumbline.common.connections import ConfigurationError
from plumbline.compliance.adapters.authority_files import load_directory
from plumbline.compliance.domain.authorities import DISCIPLINES, AuthorityDirectory

SHIPPED = Path(__file__).parents[3] / "config" / "authorities.yaml"
DAY = date(2026, 11, 30)

VECTORS = [
    # state, county, city, discipline, day, who
    ("TX", "Travis", "Austin", "mechanical", DAY, ("tdlr", "austin-dsd")),
    ("TX", "Travis", "Austin", "plumbing", DAY, ("tsbpe", "austin-dsd")),
    ("TX", "Travis County", "City of Austin", "plumbing", DAY, ("tsbpe", "austin-dsd")),
    ("TX", "Williamson", "Austin", "building", DAY, ("austin-dsd",)),  # a city may reach into other counties
    ("TX", None, "austin", "electrical", DAY, ("tdlr", "austin-dsd")),
    ("TX", "Travis", "", "fire", DAY, ("travis-fire",)),
    ("TX", "Travis", "Austin", "fire", DAY, ()),
    ("TX", "Travis", None, "fire", DAY, ()),  # it may be in Austin
    ("TX", "Travis", "", "plumbing", DAY, ()),  # the Board alone is nobody to ask for a permit
    ("TX", "McLennan", "Waco", "plumbing", DAY, ()),
    ("TX", "Bexar", "San Antonio", "mechanical", DAY, ("tdlr", "san-antonio-dsd")),
    ("TX", "El Paso", "El Paso", "plumbing", DAY, ("tsbpe", "el-paso-building")),
    ("TX", "El Paso", "", "building", DAY, ("el-paso-county",)),
    ("TX", "El Paso", "", "building", date(2012, 12, 31), ()),
    ("TX", "Harris", "Houston", "electrical", DAY, ("tdlr", "houston-permitting")),
    ("TX", "Harris", "", "fire", DAY, ("harris-county-permits",)),
    ("TX", "Harris", "Pasadena", "fire", DAY, ()),
    ("TX", "Dallas", "Dallas", "building", DAY, ("dallas-ds",)),
    ("OH", "Cuyahoga", "Cleveland", "mechanical", DAY, ("ohio-bbs", "ocilb", "cleveland-bh")),
    ("OH", "Lucas", "Toledo", "plumbing", DAY, ("ohio-bbs", "ocilb", "toledo-building")),
    ("OH", "Lucas", "", "plumbing", DAY, ("ohio-bbs", "ocilb", "lucas-building")),
    ("OH", "Franklin", "Columbus", "plumbing", DAY, ("ohio-bbs", "ocilb", "columbus-bzs")),
    ("OH", "Hamilton", "Cincinnati", "plumbing", DAY, ("ohio-bbs", "ocilb", "cincinnati-buildings")),
    ("OH", "Hamilton", "Norwood", "plumbing", DAY, ("ohio-bbs", "ocilb", "hamilton-public-health")),
    ("OH", "Hamilton", "", "med_gas", DAY, ("hamilton-public-health",)),
    ("OH", "Hamilton", "Cincinnati", "med_gas", DAY, ()),
    ("OH", "Summit", "Akron", "electrical", DAY, ("ocilb", "summit-building-standards")),
    ("OH", "Summit", "Hudson", "electrical", DAY, ()),
    ("OH", "Franklin", None, "elevator", DAY, ("ohio-industrial-compliance",)),
    ("OH", "Travis", "Austin", "plumbing", DAY, ()),  # the other state's city
    ("TX", "Lucas", "Toledo", "plumbing", DAY, ()),
    (None, "Travis", "Austin", "plumbing", DAY, ()),
    ("TX", "Travis", "Austin", None, DAY, ()),
    ("CA", "Kern", "Bakersfield", "plumbing", DAY, ()),
]


@pytest.fixture(scope="module")
def directory() -> AuthorityDirectory:
    return load_directory(SHIPPED)


@pytest.mark.parametrize(("state", "county", "city", "discipline", "day", "who"), VECTORS)
def test_who_has_jurisdiction(
    directory: AuthorityDirectory,
    state: str | None,
    county: str | None,
    city: str | None,
    discipline: str | None,
    day: date,
    who: tuple[str, ...],
) -> None:
    assert directory(state=state, county=county, city=city, discipline=discipline, day=day) == who


@pytest.mark.parametrize(
    ("authority", "discipline", "day", "editions"),
    [
        ("austin-dsd", "plumbing", DAY, ["UPC 2024"]),
        ("austin-dsd", "plumbing", date(2023, 1, 1), ["UPC 2021"]),
        ("ohio-bbs", "mechanical", date(2024, 3, 1), ["Ohio Mechanical Code 2024"]),
        ("ohio-bbs", "mechanical", date(2024, 2, 29), []),
        ("dallas-ds", "building", date(2023, 5, 11), ["IBC 2015"]),
        ("dallas-ds", "building", date(2023, 5, 12), ["IBC 2021"]),
        ("tsbpe", "plumbing", DAY, ["UPC 2018", "IPC 2018"]),
        ("tdlr", "plumbing", DAY, []),
    ],
)
def test_codes_in_force(
    directory: AuthorityDirectory, authority: str, discipline: str, day: date, editions: list[str]
) -> None:
    found = next(one for one in directory.authorities if one.id == authority)
    assert [f"{edition.code} {edition.edition}" for edition in found.codes(discipline, day)] == editions


def test_everything_in_the_directory_names_where_it_was_read(directory: AuthorityDirectory) -> None:
    for authority in directory.authorities:
        for source in (authority.source, *(edition.source for edition in authority.editions)):
            assert source.read_in or source.mark == "U", authority.id


def test_every_trade_that_is_routed_has_a_discipline_somebody_enforces(directory: AuthorityDirectory) -> None:
    enforced = {
        it for authority in directory.authorities if authority.enforces for it in authority.disciplines
    }
    assert set(DISCIPLINES.values()) <= enforced


ROW: dict[str, Any] = {
    "id": "waco",
    "name": "City of Waco",
    "level": "municipal",
    "state": "TX",
    "cities": ["Waco"],
    "disciplines": ["plumbing"],
    "enforces": True,
    "source": {"law": "Waco", "mark": "U"},
}
EDITION = {
    "code": "IPC",
    "edition": "2021",
    "disciplines": ["plumbing"],
    "source": {"law": "Waco", "mark": "U"},
}


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([ROW | {"fips": "48"}], "waco: fips: Extra inputs"),
        ([ROW | {"state": "TK"}], "waco: state: .*there is no state TK"),
        ([ROW | {"disciplines": ["plumming"]}], r"waco: disciplines\.0"),
        ([ROW | {"disciplines": []}], "waco: disciplines"),
        ([ROW | {"cities": []}], "names at least one"),
        ([ROW | {"level": "state"}], "names no county or city"),
        ([ROW | {"unincorporated": True}], "limit counties"),
        ([ROW | {"enforces": False, "permits": ["plumbing"]}], "it grants permits"),
        ([ROW | {"since": date(2026, 1, 1), "until": date(2026, 1, 1)}], "not after"),
        ([ROW, ROW], "overlapping-dates waco"),
        ([ROW | {"until": date(2026, 1, 2)}, ROW | {"since": date(2026, 1, 1)}], "overlapping-dates waco"),
        ([ROW | {"editions": [EDITION, EDITION | {"edition": "2024"}]}], "IPC 2021 and 2024 are in force"),
        ([ROW | {"editions": [EDITION | {"disciplines": ["fire"]}]}], "IPC is for fire"),
        ([{key: value for key, value in ROW.items() if key != "source"}], "waco: source: Field required"),
        (["waco"], r"authorities\.0"),
        ("waco", "authorities"),
    ],
)
def test_directory_that_cannot_be_used_is_refused_by_name(tmp_path: Path, rows: Any, says: str) -> None:
    path = tmp_path / "authorities.yaml"
    path.write_text(yaml.safe_dump({"authorities": rows}))
    with pytest.raises(ConfigurationError, match=says):
        load_directory(path)


def test_entries_that_follow_each_other_are_one_authority(tmp_path: Path) -> None:
    path = tmp_path / "authorities.yaml"
    rows = [
        ROW | {"until": date(2026, 1, 1), "name": "Old"},
        ROW | {"since": date(2026, 1, 1), "name": "New"},
    ]
    path.write_text(yaml.safe_dump({"authorities": rows}))
    place = {"state": "TX", "county": None, "city": "Waco", "discipline": "plumbing"}
    found = [
        load_directory(path).matching(**place, day=day) for day in (date(2025, 12, 31), date(2026, 1, 1))
    ]
    assert [[one.name for one in one_day] for one_day in found] == [["Old"], ["New"]]


@pytest.mark.parametrize("content", ["authorities: [", "\xff\xfe", "- a"])
def test_what_is_no_directory_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "authorities.yaml"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigurationError):
        load_directory(path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_directory(tmp_path / "nowhere.yaml")
