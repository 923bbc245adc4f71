"""The compliance play: papers that are wrong, then right, and the money that waits for them, in two states.

Judged by what the books of the sandbox hold, and by what compliance tells in the topics, read as others read it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
from rich.console import Console

from plumbline.common.contracts.documents import DocumentDecided, PayableChanged
from plumbline.stack.scenario import compliance_cast as cast
from plumbline.stack.scenario import configuring
from plumbline.stack.scenario.compliance_cast import Job, Waivers, job_of
from plumbline.stack.scenario.handing_in import Paper, dollars
from plumbline.stack.scenario.observing import SEEN_WITHIN_S, Desk, Seen, attended, observing, once
from plumbline.stack.scenario.performance import strike
from plumbline.stack.scenario.stage import Stage
from plumbline.stack.scenario.timeline import DisagreementError, Timeline, TimelineSummary

DURATIONS = {**configuring.DURATIONS, "PLUMBLINE_INTAKE_LOOK_S": "1", "PLUMBLINE_PAYABLE_LOOK_S": "1"}
"""What this scenario shortens; it prints them."""

WORK_CENTS, RETAINAGE_PERCENT = 1_000_000, 10
"""What is billed, and what of it is held back by the seeded contract."""

DUE_CENTS = WORK_CENTS * (100 - RETAINAGE_PERCENT) // 100

IN_ORDER = ("validated", "dispatch_ready", "dispatched", "acknowledged")
"""States of a paper that counts."""

TEXAS_DESK, OHIO_DESK = Desk("us-tx", "hvac", "Austin desk"), Desk("us-oh", "plumbing", "Columbus desk")


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
        await self._papers_on_file(texas)
        requisition_id = await self._bills(texas)
        waivers = Waivers(
            texas, self.on.shipped / "rules" / "forms", DUE_CENTS, max(self.today, cast.THROUGH)
        )
        payable = texas.payable(requisition_id)
        await self._escrow(texas, requisition_id, waivers)
        await self._held(texas, requisition_id, waivers)
        await self._released(texas, requisition_id, waivers)
        await self._paid_in_books(texas, payable)
        await self._settled(texas, payable)
        await self._dispatched(job_of(self.on.world, "OH01", "Plumbing"))
        await self._nowhere(job_of(self.on.world, "OH06", "Plumbing"))

    # ---- Texas

    async def _papers_on_file(self, job: Job) -> None:
        papers = [make(job, self.today) for make in (cast.texas_licence, cast.w9, cast.certificate)]
        await self._file(job, papers)
        self.line.did(job.vendor, "sends its TDLR licence, its W-9 and its certificate of insurance.")
        found = [await self._decided(job, paper.name, IN_ORDER) for paper in papers]
        self.line.saw(
            "compliance",
            "reads the three papers, checks them against Texas' rules, and puts them on file.",
            expected="licence, w9, coi.acord25 in order",
            found=", ".join(_kind(one) for one in found) + _all_in_order(found),
        )

    async def _bills(self, job: Job) -> str:
        body = {
            "commitment_id": job.commitment["id"],
            "status": "under_review",
            "items": [
                {
                    "line_item_id": job.commitment["lines"][1],
                    "work_completed_this_period": dollars(WORK_CENTS).replace(",", ""),
                }
            ],
        }
        made = await self._person("POST", "requisitions", body)
        self.line.did(
            job.vendor,
            f"bills {job.firm} ${dollars(WORK_CENTS)} of ductwork in Procore, of which 10 % is held back.",
        )
        payable = job.payable(made["id"])
        told = await self._payable(
            payable, lambda p: p.state == "draft" and _needs(p, "lien-waiver") == "missing"
        )
        self.line.saw(
            "compliance",
            _said(told, "says what the payment will need."),
            expected=f"${dollars(DUE_CENTS)} due; the lien waiver is missing",
            found=f"${dollars(told.amount_cents)} due; the lien waiver is {_needs(told, 'lien-waiver')}"
            if told
            else "nothing",
        )
        return str(made["id"])

    async def _escrow(self, job: Job, requisition_id: str, waivers: Waivers) -> None:
        paper = waivers.unconditional("unconditional-waiver.pdf")
        name = await self._waiver(job, requisition_id, paper, "unconditional_progress")
        self.line.did(
            job.vendor, "signs the unconditional waiver beforehand, to be kept until it has the money."
        )
        told = await self._decided(job, name, ("held",))
        self.line.saw(
            "compliance",
            _why(told, "TX-LW-06", "keeps it in escrow."),
            expected="held by TX-LW-06",
            found=f"{told.state} by {_holding(told)}" if told else "nothing",
        )

    async def _held(self, job: Job, requisition_id: str, waivers: Waivers) -> None:
        paper = waivers.conditional("conditional-waiver.pdf", amount_cents=DUE_CENTS + 90_000)
        name = await self._waiver(job, requisition_id, paper, "conditional_progress")
        self.line.did(
            job.vendor, f"sends a conditional waiver through Procore, but for ${dollars(DUE_CENTS + 90_000)}."
        )
        wrong = await self._decided(job, name, ("held",))
        self.line.saw(
            "compliance",
            _why(wrong, "TX-LW-07", "finds the waiver wrong."),
            expected="held by TX-LW-07",
            found=f"{wrong.state} by {_holding(wrong)}" if wrong else "nothing",
        )
        await self._person("PATCH", f"requisitions/{requisition_id}", {"status": "approved"})
        self.line.did("project manager", "approves the invoice in Procore.")
        told = await self._payable(job.payable(requisition_id), lambda p: p.state == "held")
        self.line.saw(
            "compliance",
            _said(told, "holds the money."),
            expected="held; the lien waiver is wrong",
            found=f"{told.state}; the lien waiver is {_needs(told, 'lien-waiver')}" if told else "not held",
        )
        bills = await self._bills_in_books(job, count=1)
        self.line.saw(
            "QuickBooks",
            "shows the bill: the debt is there, and must not be paid yet.",
            expected=f"one bill of ${dollars(DUE_CENTS)}, unpaid",
            found=_as_told(bills),
        )

    async def _released(self, job: Job, requisition_id: str, waivers: Waivers) -> None:
        paper = waivers.conditional("conditional-waiver-corrected.pdf")
        await self._waiver(job, requisition_id, paper, "conditional_progress")
        self.line.did(job.vendor, f"sends the waiver anew, for ${dollars(DUE_CENTS)}.")
        told = await self._payable(job.payable(requisition_id), lambda p: p.state == "released")
        self.line.saw(
            "compliance",
            _said(told, "releases the money."),
            expected="released; the lien waiver is met",
            found=f"{told.state}; the lien waiver is {_needs(told, 'lien-waiver')}"
            if told
            else "not released",
        )

    async def _paid_in_books(self, job: Job, payable: str) -> None:
        [bill] = await self._bills_in_books(job, count=1)
        await self._pays(job, bill)
        self.line.did("bookkeeper", f"pays the bill in QuickBooks, ${dollars(DUE_CENTS)} from Checking.")
        told = await self._payable(payable, lambda p: p.state == "paid")
        self.line.saw(
            "compliance",
            _said(told, "sees the payment."),
            expected="paid in the books; the unconditional waiver in escrow",
            found=f"{'paid' if told else 'not paid'} in the books; the unconditional waiver {await self._in_escrow(payable)}",
        )

    async def _settled(self, job: Job, payable: str) -> None:
        word = {
            "reference": "ACH 20261130-0117",
            "settled_on": self.today.isoformat(),
            "amount_cents": DUE_CENTS,
        }
        await self.on.operators.settle(payable, word)
        self.line.did("bank", f"says that ${dollars(DUE_CENTS)} has arrived at {job.vendor}.")
        told = await self._payable(payable, lambda p: _needs(p, "unconditional-waiver") == "met")
        self.line.saw(
            "compliance",
            _said(told, "sets the unconditional waiver free."),
            expected="paid; the unconditional waiver free and met",
            found=f"{told.state if told else 'not paid'}; the unconditional waiver {await self._in_escrow(payable)} "
            f"and {_needs(told, 'unconditional-waiver')}",
        )
        bills = await self._bills_in_books(job, count=1)
        self.line.saw(
            "QuickBooks",
            "holds one bill of this invoice, and it is paid.",
            expected=f"one bill of ${dollars(DUE_CENTS)}, paid",
            found=_as_told(bills),
        )

    # ---- Ohio, and nowhere

    async def _dispatched(self, job: Job) -> None:
        papers = [
            make(job, self.today) for make in (cast.ohio_licence, cast.certificate, cast.notice_of_furnishing)
        ]
        await self._upload(job, papers)
        self.line.did(
            job.vendor, "sends its OCILB licence, its certificate of insurance and a notice of furnishing."
        )
        names = sorted(paper.name for paper in papers)
        await once(lambda: self._taken(job) == names or None)
        sentences = {ticket.sentence for ticket in self.desk.tickets}
        self.line.saw(
            self.desk.by,
            "gets the three papers. " + " ".join(sorted(sentences)),
            expected=f"{', '.join(names)} on dispatch.us-oh.v1",
            found=f"{', '.join(self._taken(job))} on dispatch.{self.desk.region}.v1",
        )
        found = [await self._decided(job, paper.name, ("acknowledged",)) for paper in papers]
        self.line.saw(
            "compliance",
            "knows that the desk has taken them.",
            expected="acknowledged, acknowledged, acknowledged",
            found=", ".join(one.state if one else "not acknowledged" for one in found),
        )

    async def _nowhere(self, job: Job) -> None:
        await self._person("PATCH", f"projects/{job.project['id']}", {"state_code": None})
        paper = cast.notice_of_furnishing(job, self.today)
        await self._upload(job, [paper])
        self.line.did(
            job.vendor, f"sends a notice for {job.project['name']}, whose address in Procore names no state."
        )
        held = await once(
            lambda: next((one for one in self.seen.held if one.project_id == job.project["id"]), None)
        )
        self.line.saw(
            "compliance",
            held.sentence if held else "sends it to no desk.",
            expected="held: no-region",
            found=f"held: {held.code}" if held else "nothing",
        )

    # ---- what people do

    async def _file(self, job: Job, papers: Sequence[Paper]) -> None:
        """File papers with the commitment, as its compliance documents in Procore."""
        for paper in papers:
            body = {"commitment_id": job.commitment["id"], "name": paper.title, **await _attached(paper)}
            await self._person("POST", "compliance_documents", body)

    async def _upload(self, job: Job, papers: Sequence[Paper]) -> None:
        """Upload papers that came by mail."""
        place = {"project": job.project["id"], "vendor": job.commitment["vendor_id"]}
        for paper in papers:
            await self.on.operators.upload(job.connection, await paper.pdf(), file_name=paper.name, **place)

    async def _waiver(self, job: Job, requisition_id: str, paper: Paper, kind: str) -> str:
        """Hand a waiver in through Procore, which names its file; return that name."""
        body = {
            "project_id": job.project["id"],
            "invoice_id": requisition_id,
            "type": kind,
            "status": "complete",
            "pdf": (await paper.pdf()).hex(),
        }
        made = await self._person("POST", "papers/lien_waiver", body)
        return f"lien_waiver-{made['id']}.pdf"

    async def _pays(self, job: Job, bill: Mapping[str, Any]) -> None:
        link = {"TxnId": bill["Id"], "TxnType": "Bill"}
        body = {
            "VendorRef": {"value": job.vendor_in_books},
            "PayType": "Check",
            "CheckPayment": {"BankAccountRef": {"value": job.project["quickbooks"]["accounts"]["Checking"]}},
            "TotalAmt": bill["TotalAmt"],
            "Line": [{"Amount": bill["TotalAmt"], "LinkedTxn": [link]}],
        }
        _told(await self.on.control.post(f"/control/quickbooks/{job.realm}/BillPayment", json=body))

    async def _person(self, method: str, resource: str, body: Mapping[str, Any]) -> Any:
        return _told(await self.on.control.request(method, f"/control/procore/{resource}", json=dict(body)))

    # ---- what comes of it

    async def _decided(self, job: Job, name: str, states: Sequence[str]) -> DocumentDecided | None:
        """Return what was decided about a paper once it is in one of the states; if it never is, whatever it is in."""

        def now() -> DocumentDecided | None:
            document = self.seen.received.get((job.project["id"], name))
            return self.seen.decided.get(document) if document else None

        await once(lambda: one if (one := now()) and one.state in states else None)
        return now()

    async def _payable(self, payable: str, holds: Callable[[PayableChanged], bool]) -> PayableChanged | None:
        def find() -> PayableChanged | None:
            told = self.seen.payables.get(payable)
            return told if told is not None and holds(told) else None

        return await once(find)

    async def _in_escrow(self, payable: str) -> str:
        rows = (await self.on.operators.payable(payable))["escrow"]
        if not rows:
            return "unknown"
        return "free" if all(row["released_at"] for row in rows) else "in escrow"

    async def _bills_in_books(self, job: Job, *, count: int) -> list[dict[str, Any]]:
        """Return the bills of ours of this period, waiting until there are so many."""
        found: list[dict[str, Any]] = []
        for _ in range(int(SEEN_WITHIN_S / 0.5)):
            answer = await self.on.control.get(f"/control/quickbooks/{job.realm}/Bill")
            rows: list[dict[str, Any]] = _told(answer)
            note = f"plumbline:bill/{job.company['id']}/{job.project['id']}/"
            found = [
                row
                for row in rows
                if str(row.get("PrivateNote", "")).startswith(note) and _cents(row["TotalAmt"]) == DUE_CENTS
            ]
            if len(found) >= count:
                break
            await asyncio.sleep(0.5)
        return found

    def _taken(self, job: Job) -> list[str]:
        return sorted(t.file_name for t in self.desk.tickets if t.project_id == job.project["id"])


async def perform_compliance(on: Stage, console: Console, *, kill: Sequence[str] = ()) -> TimelineSummary:
    """Play it, and judge each step."""
    line, is_whole = Timeline(), False
    desk = Desk(OHIO_DESK.region, OHIO_DESK.desk, OHIO_DESK.by)
    texas = Desk(TEXAS_DESK.region, TEXAS_DESK.desk, TEXAS_DESK.by)
    async with observing(on.kafka) as seen, attended(on.kafka, [desk, texas]):
        play = Play(on, seen, line, datetime.now(UTC).date(), desk)
        strikes = [asyncio.create_task(strike(on, name, place)) for place, name in enumerate(kill)]
        try:
            with console.status("people send papers, approve and pay"):
                await play.play()
            is_whole = True
        except DisagreementError:
            pass
        await asyncio.gather(*strikes)
    return TimelineSummary("Papers before money", line.steps, is_whole)


async def _attached(paper: Paper) -> dict[str, Any]:
    return {"attachments": [{"name": paper.name, "content": (await paper.pdf()).hex()}]}


def _told(answer: httpx.Response) -> Any:
    if answer.is_error:
        raise RuntimeError(f"the sandbox refused {answer.request.url}: {answer.text}")
    return answer.json()


def _kind(decided: DocumentDecided | None) -> str:
    return (decided.kind if decided else None) or "unknown"


def _all_in_order(found: Sequence[DocumentDecided | None]) -> str:
    wrong = [one.state if one else "not seen" for one in found if one is None or one.state not in IN_ORDER]
    return f" {', '.join(wrong)}" if wrong else " in order"


def _holding(decided: DocumentDecided) -> str:
    """Return the checks that keep a paper from counting; the routes, which say where it goes, have names of their own."""
    return ", ".join(
        one.rule for one in decided.decisions if one.outcome not in {"pass", "warn"} and one.rule.isupper()
    )


def _why(decided: DocumentDecided | None, rule: str, otherwise: str) -> str:
    said = decided.decisions if decided else ()
    return next((one.sentence for one in said if one.rule == rule), otherwise)


def _needs(payable: PayableChanged | None, code: str) -> str:
    asked = payable.requirements if payable else ()
    return next((one.state for one in asked if one.code == code), "not asked for")


def _said(payable: PayableChanged | None, otherwise: str) -> str:
    """Return compliance's own sentence, with those about what is not there."""
    if payable is None:
        return otherwise
    open_ones = [one.sentence for one in payable.requirements if one.state not in {"met", "overridden"}]
    return " ".join([payable.sentence, *open_ones])


def _as_told(bills: Sequence[Mapping[str, Any]]) -> str:
    if len(bills) != 1:
        return f"{len(bills)} bills"
    [bill] = bills
    paid = "paid" if _cents(bill["Balance"]) == 0 else "unpaid"
    return f"one bill of ${dollars(_cents(bill['TotalAmt']))}, {paid}"


def _cents(amount: object) -> int:
    return int(Decimal(str(amount)) * 100)
