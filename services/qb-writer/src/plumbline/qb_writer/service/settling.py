"""The life of one write once it is stored: sent, settled, ended."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from plumbline.common.clock import Clock
from plumbline.common.http import NotSentError
from plumbline.common.reconciling.verdicts import Verdict, Wait
from plumbline.qb_writer.domain.documents import decoded, linked_ids
from plumbline.qb_writer.domain.records import Document, File, Operation, Write
from plumbline.qb_writer.domain.refusals import mail_unknown, verdict_of
from plumbline.qb_writer.domain.writes import (
    abandoned,
    after,
    confirmed,
    is_ours,
    mailed_again,
    parameters,
    proves,
    rejected,
)
from plumbline.qb_writer.ports import Files, Following, Records
from plumbline.qb_writer.service.seeing import DuplicateError, duplicate, ours
from plumbline.qb_writer.service.work import Patience, Work, until
from plumbline.quickbooks.errors import QuickBooksUnreadableError
from plumbline.quickbooks.faults import OBJECT_NOT_FOUND, Fault, Reaction
from plumbline.quickbooks.replies import Confirmed, NotSent, RefusedAtGate, Rejected, Unknown

ANSWERED = "answered"
"""The outcome of a write whose answer came."""

NO_ACCESS = "QuickBooks refuses this app access to the company (403). Connect the company again, then resume."
"""What a person reads who is to connect a company again."""


class Settler:
    """Brings writes to their end. Every step is safe to repeat."""

    def __init__(
        self, *, records: Records, following: Following, files: Files, clock: Clock, patience: Patience
    ) -> None:
        self._records = records
        self._following = following
        self._files = files
        self._clock = clock
        self._patience = patience

    async def post(
        self, work: Work, write: Write, content: bytes | None, *, unknown_since: datetime | None = None
    ) -> Verdict | None:
        """Send a write that is stored, and end it if the answer says enough; None: plan again.

        Args:
            work: the record.
            write: its open write, with this try counted.
            content: the file that goes with it.
            unknown_since: when it was sent before, if that may have had its effect.
        """
        params = parameters(work.kind, write)
        reply = await work.books.post(work.kind.path(), write, params=params, content=content)
        match reply:
            case Confirmed(document=said):
                return await self._answered(work, write, said)
            case Rejected(fault=fault):
                return await self._reject(work, write, fault)
            case RefusedAtGate(kind=kind, retry_after=retry_after):
                await self._nothing_was_sent(work, write, f"refused at the gate: {kind}", unknown_since)
                return self._gate(work, kind, retry_after)
            case NotSent(why=why):
                await self._nothing_was_sent(work, write, why, unknown_since)
                raise NotSentError(why)
            case Unknown(why=why):
                return self._unknown(write, why)

    async def settle(self, work: Work, write: Write) -> Verdict | None:
        """Bring an open write to its end: look it up, else send the same bytes again."""
        if write.sent_at is not None and self._clock.now() < write.sent_at + self._patience.settle:
            return self._unknown(write, write.outcome or "no answer was stored")
        if write.sent_at is not None or write.operation is Operation.SEND:
            # A mail is looked up even if none of ours was sent: no version keeps us from mailing after a person.
            found = await self._found(work, write)
            if len(found) > 1:
                return self._duplicate(work, found)
            if found:
                return await self._confirm(work, write, found[0], "found by look-up")
            if write.sent_at is not None and write.mailed_before is not None:
                return await self._abandon(work, write)
        content = await self.content(write.file)
        await work.books.permit()
        again = replace(write, sent_at=self._clock.now(), tries=write.tries + 1)
        async with work.claim.transaction() as connection:
            await self._records.keep_write(connection, again)
        return await self.post(work, again, content, unknown_since=write.sent_at)

    async def _abandon(self, work: Work, write: Write) -> Verdict:
        """Give a mail up that was asked for again: one too many is worse than one too few, which is asked for again."""
        async with work.claim.transaction() as connection:
            await self._records.keep_write(connection, abandoned(write, at=self._clock.now()))
            work.record = mailed_again(replace(work.record, open_write=None, writes=write.number))
            await self._records.keep(connection, work.accounted())
        asked = mail_unknown(work.record)
        return work.park(asked.code, asked.reason)

    async def content(self, file: File | None) -> bytes | None:
        """Return the file that goes with a write, if one does.

        Raises:
            FileMissingError: needs a person.
        """
        return None if file is None else await self._files.read(file)

    def _gate(self, work: Work, kind: str, retry_after: timedelta | None) -> Verdict:
        if kind == "forbidden":
            return work.park("missing-scopes", NO_ACCESS)
        wait = retry_after or self._patience.gate
        if kind == "throttled":
            work.spent.seconds += wait.total_seconds()
        why = (
            "QuickBooks asked for fewer requests (429)" if kind == "throttled" else "waiting for a live token"
        )
        return Wait(wait, why, holds_connection=True, store=work.keeping())

    def _unknown(self, write: Write, why: str) -> Wait:
        now = self._clock.now()
        wait = until((write.sent_at or now) + self._patience.settle, now)
        return Wait(wait, f"outcome unknown ({why}); it will be looked up")

    async def _nothing_was_sent(
        self, work: Work, write: Write, why: str, unknown_since: datetime | None
    ) -> None:
        """Note that this try had no effect; an earlier one that may have had its own is still to be looked up."""
        async with work.claim.transaction() as connection:
            await self._records.keep_write(connection, replace(write, sent_at=unknown_since, outcome=why))

    async def _found(self, work: Work, write: Write) -> Sequence[Document | None]:
        """Return what shows the write's effect, if it had one; a None shows that a document was deleted."""
        if write.operation is not Operation.CREATE:
            held = await work.read(write.document_id or "")
            return [held] if proves(work.kind, write, held) else []
        return await ours(work, write, work.kind.look_ups(decoded(write.body)))

    async def _holders_of_number(self, work: Work, write: Write, fault: Fault) -> Sequence[Document | None]:
        """Return what has our number: by the id that QuickBooks names, for a query may lag, else by a look-up."""
        if fault.taken_by_id is None:
            return await self._found(work, write)
        held = await work.read(fault.taken_by_id)
        return [] if held is None else [held]

    async def _answered(self, work: Work, write: Write, said: Document) -> Verdict | None:
        if write.operation is Operation.CREATE and write.tries > 1:
            # An earlier try may have come through after the look-up.
            others = [held for held in await self._found(work, write) if held and held["Id"] != said["Id"]]
            if others:
                return self._duplicate(work, [said, *others])
        return await self._confirm(work, write, said, ANSWERED)

    def _duplicate(self, work: Work, found: Sequence[Document | None]) -> Verdict:
        return work.park(DuplicateError.code, duplicate(found))

    async def _confirm(self, work: Work, write: Write, document: Document | None, how: str) -> Verdict | None:
        """End a write whose document is at hand; one that proves nothing is read again."""
        try:
            proven = proves(work.kind, write, document, is_answer=how == ANSWERED)
        except QuickBooksUnreadableError as error:
            return self._unknown(write, error.detail)
        if document is not None and not proven:
            again = await work.read(document["Id"])
            if not self._may_be_the_one(work, write, again):
                return work.park(
                    "answer-is-not-ours",
                    f"QuickBooks answered with document {document['Id']}, which is not the one that was sent.",
                )
            if write.operation in {Operation.SEND, Operation.VOID, Operation.DELETE} and not proves(
                work.kind, write, again
            ):
                return self._unknown(write, f"{write.operation} is not visible yet")
            document = again
        now = self._clock.now()
        moved = linked_ids(work.record.observed.applied) | linked_ids(write.body)
        work.record = replace(work.record, writes=write.number)
        # Whoever waits for this record is marked first: rows of work are locked before all others.
        async with work.claim.transaction() as connection:
            await self._following.wake(connection, work.record, moved=moved, now=now)
            work.accounted()
            work.record = after(work.record, write, document, at=now)
            await self._records.keep_write(connection, confirmed(write, at=now, how=how))
            await self._records.keep(connection, work.record)
        return None

    def _may_be_the_one(self, work: Work, write: Write, document: Document | None) -> bool:
        if document is None:
            return write.operation is Operation.DELETE
        return write.operation is not Operation.CREATE or is_ours(
            work.kind, document, work.record, write.incarnation
        )

    async def _reject(self, work: Work, write: Write, fault: Fault) -> Verdict | None:
        """End a write that QuickBooks has refused for good, and say what follows; None: plan again."""
        if fault.reaction is Reaction.ADOPT_OR_CONFLICT and write.operation is Operation.CREATE:
            holders = await self._holders_of_number(work, write, fault)
            ours = [held for held in holders if proves(work.kind, write, held)]
            if ours:
                return await self._confirm(work, write, ours[0], "adopted: it was there already")
        async with work.claim.transaction() as connection:
            await self._records.keep_write(connection, rejected(write, at=self._clock.now(), why=str(fault)))
            # Whoever opened it may have died before the number was kept with the record.
            work.record = replace(work.record, open_write=None, writes=write.number)
            await self._records.keep(connection, work.accounted())
        if fault.reaction is Reaction.REREAD:
            await work.look()
            return None
        if fault.code == OBJECT_NOT_FOUND and write.document_id is not None:
            await work.look()
            if work.record.observed.removed is not None:
                return None
        return verdict_of(work.record, fault, number=write.document_number)
