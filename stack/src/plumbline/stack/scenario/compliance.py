"""The compliance play: papers that are wrong, then right, and the money that waits for them, in two states.

Judged by what the books of the sandbox hold, and by what compliance tells in the topics, read as others read it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from rich.console import Console

from plumbline.common.contracts.documents import DocumentDecided, PayableChanged
from plumbline.stack.scenario import compliance_cast as cast
from plumbline.stack.scenario import configuring
from plumbline.stack.scenario.compliance_cast import Job, Waivers, job_of
from plumbline.stack.scenario.compliance_found import (
    IN_ORDER,
    bills,
    due,
    held_by,
    kinds,
    needed,
    said,
    state,
    why,
)
from plumbline.stack.scenario.compliance_people import Invoice, People
from plumbline.stack.scenario.handing_in import dollars
from plumbline.stack.scenario.observing import Desk, Seen, attended, observing, once
from plumbline.stack.scenario.performance import strike
from plumbline.stack.scenario.stage import Stage
from plumbline.stack.scenario.timeline import DisagreementError, Timeline, TimelineSummary

DURATIONS = {
    **configuring.DURATIONS,
    "PLUMBLINE_SWEEP_S": "1",
    "PLUMBLINE_REQUISITIONS_S": "3",
    "PLUMBLINE_REMEMBERED_S": "1",
}
"""What this scenario shortens; it prints them."""

LIMITS = {"procore": {"spike": 500, "hourly": 100_000}}
"""What Procore allows in an hour is asked for in minutes here, for pauses are shortened."""

BEHIND = timedelta(hours=12)
"""So far behind UTC the day has begun in every state: nothing may be signed, or paid, tomorrow."""

DUCTWORK = 1
"""The line of the seeded contract that is billed."""

WORK_CENTS = 1_000_000
DUE_CENTS = WORK_CENTS * 90 // 100
"""The seeded contract holds ten percent back."""

WRONG_CENTS = DUE_CENTS + 90_000
"""For so much is the waiver that somebody got wrong."""


@dataclass(slots=True)
class Play:
    """The play on a stage that is set."""

    on: Stage
    seen: Seen
    line: Timeline
    today: date
    desk: Desk
    """The Ohio plumbers'."""

    async def play(self) -> None:
        """Play all of it.

        Raises:
            DisagreementError: a step did not end as it must.
        """
        texas = job_of(self.on.world, "TX01", "HVAC")
        forms, signed_on = self.on.shipped / "rules" / "forms", max(self.today, cast.THROUGH)
        waivers = Waivers(texas, forms, DUE_CENTS, signed_on)
        await self._papers_on_file(texas)
        invoice = await self._billed(texas)
        await self._escrowed(invoice, waivers)
        await self._wrong(invoice, waivers)
        await self._held(invoice)
        await self._released(invoice, waivers)
        await self._paid_in_books(invoice)
        await self._settled(invoice)
        await self._dispatched(job_of(self.on.world, "OH01", "Plumbing"))
        await self._nowhere(job_of(self.on.world, "OH06", "Plumbing"))

    @property
    def people(self) -> People:
        """Everybody."""
        return People(self.on.control, self.on.operators)

    # ---- Texas

    async def _papers_on_file(self, job: Job) -> None:
        papers = [make(job, self.today) for make in (cast.texas_licence, cast.w9, cast.certificate)]
        await self.people.file(job, papers)
        self.line.did(
            job.vendor, "files its TDLR licence, its W-9 and its certificate of insurance in Procore."
        )
        found = [await self._paper(job, paper.name, IN_ORDER) for paper in papers]
        self.line.saw(
            "compliance",
            "reads the three papers, checks them by Texas' rules, and has them on file.",
            expected="licence, w9, coi.acord25: in order",
            found=kinds(found),
        )

    async def _billed(self, job: Job) -> Invoice:
        invoice = await self.people.bill(job, line=DUCTWORK, cents=WORK_CENTS)
        self.line.did(
            job.vendor, f"bills {job.firm} ${dollars(WORK_CENTS)} of ductwork; ten percent is held back."
        )
        told = await self._payable(invoice, lambda p: needed(p, "lien-waiver") == "missing")
        self.line.saw(
            "compliance",
            said(told, "says what the payment will need."),
            expected=f"draft, ${dollars(DUE_CENTS)} due; the lien waiver is missing",
            found=f"{state(told)}, {due(told)}; the lien waiver is {needed(told, 'lien-waiver')}",
        )
        return invoice

    async def _escrowed(self, invoice: Invoice, waivers: Waivers) -> None:
        paper = waivers.unconditional("unconditional.pdf")
        waiver = await self.people.waive(invoice, paper, "unconditional_progress")
        self.line.did(
            invoice.job.vendor,
            "signs the unconditional waiver beforehand; it is to count once the money is there.",
        )
        told = await self._paper(invoice.job, waiver, ("held",))
        self.line.saw(
            "compliance",
            why(told, "TX-LW-06", "keeps it in escrow."),
            expected="held by TX-LW-06",
            found=held_by(told),
        )

    async def _wrong(self, invoice: Invoice, waivers: Waivers) -> None:
        paper = waivers.conditional("conditional.pdf", amount_cents=WRONG_CENTS)
        waiver = await self.people.waive(invoice, paper, "conditional_progress")
        self.line.did(invoice.job.vendor, f"sends the conditional waiver, but for ${dollars(WRONG_CENTS)}.")
        told = await self._paper(invoice.job, waiver, ("held",))
        self.line.saw(
            "compliance",
            why(told, "TX-LW-07", "finds it wrong."),
            expected="held by TX-LW-07",
            found=held_by(told),
        )

    async def _held(self, invoice: Invoice) -> None:
        await self.people.approve(invoice)
        self.line.did("project manager", "approves the invoice in Procore.")
        told = await self._payable(invoice, lambda p: p.state == "held")
        self.line.saw(
            "compliance",
            said(told, "holds the money."),
            expected="held; the lien waiver is wrong",
            found=f"{state(told)}; the lien waiver is {needed(told, 'lien-waiver')}",
        )
        self.line.saw(
            "QuickBooks",
            "shows the bill: the debt is there, and must not be paid yet.",
            expected=f"one bill of ${dollars(DUE_CENTS)}, unpaid",
            found=bills(await self.people.bills(invoice)),
        )

    async def _released(self, invoice: Invoice, waivers: Waivers) -> None:
        paper = waivers.conditional("conditional-corrected.pdf")
        await self.people.waive(invoice, paper, "conditional_progress")
        self.line.did(invoice.job.vendor, f"sends the waiver anew, for ${dollars(DUE_CENTS)}.")
        told = await self._payable(invoice, lambda p: p.state == "released")
        self.line.saw(
            "compliance",
            said(told, "releases the money."),
            expected="released; the lien waiver is met",
            found=f"{state(told)}; the lien waiver is {needed(told, 'lien-waiver')}",
        )

    async def _paid_in_books(self, invoice: Invoice) -> None:
        await self.people.pay(invoice)
        self.line.did("bookkeeper", f"pays the bill in QuickBooks, ${dollars(DUE_CENTS)} from Checking.")
        told = await self._payable(invoice, lambda p: p.state == "paid")
        self.line.saw(
            "compliance",
            said(told, "sees the payment."),
            expected="paid; the unconditional waiver is in escrow",
            found=f"{state(told)}; the unconditional waiver is {await self._escrow(invoice)}",
        )

    async def _settled(self, invoice: Invoice) -> None:
        word = {"reference": "ACH-0117", "settled_on": self.today.isoformat(), "amount_cents": DUE_CENTS}
        await self.on.operators.settle(invoice.payable, word)
        self.line.did("bank", f"says that ${dollars(DUE_CENTS)} has arrived at {invoice.job.vendor}.")
        told = await self._payable(invoice, lambda p: needed(p, "unconditional-waiver") == "met")
        self.line.saw(
            "compliance",
            said(told, "sets the unconditional waiver free."),
            expected="paid; the unconditional waiver is free, and met",
            found=f"{state(told)}; the unconditional waiver is {await self._escrow(invoice)}, "
            f"and {needed(told, 'unconditional-waiver')}",
        )
        self.line.saw(
            "QuickBooks",
            "holds one bill of the invoice, and it is paid.",
            expected=f"one bill of ${dollars(DUE_CENTS)}, paid",
            found=bills(await self.people.bills(invoice)),
        )

    # ---- Ohio, and nowhere

    async def _dispatched(self, job: Job) -> None:
        makers = (cast.ohio_licence, cast.certificate, cast.notice_of_furnishing)
        papers = [make(job, self.today) for make in makers]
        await self.people.upload(job, papers)
        self.line.did(
            job.vendor, "mails its OCILB licence, its certificate of insurance and a notice of furnishing."
        )
        names = sorted(paper.name for paper in papers)
        await once(lambda: self._at_desk(job) == names or None)
        self.line.saw(
            self.desk.by,
            " ".join(["gets the three papers.", *sorted({one.sentence for one in self.desk.tickets})]),
            expected=f"{', '.join(names)} on dispatch.us-oh.v1",
            found=f"{', '.join(self._at_desk(job))} on dispatch.{self.desk.region}.v1",
        )
        found = [await self._paper(job, paper.name, ("acknowledged",)) for paper in papers]
        self.line.saw(
            "compliance",
            "knows that the desk has taken them.",
            expected="acknowledged",
            found=", ".join(sorted({one.state if one else "not seen" for one in found})),
        )

    async def _nowhere(self, job: Job) -> None:
        await self.people.empty_state(job)
        await self.people.upload(job, [cast.notice_of_furnishing(job, self.today)])
        self.line.did(
            job.vendor, f"mails a notice for {job.project['name']}, whose address in Procore has no state."
        )
        mine = job.project["id"]
        held = await once(lambda: next((one for one in self.seen.held if one.project_id == mine), None))
        self.line.saw(
            "compliance",
            held.sentence if held else "sends it to no desk.",
            expected="held: no-region",
            found=f"held: {held.code}" if held else "nothing",
        )

    # ---- what comes of it

    async def _paper(self, job: Job, mark: str, states: Sequence[str]) -> DocumentDecided | None:
        """Return what was decided about a paper once it is in one of the states; if it never is, what it is in.

        `mark` is its file's name, or its id where it came from.
        """

        def now() -> DocumentDecided | None:
            return self.seen.of(job.project["id"], mark)

        await once(lambda: one if (one := now()) and one.state in states else None)
        return now()

    async def _payable(
        self, invoice: Invoice, holds: Callable[[PayableChanged], bool]
    ) -> PayableChanged | None:
        """Return what is told of an invoice once something holds of it; if it never does, what is told then."""

        def now() -> PayableChanged | None:
            return self.seen.payables.get(invoice.payable)

        await once(lambda: one if (one := now()) and holds(one) else None)
        return now()

    async def _escrow(self, invoice: Invoice) -> str:
        rows = (await self.on.operators.payable(invoice.payable))["escrow"]
        if not rows:
            return "nowhere"
        return "free" if all(row["released_at"] for row in rows) else "in escrow"

    def _at_desk(self, job: Job) -> list[str]:
        return sorted(one.file_name for one in self.desk.tickets if one.project_id == job.project["id"])


async def perform_compliance(on: Stage, console: Console, *, kill: Sequence[str] = ()) -> TimelineSummary:
    """Play it, and judge each step."""
    line, is_whole = Timeline(), False
    (await on.control.post("/control/limits", json=LIMITS)).raise_for_status()
    ohio, texas = Desk("us-oh", "plumbing", "Columbus desk"), Desk("us-tx", "hvac", "Austin desk")
    async with observing(on.kafka) as seen, attended(on.kafka, [ohio, texas]):
        play = Play(on, seen, line, (datetime.now(UTC) - BEHIND).date(), ohio)
        strikes = [asyncio.create_task(strike(on, name, place)) for place, name in enumerate(kill)]
        try:
            with console.status("people send papers, approve and pay"):
                await play.play()
            is_whole = True
        except DisagreementError:
            pass
        await asyncio.gather(*strikes)
    return TimelineSummary("Papers before money", line.steps, is_whole)
