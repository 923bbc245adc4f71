"""Reading more than one answer holds, dying in the middle of it, and coming back after a long pause."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import httpx
import pytest
from reading_lab import horizon, known, truth
from typing_extensions import override
from writer_lab import READS_PER_MONTH, REALM, Cutting, Hurried, Tokens, WriterLab
from writer_wishes import bill

from plumbline.common.clock import SystemClock
from plumbline.common.database import Pool, borrowed, transaction
from plumbline.common.listening import Bell
from plumbline.common.reconciling.loop import Reconciler
from plumbline.common.reconciling.marks import Lane
from plumbline.common.reconciling.store import WorkStore
from plumbline.common.testing.crashing import Doom, DoomedPool, Fate, KilledError
from plumbline.qb_writer.adapters.books import RealmBooks
from plumbline.qb_writer.adapters.holdings import HeldDocuments
from plumbline.qb_writer.adapters.reads import Reads
from plumbline.qb_writer.service import Reader
from plumbline.quickbooks.client import QuickBooksClient
from plumbline.quickbooks.errors import QuickBooksUnavailableError

pytest_plugins = ["writer_fixtures"]


class DoomedCalls(httpx.AsyncBaseTransport):
    """Calls that are steps: each may be the one at which the process dies."""

    def __init__(self, inner: httpx.AsyncBaseTransport, doom: Doom) -> None:
        self._inner = inner
        self._doom = doom

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        error = QuickBooksUnavailableError("cut")
        return await self._doom.step(
            f"call {request.url.path}", lambda: self._inner.handle_async_request(request), error=error
        )


class MeddledWith(httpx.AsyncBaseTransport):
    """A bookkeeper changes what comes first of everything, each time before a page of one moment is read."""

    def __init__(self, lab: WriterLab, ids: list[str]) -> None:
        self._inner = Cutting(lab.world)
        self._lab = lab
        self._ids = ids

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if "startposition" in request.url.params.get("query", ""):
            self._lab.world.clock.step(2)
            for _ in range(300):
                changed = {"Id": self._ids.pop(0), "TxnDate": "2026-01-01"}
                self._lab.person("Invoice", changed)
        return await self._inner.handle_async_request(request)


@asynccontextmanager
async def doomed(lab: WriterLab, doom: Doom, realm: str = REALM) -> AsyncIterator[Reconciler]:
    """A replica of the reader that dies at the step which `doom` names; it works nothing else."""
    transport = DoomedCalls(Cutting(lab.world), doom)
    async with reading_through(transport, DoomedPool(lab.pool, doom), realm) as loop:
        yield loop


@asynccontextmanager
async def reading_through(
    transport: httpx.AsyncBaseTransport, pool: Pool, realm: str = REALM
) -> AsyncIterator[Reconciler]:
    """A replica that works nothing but the reading of a realm."""
    async with httpx.AsyncClient(transport=transport, base_url="https://quickbooks.example") as http:
        governor = Hurried(pool)
        turn = partial(governor.take_turn, realm, lane=Lane.SWEEP, reads=0)
        client = QuickBooksClient(http, Tokens(), realm_id=realm, deadline_s=5, turn=turn)

        async def books(_: str, lane: Lane) -> RealmBooks:
            return RealmBooks(
                realm=realm,
                lane=lane,
                client=client,
                tokens=Tokens(),
                governor=governor,
                reads=Reads(pool=pool, app_of=str, per_month=READS_PER_MONTH),
                clock=SystemClock(),
                send_within=timedelta(seconds=10),
            )

        reader = Reader(
            holdings=HeldDocuments(pool),
            books=books,
            realms={realm},
            clock=SystemClock(),
            look=timedelta(hours=1),
        )
        store = WorkStore(pool, replica="doomed", lease=timedelta(seconds=10), per_connection=8)
        yield Reconciler(
            service="qb-writer",
            store=store,
            handler=reader.converge,
            clock=SystemClock(),
            bell=Bell(),
            concurrency=1,
        )


async def work_till_death(lab: WriterLab, doom: Doom) -> None:
    """Read until nothing is due for an hour, or death."""
    await lab.mark_books(REALM)
    async with doomed(lab, doom) as loop:
        for _ in range(60):
            await loop.work_off()
            await asyncio.sleep(0.06)
            async with borrowed(lab.pool) as connection:
                due = "SELECT count(*) FROM work WHERE due_at < now() + interval '1 minute'"
                if not await connection.fetchval(due):
                    return


async def forget_all(lab: WriterLab) -> None:
    """Let nothing of the books be known, as before the first start."""
    async with borrowed(lab.pool) as connection:
        await connection.execute("TRUNCATE documents, horizons, work")


async def free_leases(lab: WriterLab) -> None:
    """Do what a replica does that starts again under its name."""
    async with borrowed(lab.pool) as connection:
        await connection.execute("UPDATE work SET leased_until = NULL, leased_by = NULL, fence = fence + 1")


def a_few_strangers(lab: WriterLab) -> None:
    invoices = [lab.person("Invoice", lab.stranger(f"I-{n}")) for n in range(4)]
    for invoice in invoices[:2]:
        link = [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
        line = {"Amount": 40, "LinkedTxn": link}
        lab.person("Payment", {"CustomerRef": invoice["CustomerRef"], "TotalAmt": 40, "Line": [line]})


@pytest.mark.parametrize("fate", Fate)
async def test_reading_that_dies_at_any_call_or_commit_goes_on_where_it_was_stored(
    hurried: WriterLab, fate: Fate
) -> None:
    a_few_strangers(hurried)
    whole = Doom.none()
    await work_till_death(hurried, whole)
    assert await known(hurried) == truth(hurried)
    deadly = [n for n, name in enumerate(whole.names, 1) if name.startswith(("call", "COMMIT"))]
    assert len([name for name in whole.names if name.startswith("call")]) == 7
    for step in deadly:
        await forget_all(hurried)
        doom = Doom(at=step, fate=fate)
        with pytest.raises(KilledError):
            await work_till_death(hurried, doom)
        await free_leases(hurried)
        again = Doom.none()
        await work_till_death(hurried, again)
        assert await known(hurried) == truth(hurried), (step, whole.names[step - 1])
        reached = await horizon(hurried)
        assert (reached.reading, reached.complete_since is None, reached.watermark is None) == (
            None,
            False,
            False,
        )
        calls = [name for name in [*doom.names, *again.names] if name.startswith("call")]
        # What was stored is not read again: death costs the step that it struck, or a look if it came after the end.
        assert len(calls) <= 7 + 1, (step, whole.names[step - 1])


@pytest.mark.parametrize("fate", Fate)
async def test_look_that_dies_at_any_call_or_commit_loses_no_change_and_tells_of_each_once(
    hurried: WriterLab, fate: Fate
) -> None:
    await hurried.want(hurried.wish())
    await hurried.look()
    [invoice] = hurried.invoices()
    counting = Doom.none()
    await work_till_death(hurried, counting)
    deadly = [n for n, name in enumerate(counting.names, 1) if name.startswith(("call", "COMMIT"))]
    assert len(deadly) >= 2
    for step in deadly:
        heard = (await hurried.record("invoice/1/2/1")).heard
        hurried.person("Invoice", {"Id": invoice["Id"], "TxnDate": f"2026-01-{step + 1:02}"})
        with pytest.raises(KilledError):
            await work_till_death(hurried, Doom(at=step, fate=fate))
        await free_leases(hurried)
        await hurried.look()
        assert (await hurried.record("invoice/1/2/1")).heard == heard + 1
        assert await hurried.parked() == {"invoice/1/2/1": "changed-in-quickbooks"}
        assert await known(hurried) == truth(hurried)


async def test_two_replicas_at_once_read_the_books_once(hurried: WriterLab) -> None:
    a_few_strangers(hurried)
    await hurried.mark_books(REALM)
    async with doomed(hurried, Doom.none()) as one, doomed(hurried, Doom.none()) as two:
        for _ in range(12):
            await asyncio.gather(one.work_off(), two.work_off())
            await asyncio.sleep(0.06)
    assert await known(hurried) == truth(hurried)
    assert hurried.calls() == 7


async def test_thousands_of_documents_of_one_moment_are_read_and_followed(hurried: WriterLab) -> None:
    strangers = [hurried.person("Invoice", hurried.stranger(f"I-{n}")) for n in range(2_500)]
    await hurried.want(hurried.wish())
    await hurried.want(bill(hurried))
    assert len({i["MetaData"]["LastUpdatedTime"] for i in strangers}) == 1
    await hurried.look()
    assert await known(hurried) == truth(hurried)

    [ours] = hurried.held("Invoice")
    hurried.world.clock.step(1_200)
    for invoice in [*strangers[5:], ours]:
        hurried.person("Invoice", {"Id": invoice["Id"], "TxnDate": "2026-01-01"})
    for invoice in strangers[:5]:
        hurried.person("Invoice", {"Id": invoice["Id"]}, "delete")
    [owed] = hurried.held("Bill")
    hurried.person("Bill", {"Id": owed["Id"], "PrivateNote": "what a person wrote"})
    calls = await hurried.look()
    assert await known(hurried) == truth(hurried)
    assert await hurried.parked() == {
        "invoice/1/2/1": "changed-in-quickbooks",
        "bill/1/2/1": "changed-in-quickbooks",
    }
    # One look at all and one at each kind; a page, the count and three pages of the older moment (none of ours), the
    # same of the newer one, the last page, five that are missing, and our two documents.
    assert calls <= 8 + 1 + 4 + 5 + 1 + 5 + 2
    # What crowds a look is still there in the next one, which overlaps with it; then one call is enough again.
    for crowded in (True, False):
        hurried.world.clock.step(800)
        assert (await hurried.look() > 1) == crowded
        assert (await horizon(hurried)).reading is None
    assert await known(hurried) == truth(hurried)


async def test_moment_that_does_not_end_with_its_page_is_read_to_its_end(hurried: WriterLab) -> None:
    for moment in range(2):
        hurried.world.clock.step(2)
        for n in range(700):
            hurried.person("Invoice", hurried.stranger(f"I-{moment}-{n}"))
    assert await hurried.look() == 6 + 2
    assert await known(hurried) == truth(hurried)


async def test_what_is_changed_while_a_crowded_moment_is_read_pushes_nothing_out_of_sight(
    hurried: WriterLab,
) -> None:
    ids = [hurried.person("Invoice", hurried.stranger(f"I-{n}"))["Id"] for n in range(2_500)]
    await hurried.mark_books(REALM)
    async with reading_through(MeddledWith(hurried, list(ids)), hurried.pool) as loop:
        for _ in range(12):
            await loop.work_off()
            await asyncio.sleep(0.06)
    assert {quickbooks_id for _, quickbooks_id in await known(hurried)} == set(ids)
    hurried.world.clock.step(800)
    await hurried.look()
    assert await known(hurried) == truth(hurried)


async def test_changes_that_fill_an_answer_together_are_asked_for_one_entity_after_the_other(
    hurried: WriterLab,
) -> None:
    await hurried.look()
    hurried.world.clock.step(1_200)
    for n in range(600):
        invoice = hurried.person("Invoice", hurried.stranger(f"I-{n}"))
        hurried.person("CreditMemo", hurried.stranger(f"C-{n}"))
        if n < 3:
            hurried.person("Invoice", {"Id": invoice["Id"]}, "delete")
    assert await hurried.look() == 8
    assert await known(hurried) == truth(hurried)
    assert (await horizon(hurried)).reading is None


async def test_what_changes_elsewhere_while_a_crowd_waits_to_be_read_is_found_by_the_next_look(
    hurried: WriterLab,
) -> None:
    await hurried.want(bill(hurried))
    await hurried.look()
    for n in range(1_000):
        hurried.person("Invoice", hurried.stranger(f"I-{n}"))
    match = {"provider": "quickbooks", "path": "/query"}
    fault = hurried.world.faults.add({"name": "html", "match": match})
    await hurried.look_once()
    reading = (await horizon(hurried)).reading
    assert reading is not None
    assert reading.entities == ("Invoice",)
    hurried.world.faults.remove(fault.id)
    [owed] = hurried.held("Bill")
    hurried.person("Bill", {"Id": owed["Id"], "TxnDate": "2026-01-01"})
    hurried.world.clock.step(1_200)
    await hurried.look()
    assert (await horizon(hurried)).reading is None
    await hurried.look()
    assert await hurried.parked() == {"bill/1/2/1": "changed-in-quickbooks"}
    assert await known(hurried) == truth(hurried)


async def test_documents_that_are_too_long_for_one_answer_are_read_and_followed_in_smaller_ones(
    hurried: WriterLab,
) -> None:
    long = hurried.stranger("long")
    [line] = long["Line"]
    long["Line"] = [{**line, "Description": f"{n} {'x' * 3_900}"} for n in range(20)]
    made = [hurried.person("Invoice", {**long, "DocNumber": f"I-{n}"}) for n in range(70)]
    hurried.world.clock.step(2)
    made += [hurried.person("Invoice", {**long, "DocNumber": f"J-{n}"}) for n in range(70)]
    await hurried.want(bill(hurried))
    # A page of each other kind; two that were too long; one of 62, the count and two pages of each moment; no more.
    assert await hurried.look() == 6 + 2 + 2 * (1 + 1 + 2) + 1
    assert await known(hurried) == truth(hurried)
    hurried.world.clock.step(1_200)
    for invoice in made:
        hurried.person("Invoice", {"Id": invoice["Id"], "TxnDate": "2026-01-01"})
    hurried.person("Invoice", {"Id": made[7]["Id"]}, "delete")
    [owed] = hurried.held("Bill")
    hurried.person("Bill", {"Id": owed["Id"], "TxnDate": "2026-01-01"})
    before = await horizon(hurried)
    await hurried.look()
    assert await known(hurried) == truth(hurried)
    assert await hurried.parked() == {"bill/1/2/1": "changed-in-quickbooks"}
    after = await horizon(hurried)
    assert before.watermark is not None
    assert after.watermark is not None
    assert after.watermark - before.watermark >= timedelta(seconds=1_200)


async def test_what_was_deleted_during_a_pause_longer_than_changes_are_told_is_noticed(
    hurried: WriterLab,
) -> None:
    await hurried.want(hurried.wish())
    await hurried.want(bill(hurried))
    strangers = [hurried.person("Invoice", hurried.stranger(f"I-{n}")) for n in range(3)]
    await hurried.look()
    first = await horizon(hurried)
    [ours], [owed] = hurried.held("Invoice"), hurried.held("Bill")
    for invoice in [ours, strangers[0]]:
        hurried.person("Invoice", {"Id": invoice["Id"]}, "delete")
    hurried.person("Bill", {"Id": owed["Id"], "TxnDate": "2026-01-01"})
    # Beyond what the next look overlaps with: change data capture cannot tell of these any more.
    hurried.world.clock.step(1_200)
    async with borrowed(hurried.pool) as connection:
        await connection.execute("UPDATE horizons SET watermark = watermark - interval '31 days'")
    await hurried.look()
    assert await known(hurried) == truth(hurried)
    assert await hurried.parked() == {
        "invoice/1/2/1": "deleted-in-quickbooks",
        "bill/1/2/1": "changed-in-quickbooks",
    }
    last = await horizon(hurried)
    assert last.complete_since == first.complete_since
    assert last.watermark is not None
    assert abs(last.watermark - hurried.world.clock.now()) < timedelta(minutes=1)


async def test_what_a_lagging_query_does_not_show_yet_is_not_taken_for_deleted(hurried: WriterLab) -> None:
    hurried.configure(index_lag_s=300)
    await hurried.want(hurried.wish())
    await hurried.look()
    assert await known(hurried) == truth(hurried)
    assert len(await known(hurried)) == 1


async def test_change_that_shows_late_is_found_by_the_overlap(hurried: WriterLab) -> None:
    await hurried.want(hurried.wish())
    await hurried.look()
    hurried.world.clock.step(1_200)
    hurried.configure(index_lag_s=300)
    [invoice] = hurried.invoices()
    hurried.person("Invoice", {"Id": invoice["Id"], "TxnDate": "2026-01-01"})
    await hurried.look()
    assert await hurried.parked() == {}
    hurried.world.clock.step(301)
    await hurried.look()
    assert await hurried.parked() == {"invoice/1/2/1": "changed-in-quickbooks"}


async def test_more_missing_documents_than_one_piece_of_work_looks_at_are_all_found(
    hurried: WriterLab,
) -> None:
    strangers = [hurried.person("Invoice", hurried.stranger(f"I-{n}")) for n in range(120)]
    await hurried.look()
    for invoice in strangers[:110]:
        hurried.person("Invoice", {"Id": invoice["Id"]}, "delete")
    hurried.world.clock.step(1_200)
    async with transaction(hurried.pool) as connection:
        await connection.execute("UPDATE horizons SET watermark = watermark - interval '31 days'")
    await hurried.look()
    assert await known(hurried) == truth(hurried)
    assert len(await known(hurried)) == 10
