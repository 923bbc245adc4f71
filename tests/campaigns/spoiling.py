"""How sabotages spoil the process that they are applied in: each replaces a named part, or fails loudly."""

import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from plumbline.common import database, edge
from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.database import Connection, borrowed
from plumbline.common.outbox import box, relay
from plumbline.qb_writer import settings
from plumbline.qb_writer.adapters import ledger
from plumbline.qb_writer.domain.kind import Correction
from plumbline.qb_writer.domain.kinds import KINDS
from plumbline.qb_writer.domain.plan import Needs
from plumbline.qb_writer.domain.records import Fate as WriteFate
from plumbline.qb_writer.domain.records import Operation, Write
from plumbline.quickbooks import transport


def replaced(owner: object, name: str, make: Callable[[Any], Any]) -> None:
    """Replace a named part by what `make` makes of it."""
    patch.object(owner, name, make(getattr(owner, name))).start()


def everywhere(name: str, make: Callable[[Any], Any]) -> None:
    """Replace a function of the writer's in every module that has imported it."""
    owners = [m for n, m in sys.modules.items() if n.startswith("plumbline.qb_writer") and hasattr(m, name)]
    if not owners:
        raise AttributeError(f"the writer has no {name}")
    for owner in owners:
        replaced(owner, name, make)


def sql(queries: dict[str, str], old: str, new: str, *names: str) -> None:
    """Replace a piece of named statements."""
    for name in names:
        if old not in queries[name]:
            raise LookupError(f"{name} says nowhere {old}")
        queries[name] = queries[name].replace(old, new)


def requests(change: Callable[[Counter[str], dict[str, str]], None]) -> Callable[[], None]:
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

        replaced(transport.Transport, "send", make)

    return apply


def without_request_id(_: Counter[str], params: dict[str, str]) -> None:
    """Send no request id."""
    del params["requestid"]


def another_request_id(sent: Counter[str], params: dict[str, str]) -> None:
    """Send another request id with each further try."""
    if times := sent[params["requestid"]]:
        params["requestid"] = f"{times}{params['requestid'][1:]}"


def see_nothing() -> None:
    """Find nothing by any query."""

    def make(send: Any) -> Any:
        async def blind(self: Any, method: str, path: str, *, params: Mapping[str, str], **how: Any) -> Any:
            if path == "/query":
                params = {**params, "query": params["query"].replace("= '", "= 'never ")}
            return await send(self, method, path, params=params, **how)

        return blind

    replaced(transport.Transport, "send", make)


def store_after_sending() -> None:
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

    replaced(ledger.Ledger, "keep_write", lambda _: later)
    replaced(transport.Transport, "send", make)


def confirm_without_the_record() -> None:
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

    replaced(ledger.Ledger, "keep_write", make_keep_write)
    replaced(ledger.Ledger, "keep", make_keep)


def send_without_looking() -> None:
    """Take an invoice that was sent once for one that was not."""

    def make(proves: Any) -> Any:
        def blind(*given: Any, **how: Any) -> bool:
            write = next(each for each in given if isinstance(each, Write))
            is_first_mail = write.operation is Operation.SEND and write.tries == 1
            return not is_first_mail and bool(proves(*given, **how))

        return blind

    everywhere("proves", make)


def have_no_patience() -> None:
    """Look an unknown outcome up at once."""

    def make(patience: Any) -> Any:
        return lambda self: replace(patience(self), settle=timedelta(0))

    replaced(settings.Settings, "patience", make)


def send_however_late() -> None:
    """Send what was stored long ago."""
    os.environ["PLUMBLINE_SEND_WITHIN_S"] = str(10**6)


def swallow_batches() -> None:
    """Take a batch for stored that could not be."""

    def make(take: Any) -> Any:
        async def swallowing(self: Any, raw: Any) -> None:
            try:
                await take(self, raw)
            except BaseException as error:  # noqa: BLE001  that is the sabotage
                edge.log.warning("sabotage.swallowed", error=repr(error))

        return swallowing

    replaced(edge._Intake, "take", make)


def adopt_whatever_has_our_number() -> None:
    """Take any document for ours."""
    everywhere("is_ours", lambda _: lambda *_, **__: True)
    everywhere("proves", lambda _: lambda *_, **__: True)


def take_the_first_number() -> None:
    """Allot no numbers."""

    async def first(*_: Any, candidates: Any = None, **__: Any) -> Any:
        return next(iter(candidates if candidates is not None else _[-1]))

    replaced(ledger.Ledger, "allot_number", lambda _: first)


def drop_the_one_open_write() -> None:
    """Leave the index out that allows one open write."""

    def make(migrations: Any) -> Any:
        index = "CREATE UNIQUE INDEX writes_one_open ON writes (key) WHERE fate = 'open';"

        def without(package: str) -> list[tuple[str, str]]:
            files: list[tuple[str, str]] = migrations(package)
            if package == "plumbline.qb_writer" and not any(index in sql for _, sql in files):
                raise LookupError(f"no migration says {index}")
            return [(name, sql.replace(index, "")) for name, sql in files]

        return without

    replaced(database, "_migrations", make)


def forget_before_publishing() -> None:
    """Empty the outbox before Kafka has it."""

    async def relay_once(self: Any, connection: Connection) -> int:
        rows = await connection.fetch(box.QUERIES["next_batch"], relay.BATCH)
        await connection.execute(box.QUERIES["published"], [row["id"] for row in rows])
        await self._publisher.publish(
            [Outgoing(r["topic"], r["key"], box.headers_of(r["headers"]), r["value"]) for r in rows]
        )
        return len(rows)

    replaced(relay.Relay, "relay_once", lambda _: relay_once)


def write_whatever_is_wished() -> None:
    """Refuse no wish, however unsound."""
    for kind in KINDS.values():
        object.__setattr__(kind, "refusal", lambda _: None)


def blind(*kinds: str) -> Callable[[], None]:
    """Return what leaves these kinds of documents without a way to be looked up."""

    def apply() -> None:
        for kind in kinds:
            object.__setattr__(KINDS[kind], "look_ups", lambda _: ())

    return apply


def be_deaf() -> None:
    """Never look at a document because somebody tells that it may have changed."""
    everywhere("situation_of", lambda real: lambda *a, **k: replace(real(*a, **k), told=False))


def correct_in_part() -> None:
    """Correct every kind by a sparse update, which leaves standing what it does not name."""
    full = [kind for kind in KINDS.values() if kind.correction is Correction.FULL]
    if not full:
        raise LookupError("no kind is corrected by a full update")
    for kind in full:
        object.__setattr__(kind, "correction", Correction.SPARSE)


def forget_the_rest() -> None:
    """Keep of a document that was read only what is ours."""
    everywhere("observing", lambda real: lambda *a, **k: replace(real(*a, **k), document=None))


def overlook_edits() -> None:
    """See no difference between what was sent and what is held."""
    everywhere("differences", lambda _: lambda *_, **__: ())


def outrun_corrections() -> None:
    """Take a document for ready that is still to be corrected."""
    everywhere("related", lambda real: lambda *a, **k: replace(real(*a, **k), is_ready=True))


def give_numbers_again() -> None:
    """Give the number of a refused write to the next one."""
    refused: set[int] = set()

    def make_keep_write(keep_write: Any) -> Any:
        async def noting(self: Any, connection: Connection, write: Write) -> None:
            await keep_write(self, connection, write)
            if write.fate is WriteFate.REJECTED:
                refused.add(id(connection))

        return noting

    def make_keep(keep: Any) -> Any:
        async def counting_less(self: Any, connection: Connection, record: Any) -> None:
            again = id(connection) in refused
            refused.discard(id(connection))
            await keep(self, connection, replace(record, writes=record.writes - again))

        return counting_less

    replaced(ledger.Ledger, "keep_write", make_keep_write)
    replaced(ledger.Ledger, "keep", make_keep)


def pay_without_looking() -> None:
    """Take it that as much is open as should be paid."""
    everywhere("needs_of", lambda _: lambda *_, **__: Needs.MET)
