"""The safe's nights: what has had its time is destroyed, what is unsound is told, what is nobody's is removed."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml
from prometheus_client import REGISTRY
from safe_lab import (
    ABOUT,
    CONFIG,
    CONNECTION,
    CONTENT,
    Lab,
    compliance_pool,
    opened_lab,
    s3_settings,
    whole,
)

from plumbline.common.connections import ConfigurationError
from plumbline.common.database import Pool
from plumbline.common.secrets.data_keys import FileDataKeys
from plumbline.common.secrets.keyfile import KeyFile, make_key_file
from plumbline.common.testing.clock import FakeClock
from plumbline.common.testing.crashing import KilledError
from plumbline.common.testing.database import rows
from plumbline.common.testing.secrets import MemorySecretStore
from plumbline.compliance.adapters.figures import PaperFigures
from plumbline.compliance.adapters.safe.belonging import Belonging, ForeignStoreError
from plumbline.compliance.adapters.safe.completions import NoPapersOfProjectError, NotCompletedYetError
from plumbline.compliance.adapters.safe.objects import memory_objects, open_objects
from plumbline.compliance.adapters.safe.opening import OpenSafe, open_safe
from plumbline.compliance.adapters.safe.rounds import ORPHAN_AGE, ORPHANS_MAX, ROUND_LEASE, load_retention
from plumbline.compliance.adapters.safe.settings import SafeSettings
from plumbline.compliance.domain.papers import FIELDS
from plumbline.compliance.domain.retention import Retention, RetentionClass
from plumbline.compliance.ports.safe import UnknownDocumentError

THREE_YEARS = timedelta(days=3 * 365 + 1)  # one of them is a leap year
NEARLY_FOUR_YEARS = timedelta(days=4 * 365)  # a day less: one of them is a leap year


@pytest.fixture
async def lab(database_url: str, tmp_path: Path) -> AsyncIterator[Lab]:
    """Give a safe in memory, by today's clock: the store's own times are today's."""
    clock = FakeClock(datetime(2026, 11, 30, 12, tzinfo=UTC))
    async with opened_lab(database_url, memory_objects(), tmp_path, clock=clock) as opened:
        yield opened


def retention_class(**said: Any) -> RetentionClass:
    return RetentionClass(
        **{"name": "one", "kinds": ("w9",), "years": 4, "after": "received", "source": "x"} | said
    )


@pytest.mark.parametrize(
    ("today", "years", "until"),
    [
        (date(2030, 11, 30), 4, date(2026, 11, 30)),
        (date(2028, 2, 29), 3, date(2025, 2, 28)),
        (date(2031, 2, 28), 3, date(2028, 2, 28)),
        (date(2031, 3, 1), 3, date(2028, 3, 1)),
        (date(2032, 2, 29), 4, date(2028, 2, 29)),
    ],
)
def test_years_are_whole_and_never_a_day_short(today: date, years: int, until: date) -> None:
    assert retention_class(years=years).until(today) == until


def test_what_is_kept_for_ever_is_never_due() -> None:
    assert retention_class(years="never").until(date(2999, 1, 1)) is None


def test_kind_is_kept_as_its_own_class_says_else_its_familys_else_the_last() -> None:
    retention = Retention(
        classes=(
            retention_class(name="family", kinds=("lien_waiver.*",)),
            retention_class(name="own", kinds=("lien_waiver.other",)),
            retention_class(name="rest", kinds=("*",)),
        )
    )
    named = [retention.of(kind).name for kind in ("lien_waiver.other", "lien_waiver.x", "w9")]
    assert named == ["own", "family", "rest"]


def test_shipped_classes_name_every_known_kind() -> None:
    retention = load_retention(CONFIG)
    rest = retention.classes[-1].name
    assert [kind for kind in FIELDS if retention.of(kind).name == rest] == ["other"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda said: said["classes"][0].update(kinds=["lien_wavier.*"]),
            r"no paper is of the kinds lien_wavier",
        ),
        (lambda said: said["classes"][0].update(years=0), "years"),
        (lambda said: said["classes"][0].update(after="someday"), "after"),
        (lambda said: said["classes"].pop(), "the last class takes the rest"),
        (lambda said: said["classes"][0]["kinds"].append("w9"), "in more than one class: w9"),
        (lambda said: said.clear(), "classes"),
    ],
)
def test_classes_that_cannot_be_used_are_told(tmp_path: Path, change: Any, says: str) -> None:
    said = yaml.safe_load((CONFIG / "safe" / "retention.yaml").read_text())
    change(said)
    (tmp_path / "safe").mkdir()
    (tmp_path / "safe" / "retention.yaml").write_text(yaml.safe_dump(said))
    with pytest.raises(ConfigurationError, match=says):
        load_retention(tmp_path)


async def test_paper_is_destroyed_when_its_years_are_over_and_not_before(lab: Lab) -> None:
    stored = await lab.safe.put(CONTENT, dataclasses.replace(ABOUT, kind="w9"))
    lab.clock.advance(NEARLY_FOUR_YEARS)
    assert await lab.whole.rounds.destroy_due() == []
    assert await lab.safe.get(CONNECTION, stored.document, who="ana", why="test") == CONTENT
    lab.clock.advance(timedelta(days=1))
    [gone] = await lab.whole.rounds.destroy_due()
    assert gone.document == stored.document
    with pytest.raises(UnknownDocumentError):
        await lab.safe.get(CONNECTION, stored.document, who="ana", why="test")
    [logged] = await rows(lab.pool, "SELECT who, why FROM safe_accesses WHERE action = 'destroy'")
    assert dict(logged) == {
        "who": "compliance",
        "why": "tax-papers: kept for 4 years after it was received on 2026-11-30",
    }


async def test_held_paper_outlives_its_time(lab: Lab) -> None:
    stored = await lab.safe.put(CONTENT, dataclasses.replace(ABOUT, kind="w9"))
    await lab.safe.hold(CONNECTION, stored.document, who="counsel", why="case 12")
    lab.clock.advance(timedelta(days=9999))
    assert await lab.whole.rounds.due() == []
    assert await lab.whole.rounds.destroy_due() == []
    await lab.safe.release(CONNECTION, stored.document, who="counsel", why="settled")
    assert [due.document for due in await lab.whole.rounds.destroy_due()] == [stored.document]


async def say_completed(lab: Lab, on: date | None, project: str = "1001") -> None:
    await lab.whole.completions.say(CONNECTION, project, on, who="ana", why="handed over")


async def test_time_of_a_projects_papers_counts_from_its_completion(lab: Lab) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT)
    other = await lab.safe.put(CONTENT + b"2", dataclasses.replace(ABOUT, project_id="1002"))
    held = await lab.safe.put(CONTENT + b"3", ABOUT)
    await lab.safe.hold(CONNECTION, held.document, who="counsel", why="case 12")
    lab.clock.advance(timedelta(days=9999))
    assert await lab.whole.rounds.destroy_due() == []
    await say_completed(lab, lab.clock.now().date())
    lab.clock.advance(THREE_YEARS - timedelta(days=1))
    assert await lab.whole.rounds.destroy_due() == []
    lab.clock.advance(timedelta(days=1))
    [gone] = await lab.whole.rounds.destroy_due()
    assert (gone.document, gone.retention_class) == (stored.document, "lien-papers")
    for kept, content in ((other, b"2"), (held, b"3")):
        got = await lab.safe.get(CONNECTION, kept.document, who="ana", why="test")
        assert got == CONTENT + content


async def test_project_that_was_opened_again_keeps_its_papers_until_it_is_completed_anew(lab: Lab) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT)
    await say_completed(lab, lab.clock.now().date())
    lab.clock.advance(timedelta(days=30))
    await say_completed(lab, None)
    lab.clock.advance(THREE_YEARS)
    assert await lab.whole.rounds.destroy_due() == []
    await say_completed(lab, lab.clock.now().date())
    lab.clock.advance(THREE_YEARS - timedelta(days=1))
    assert await lab.whole.rounds.destroy_due() == []
    lab.clock.advance(timedelta(days=1))
    assert [one.document for one in await lab.whole.rounds.destroy_due()] == [stored.document]


async def test_project_that_is_opened_again_while_the_night_destroys_keeps_what_is_left(
    lab: Lab,
) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT)
    await say_completed(lab, lab.clock.now().date())
    lab.clock.advance(THREE_YEARS)
    looked = await lab.whole.rounds.due()
    await say_completed(lab, None)
    for one in looked:
        assert not await lab.safe.destroy_due(one, still=partial(lab.whole.rounds._is_still_due, one))
    assert await lab.safe.get(CONNECTION, stored.document, who="ana", why="test") == CONTENT


async def test_what_is_said_of_a_completion_is_kept_once_and_never_changed(lab: Lab) -> None:
    await lab.safe.put(CONTENT, ABOUT)
    day = lab.clock.now().date()
    for on in (day, day, None, None, day - timedelta(days=1)):
        await say_completed(lab, on)
    said = await rows(lab.pool, "SELECT completed_on, said_by, why FROM safe_completions ORDER BY id")
    assert [tuple(row.values()) for row in said] == [
        (on, "ana", "handed over") for on in (day, None, day - timedelta(days=1))
    ]
    with pytest.raises(asyncpg.RaiseError, match="only added to"):
        await rows(lab.pool, "UPDATE safe_completions SET completed_on = NULL")
    [project] = await lab.whole.completions.projects(CONNECTION)
    assert (project["papers"], project["completed_on"]) == (1, day - timedelta(days=1))


async def test_completion_of_a_project_without_papers_or_to_come_is_refused(lab: Lab) -> None:
    with pytest.raises(NoPapersOfProjectError):
        await say_completed(lab, lab.clock.now().date())
    await lab.safe.put(CONTENT, ABOUT)
    with pytest.raises(NotCompletedYetError):
        await say_completed(lab, lab.clock.now().date() + timedelta(days=1))
    assert await rows(lab.pool, "SELECT 1 FROM safe_completions") == []


async def test_scrub_tells_what_is_spoiled_and_reads_the_longest_unread_first(lab: Lab) -> None:
    documents = [(await lab.safe.put(CONTENT + bytes([n]), ABOUT)).document for n in range(3)]
    [name] = [item.name for item in await lab.stored() if documents[1] in item.name]
    await lab.objects.delete(name)
    await lab.objects.put(name, b"PLBSAFE something else")
    first = await lab.whole.rounds.scrub(2)
    lab.clock.advance(timedelta(minutes=1))
    second = await lab.whole.rounds.scrub(1)
    assert (first.checked, second.checked) == (
        2,
        1 + len(first.spoiled),
    )  # what is spoiled may be restored by now
    assert {*first.spoiled, *second.spoiled} == {(CONNECTION, documents[1])}
    lab.clock.advance(timedelta(minutes=1))
    assert (await lab.whole.rounds.scrub(3)).spoiled == ((CONNECTION, documents[1]),)
    [row] = await lab.whole.views.spoiled(CONNECTION)
    assert (row["document"], row["object"]) == (documents[1], name)
    await figures(lab).look()
    assert spoiled_papers() == 1
    await lab.safe.put(CONTENT + bytes([1]), ABOUT)
    await figures(lab).look()
    assert (spoiled_papers(), await lab.whole.views.spoiled(CONNECTION)) == (0, [])


def figures(lab: Lab) -> PaperFigures:
    return PaperFigures(
        lab.pool, connections=[CONNECTION], clock=lab.clock, acknowledged_within=timedelta(hours=24)
    )


def spoiled_papers() -> float | None:
    return REGISTRY.get_sample_value("plumbline_papers_spoiled", {"connection": CONNECTION})


async def test_paper_that_was_restored_is_sound_again(lab: Lab) -> None:
    stored = await lab.safe.put(CONTENT, ABOUT)
    [name] = [item.name for item in await lab.stored()]
    kept = await lab.objects.get(name)
    await lab.objects.delete(name)
    assert (await lab.whole.rounds.scrub(9)).spoiled == ((CONNECTION, stored.document),)
    await lab.objects.put(name, kept)
    assert (await lab.whole.rounds.scrub(9)).spoiled == ()
    assert await lab.whole.views.spoiled(CONNECTION) == []


async def test_scrub_removes_old_orphans_and_nothing_else(lab: Lab) -> None:
    lab.clock.advance(datetime.now(UTC) - lab.clock.now())
    stored = await lab.safe.put(CONTENT, ABOUT)
    orphan = f"papers/aa/bb/{'a' * 64}.{'b' * 32}"
    for name in (orphan, "papers/readme.txt", "others/thing"):
        await lab.objects.put(name, b"x")
    assert (await lab.whole.rounds.scrub(9)).orphans_removed == 0  # it may be on its way into the index
    lab.clock.advance(ORPHAN_AGE + timedelta(minutes=1))
    assert (await lab.whole.rounds.scrub(9)).orphans_removed == 1
    names = {item.name for item in await lab.stored()}
    assert orphan not in names
    assert len(names) == 3
    assert await lab.safe.get(CONNECTION, stored.document, who="ana", why="test") == CONTENT


async def test_too_many_orphans_are_left_for_a_person(lab: Lab) -> None:
    lab.clock.advance(datetime.now(UTC) - lab.clock.now())
    for number in range(ORPHANS_MAX + 1):
        await lab.objects.put(f"papers/aa/bb/{'a' * 64}.{number:032x}", b"x")
    lab.clock.advance(ORPHAN_AGE + timedelta(minutes=1))
    found = await lab.whole.rounds.scrub(9)
    assert (found.orphans_removed, found.orphans_left) == (0, ORPHANS_MAX + 1)
    assert len(await lab.stored()) == ORPHANS_MAX + 1


async def test_one_of_several_replicas_does_the_round_once_a_night(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights = Nights(lab, monkeypatch)
    assert [await nights.look() for _ in range(3)] == [1, 1, 1]
    lab.clock.advance(timedelta(hours=23, minutes=59))
    assert await nights.look() == 1
    lab.clock.advance(timedelta(minutes=1))
    assert [await nights.look() for _ in range(2)] == [2, 2]


async def test_round_that_fails_is_made_up_for_the_same_night(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights = Nights(lab, monkeypatch, fails=RuntimeError("a bug"))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="a bug"):
            await nights.look()
    nights.fails = None
    assert [await nights.look() for _ in range(2)] == [3, 3]


async def test_round_of_a_process_that_died_is_done_by_another(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights = Nights(lab, monkeypatch, fails=KilledError())
    with pytest.raises(KilledError):
        await nights.look()
    nights.fails = None
    lab.clock.advance(ROUND_LEASE - timedelta(minutes=1))
    assert await nights.look() == 1
    lab.clock.advance(timedelta(minutes=1))
    assert [await nights.look() for _ in range(2)] == [2, 2]


async def test_replica_that_comes_back_late_does_not_end_the_round_of_another(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights = Nights(lab, monkeypatch)

    async def taken_over() -> None:
        lab.clock.advance(ROUND_LEASE)
        nights.fails = KilledError()
        with pytest.raises(KilledError):
            await nights.look()
        nights.fails = None

    nights.meanwhile = taken_over
    assert await nights.look() == 2
    lab.clock.advance(ROUND_LEASE)
    assert await nights.look() == 3  # the second was not ended by the first


@dataclass
class Nights:
    """Rounds that are counted, and fail as they are told to."""

    lab: Lab
    patch: pytest.MonkeyPatch
    fails: BaseException | None = None
    meanwhile: Callable[[], Awaitable[None]] | None = None
    count: int = 0

    def __post_init__(self) -> None:
        self.patch.setattr(self.lab.whole.rounds, "work", self._work)

    async def look(self) -> int:
        """Let a replica look whether a round is due; return how many were begun so far."""
        await self.lab.whole.rounds.round()
        return self.count

    async def _work(self) -> None:
        self.count += 1
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            await meanwhile()
        if self.fails:
            raise self.fails


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.connected)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> SafeSettings:
    """Give the settings of a store that nobody has used."""
    made = (
        SafeSettings(safe_url=(tmp_path / "papers").as_uri())
        if request.param == "folder"
        else s3_settings(request.getfixturevalue("s3"), tmp_path)
    )
    make_key_file(tmp_path / "safe-key")
    return made.model_copy(update={"safe_key_file": tmp_path / "safe-key"})


def opened(settings: SafeSettings, pool: Pool) -> AbstractAsyncContextManager[OpenSafe]:
    return open_safe(
        settings,
        config_dir=CONFIG,
        pool=pool,
        clock=FakeClock(datetime.now(UTC)),
        secrets=MemorySecretStore(),
    )


async def test_store_of_another_installation_is_refused_and_left_alone(
    settings: SafeSettings, database_url: str
) -> None:
    async with compliance_pool(database_url) as pool:
        async with opened(settings, pool) as first, opened(settings, pool) as replica:
            stored = await first.papers.put(CONTENT, ABOUT)
            assert not (await replica.papers.put(CONTENT, ABOUT)).is_new
        async with opened(settings, pool) as again:
            assert (await again.rounds.scrub(9)).orphans_left == 0
        await rows(pool, "UPDATE safe_installation SET name = 'another'")
        with pytest.raises(ForeignStoreError, match="belongs to another installation") as refused:
            async with opened(settings, pool):
                pass
        assert refused.value.code == "foreign-store"
        objects, keys = open_objects(settings), FileDataKeys(KeyFile(settings.safe_key_file or Path()))
        clock = FakeClock(datetime.now(UTC) + timedelta(days=1))
        away_at_the_start = whole(objects, keys, pool, clock)
        await rows(
            pool, "UPDATE safe_papers SET key_id = decode('00', 'hex')"
        )  # as another's index: it knows none of them
        with pytest.raises(ForeignStoreError):
            await away_at_the_start.rounds.scrub(0)
        names = [item.name async for page in objects.every() for item in page]
        assert any(stored.document in name for name in names)


async def test_replicas_that_start_at_once_agree_whose_store_it_is(lab: Lab) -> None:
    await asyncio.gather(*(Belonging(lab.objects, lab.pool).check() for _ in range(8)))
    assert len(await rows(lab.pool, "SELECT name FROM safe_installation")) == 1
