"""Sabotages of the writer: each takes out one thing that its promise rests on, and must be caught.

A sabotage is applied inside the process that it spoils: a life of the crash sweep, or pytest. It replaces
a named part, and fails loudly where that part is no more.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from plumbline.common import database, edge
from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.database import Connection, borrowed
from plumbline.common.outbox import box, relay
from plumbline.common.reconciling import store
from plumbline.qb_writer import settings
from plumbline.qb_writer.adapters import ledger
from plumbline.qb_writer.domain.records import Fate as WriteFate
from plumbline.qb_writer.domain.records import Operation, Write
from plumbline.quickbooks import transport
from tests.campaigns.cases import Case, End, Fate, Point, Retrier, Step

UNANSWERED = frozenset({Fate.LOST_AFTER, Fate.FAILED_AFTER, Fate.TRUNCATED})
"""Fates in which QuickBooks did it and nobody knows."""

CONVERGING = "services/qb-writer/tests/test_qb_writer_converging.py"
LEDGER = "services/qb-writer/tests/test_qb_writer_ledger.py"
LEASES = "libs/common/tests/test_common_reconciler_leases.py"


@dataclass(frozen=True, slots=True)
class Sabotage:
    """One thing taken out."""

    what: str
    """What is taken out, in words."""
    apply: Callable[[], None]
    cases: Callable[[Case], bool] | None = None
    """Cases of the crash sweep that must catch it …"""
    tests: Sequence[str] = field(default=())
    """… or tests, by pytest's node ids or `-k` expressions after a colon."""


def _unchecked(case: Case) -> bool:
    """Say whether QuickBooks itself would take a number twice, so that a second document shows."""
    return not case.switches["duplicate_check"]


def _lagging(case: Case) -> bool:
    return bool(case.switches["index_lag_s"])


# -- what a sabotage replaces -------------------------------------------------------------------


def _replaced(owner: object, name: str, make: Callable[[Any], Any]) -> None:
    """Replace a named part by what `make` makes of it."""
    patch.object(owner, name, make(getattr(owner, name))).start()


def _everywhere(name: str, make: Callable[[Any], Any]) -> None:
    """Replace a function of the writer's in every module that has imported it."""
    owners = [m for n, m in sys.modules.items() if n.startswith("plumbline.qb_writer") and hasattr(m, name)]
    if not owners:
        raise AttributeError(f"the writer has no {name}")
    for owner in owners:
        _replaced(owner, name, make)


def _sql(queries: dict[str, str], old: str, new: str, *names: str) -> None:
    """Replace a piece of named statements."""
    for name in names:
        if old not in queries[name]:
            raise LookupError(f"{name} says nowhere {old}")
        queries[name] = queries[name].replace(old, new)


def _requests(change: Callable[[Counter[str], dict[str, str]], None]) -> Callable[[], None]:
    """Return what changes the parameters of every request to QuickBooks; it is told how often each id went out."""

    def apply() -> None:
        sent: Counter[str] = Counter()

        def make(send: Any) -> Any:
            async def changed(
                self: Any, method: str, path: str, *, params: Mapping[str, str], **how: Any
            ) -> Any:
                mine = dict(params)
                if request_id := mine.get("requestid"):
                    change(sent, mine)
                    sent[request_id] += 1
                return await send(self, method, path, params=mine, **how)

            return changed

        _replaced(transport.Transport, "send", make)

    return apply


# -- the sabotages ------------------------------------------------------------------------------


def _without_request_id(_: Counter[str], params: dict[str, str]) -> None:
    del params["requestid"]


def _another_request_id(sent: Counter[str], params: dict[str, str]) -> None:
    if times := sent[params["requestid"]]:
        params["requestid"] = f"{times}{params['requestid'][1:]}"


def _see_nothing() -> None:
    def make(send: Any) -> Any:
        async def blind(self: Any, method: str, path: str, *, params: Mapping[str, str], **how: Any) -> Any:
            if path == "/query":
                params = {**params, "query": params["query"].replace("= '", "= 'never ")}
            return await send(self, method, path, params=params, **how)

        return blind

    _replaced(transport.Transport, "send", make)


def _store_after_sending() -> None:
    """Keep a new write only when its request has come to an end."""
    waiting: dict[str, tuple[Any, Write]] = {}
    keep_write = ledger.Ledger.keep_write

    async def later(self: Any, connection: Connection, write: Write) -> None:
        if write.fate is WriteFate.OPEN and write.tries == 1:
            waiting[write.request_id] = (self, write)
        else:
            await keep_write(self, connection, write)

    def make(send: Any) -> Any:
        async def storing(self: Any, method: str, path: str, *, params: Mapping[str, str], **how: Any) -> Any:
            try:
                return await send(self, method, path, params=params, **how)
            finally:
                if kept := waiting.pop(params.get("requestid", ""), None):
                    async with borrowed(kept[0]._pool) as connection:
                        await keep_write(kept[0], connection, kept[1])

        return storing

    _replaced(ledger.Ledger, "keep_write", lambda _: later)
    _replaced(transport.Transport, "send", make)


def _confirm_without_the_record() -> None:
    """End a write in one commit, and keep what was observed by it in a later one."""
    ending: set[int] = set()

    def make_keep_write(keep_write: Any) -> Any:
        async def noting(self: Any, connection: Connection, write: Write) -> None:
            await keep_write(self, connection, write)
            if write.fate is WriteFate.CONFIRMED:
                ending.add(id(connection))

        return noting

    def make_keep(keep: Any) -> Any:
        async def leaving_out(self: Any, connection: Connection, record: Any) -> None:
            if id(connection) in ending:
                ending.remove(id(connection))
            else:
                await keep(self, connection, record)

        return leaving_out

    _replaced(ledger.Ledger, "keep_write", make_keep_write)
    _replaced(ledger.Ledger, "keep", make_keep)


def _send_without_looking() -> None:
    """Take an invoice that was sent once for one that was not."""

    def make(proves: Any) -> Any:
        def blind(*given: Any) -> bool:
            write = next(each for each in given if isinstance(each, Write))
            is_first_mail = write.operation is Operation.SEND and write.tries == 1
            return not is_first_mail and bool(proves(*given))

        return blind

    _everywhere("proves", make)


def _have_no_patience() -> None:
    def make(patience: Any) -> Any:
        return lambda self: replace(patience(self), settle=timedelta(0))

    _replaced(settings.Settings, "patience", make)


def _send_however_late() -> None:
    os.environ["PLUMBLINE_SEND_WITHIN_S"] = str(10**6)


def _swallow_batches() -> None:
    def make(take: Any) -> Any:
        async def swallowing(self: Any, raw: Any) -> None:
            try:
                await take(self, raw)
            except BaseException as error:  # noqa: BLE001  that is the sabotage
                edge.log.warning("sabotage.swallowed", error=repr(error))

        return swallowing

    _replaced(edge._Intake, "take", make)


def _adopt_whatever_has_our_number() -> None:
    _everywhere("is_ours", lambda _: lambda *_: True)
    _everywhere("proves", lambda _: lambda *_: True)


def _take_the_first_number() -> None:
    async def first(*_: Any, candidates: Any = None, **__: Any) -> Any:
        return next(iter(candidates if candidates is not None else _[-1]))

    _replaced(ledger.Ledger, "allot_number", lambda _: first)


def _drop_the_one_open_write() -> None:
    def make(migrations: Any) -> Any:
        index = "CREATE UNIQUE INDEX writes_one_open ON writes (key) WHERE fate = 'open';"

        def without(package: str) -> list[tuple[str, str]]:
            files: list[tuple[str, str]] = migrations(package)
            if package == "plumbline.qb_writer" and not any(index in sql for _, sql in files):
                raise LookupError(f"no migration says {index}")
            return [(name, sql.replace(index, "")) for name, sql in files]

        return without

    _replaced(database, "_migrations", make)


def _forget_before_publishing() -> None:
    async def relay_once(self: Any, connection: Connection) -> int:
        rows = await connection.fetch(box.QUERIES["next_batch"], relay.BATCH)
        await connection.execute(box.QUERIES["published"], [row["id"] for row in rows])
        await self._publisher.publish(
            [Outgoing(r["topic"], r["key"], box.headers_of(r["headers"]), r["value"]) for r in rows]
        )
        return len(rows)

    _replaced(relay.Relay, "relay_once", lambda _: relay_once)


SABOTAGES: Mapping[str, Sabotage] = {
    "no-request-id": Sabotage(
        "writes carry no request id",
        _requests(_without_request_id),
        cases=lambda c: c.fate in UNANSWERED and _lagging(c) and _unchecked(c),
    ),
    "new-request-id": Sabotage(
        "a write that is sent again carries another request id",
        _requests(_another_request_id),
        cases=lambda c: c.fate in UNANSWERED and _lagging(c) and _unchecked(c),
    ),
    "no-look-up": Sabotage(
        "an unknown create is not looked up",
        _see_nothing,
        cases=lambda c: c.fate in UNANSWERED and c.retrier is Retrier.FORGOTTEN and _unchecked(c),
    ),
    "stores-after-sending": Sabotage(
        "a write is stored only after it was sent",
        _store_after_sending,
        cases=lambda c: (
            c.end is End.KILL and c.point in {Point.SENT, Point.ANSWERED, Point.READ} and _unchecked(c)
        ),
    ),
    "confirms-in-two": Sabotage(
        "the end of a write and what was observed by it are two commits",
        _confirm_without_the_record,
        cases=lambda c: c.end is End.KILL and c.point is Point.CONFIRMED and _unchecked(c),
    ),
    "no-send-guard": Sabotage(
        "nobody looks whether an invoice was mailed before it is mailed again",
        _send_without_looking,
        cases=lambda c: c.fate in UNANSWERED and Step.SEND in c.steps,
    ),
    "no-patience": Sabotage(
        "an unknown outcome is looked up while QuickBooks may still work on it",
        _have_no_patience,
        cases=lambda c: (
            c.fate is Fate.TIMEOUT
            and c.retrier is Retrier.FORGOTTEN
            and bool(c.trouble(Step.CREATE, deadline_s=1).switches)
            and _unchecked(c)
        ),
    ),
    "sends-late": Sabotage(
        "a process that stood still sends what another has settled",
        _send_however_late,
        cases=lambda c: c.end is End.STALL and c.point is Point.OPENED and Step.SEND in c.steps,
    ),
    "no-generation": Sabotage(
        "a wish that comes while a record is worked on does not make it due again",
        lambda: _sql(
            store.QUERIES,
            "generation = $3",
            "$3::bigint IS NOT NULL",
            "finish_done",
            "finish_later",
            "finish_parked",
        ),
        cases=lambda c: (
            c.end is End.TERM and c.point in {Point.SENT, Point.ANSWERED, Point.READ} and c.is_overtaken
        ),
    ),
    "swallows-batches": Sabotage(
        "the offset of a batch that could not be stored is committed",
        _swallow_batches,
        cases=lambda c: c.end is End.EXCEPTION and c.point is Point.STORING,
    ),
    "no-fence": Sabotage(
        "whoever lost a row may still finish it",
        lambda: _sql(
            store.QUERIES,
            "fence = $2",
            "$2::bigint IS NOT NULL",
            "hold_fence",
            "finish_done",
            "finish_later",
            "finish_parked",
        ),
        tests=[LEASES],
    ),
    "no-lease": Sabotage(
        "a row that somebody works on is given to another",
        lambda: _sql(
            store.QUERIES,
            "(w.leased_until IS NULL OR w.leased_until <= clock_timestamp())",
            "true",
            "claim",
        ),
        tests=[LEASES],
    ),
    "no-lanes": Sabotage(
        "what is urgent does not go first",
        lambda: _sql(store.QUERIES, "ORDER BY lane, place, due_at", "ORDER BY place, due_at", "claim"),
        tests=["libs/common/tests/test_common_reconciler_fairness.py"],
    ),
    "forgets-first": Sabotage(
        "the relay forgets a message before Kafka has it",
        _forget_before_publishing,
        tests=["libs/common/tests/test_common_outbox.py", "libs/common/tests/test_common_crashes.py"],
    ),
    "older-wins": Sabotage(
        "an older version replaces a newer one",
        lambda: _sql(ledger.QUERIES, "WHERE r.version < excluded.version", "", "receive"),
        tests=[f"{CONVERGING}::test_older_version_is_dropped"],
    ),
    "no-compare-and-set": Sabotage(
        "a write that has ended may be ended otherwise",
        lambda: _sql(ledger.QUERIES, " AND fate = 'open'", "", "close_write"),
        tests=[LEDGER],
    ),
    "two-open-writes": Sabotage(
        "the database takes two open writes of one record", _drop_the_one_open_write, tests=[LEDGER]
    ),
    "no-number-allotment": Sabotage(
        "document numbers are not allotted",
        _take_the_first_number,
        tests=[f"{CONVERGING}::test_two_records_that_want_one_number_get_two"],
    ),
    "adopts-strangers": Sabotage(
        "a document with our number counts as ours",
        _adopt_whatever_has_our_number,
        tests=[f"{CONVERGING}::test_number_taken_by_a_stranger_parks_and_resumes_once_it_is_free"],
    ),
}
"""Every sabotage, by name."""
