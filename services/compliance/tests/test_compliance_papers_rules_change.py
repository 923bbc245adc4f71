"""Rules that change: every paper is due again, a few at a time, though replicas are killed or two go at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from papers_lab import CONNECTION, Bench, bench

from plumbline.common.database import Connection, transaction
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark
from plumbline.common.testing.database import rows
from plumbline.compliance.adapters import rule_books
from plumbline.compliance.adapters.rule_books import AT_ONCE, PostgresRuleBooks

PAPERS = 2 * AT_ONCE + 17


@pytest.fixture
async def lab(database_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench(database_url, tmp_path) as made:
        async with transaction(made.pool) as database:
            await database.execute(
                "INSERT INTO documents (connection, document, source, source_record, file_name, received_at, state, "
                "changed_at) SELECT $1, md5(i::text), 'upload', 'uploads/' || i, 'a.pdf', now(), "
                "CASE WHEN i <= $2 THEN 'validated' ELSE 'superseded' END, now() FROM generate_series(1, $2 + 9) i",
                CONNECTION,
                PAPERS,
            )
        yield made


async def due(lab: Bench) -> list[int]:
    """Return how many causes the rows of papers have that are due."""
    found = await rows(lab.pool, "SELECT cardinality(causes) AS n FROM work WHERE key LIKE 'document/%'")
    return [row["n"] for row in found]


async def begin(lab: Bench, digest: str) -> None:
    await lab.books.begin(lab.rules, digest, now=lab.clock.now())


async def test_every_paper_is_due_once_and_none_that_is_at_rest(lab: Bench) -> None:
    await begin(lab, "rules 2")

    assert await lab.books.go_through("rules 2", now=lab.clock.now()) == PAPERS
    assert await lab.books.go_through("rules 2", now=lab.clock.now()) == 0
    await begin(lab, "rules 2")
    assert await lab.books.go_through("rules 2", now=lab.clock.now()) == 0
    assert await due(lab) == [1] * PAPERS


async def test_a_replica_that_is_killed_between_two_steps_is_gone_on_for(
    lab: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begin(lab, "rules 2")
    real, steps = mark, 0

    async def dying(database: Connection, marks: Sequence[Mark], *, now: datetime) -> list[str]:
        nonlocal steps
        steps += 1
        if steps == 2:
            raise KeyboardInterrupt
        return await real(database, marks, now=now)

    monkeypatch.setattr(rule_books, "mark", dying)
    with pytest.raises(KeyboardInterrupt):
        await lab.books.go_through("rules 2", now=lab.clock.now())
    assert len(await due(lab)) == AT_ONCE

    await begin(lab, "rules 2")
    assert await lab.books.go_through("rules 2", now=lab.clock.now()) == PAPERS - AT_ONCE
    assert await due(lab) == [1] * PAPERS


async def test_two_replicas_share_the_way(lab: Bench) -> None:
    await begin(lab, "rules 2")
    replicas = [PostgresRuleBooks(lab.pool) for _ in range(2)]
    marked = await asyncio.gather(*(one.go_through("rules 2", now=lab.clock.now()) for one in replicas))

    assert sum(marked) == PAPERS
    assert await due(lab) == [1] * PAPERS


async def test_rules_that_are_replaced_meanwhile_are_gone_through_no_further(lab: Bench) -> None:
    await begin(lab, "rules 2")
    await begin(lab, "rules 3")

    assert await lab.books.go_through("rules 2", now=lab.clock.now()) == 0
    assert await lab.books.go_through("rules 3", now=lab.clock.now()) == PAPERS
