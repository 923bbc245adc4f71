"""The summary: what a controller reads, and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from plumbline.common.contracts.ledger import LedgerResult
from plumbline.stack.scenario.checking import Verdict


@dataclass(frozen=True, slots=True)
class Summary:
    """How the demo ended."""

    verdicts: Sequence[Verdict]
    latencies: Mapping[str, tuple[int, int]]
    """Latency and partner time in milliseconds of each record's slowest change, by Procore's id."""
    all_latencies: Sequence[tuple[int, int]]
    ids: Mapping[str, str]
    parked: Mapping[str, str]
    faults: Mapping[str, int]
    webhooks: Mapping[str, int]
    """How many events were taken in each payload version and form."""
    too_seldom: Sequence[str]
    seconds: float = 0.0

    @classmethod
    def of(
        cls,
        verdicts: Sequence[Verdict],
        *,
        ids: Mapping[str, str],
        parked: Mapping[str, str],
        results: Sequence[LedgerResult],
        faults: Mapping[str, int],
        webhooks: Mapping[str, int],
        missing: Sequence[str],
    ) -> Summary:
        """Sum up."""
        timed = [(r.record.rsplit("/", 1)[-1], _latency(r)) for r in results if r.provider_time is not None]
        slowest: dict[str, tuple[int, int]] = {}
        for procore_id, latency in timed:
            slowest[procore_id] = max(latency, slowest.get(procore_id, (0, 0)))
        latencies = [latency for _, latency in timed]
        return cls(verdicts, slowest, latencies, ids, parked, faults, webhooks, missing)

    def took(self, seconds: float) -> Summary:
        """Return the summary with the time the demo took."""
        return replace(self, seconds=seconds)

    @property
    def problems(self) -> list[str]:
        """Return what is wrong, a line each."""
        wrong = [f"{v.invoice.document_number} {v.problem}" for v in self.verdicts if v.problem]
        return wrong + [f"met too seldom: {name}" for name in self.too_seldom]

    @property
    def agrees(self) -> bool:
        """Whether the books agree, and every fault was met often enough to mean something."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """Return the summary as `summary.json` has it."""
        ours = [total for total, _ in self.all_latencies]
        theirs = [partner for _, partner in self.all_latencies]
        held = [v for v in self.verdicts if v.copies]
        return {
            "records": len(self.verdicts),
            "invoices": len(held),
            "duplicates": sum(v.copies - 1 for v in held),
            "lost": sum(v.state == "missing" for v in self.verdicts),
            "mismatched_cents": sum(abs(v.total_cents - v.invoice.total_cents) for v in held),
            "parked": len(self.parked),
            "latency_ms": {f"p{p}": percentile(ours, p) for p in (50, 95, 99)},
            "partner_ms": {f"p{p}": percentile(theirs, p) for p in (50, 95)},
            "faults": dict(self.faults),
            "webhooks": dict(self.webhooks),
            "seconds": round(self.seconds, 1),
        }


def percentile(values: Sequence[int], percent: int) -> int | None:
    """Return the nearest-rank percentile; None of nothing."""
    if not values:
        return None
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def _latency(result: LedgerResult) -> tuple[int, int]:
    assert result.provider_time is not None
    took = result.confirmed_at - result.provider_time
    return round(took.total_seconds() * 1000), result.partner_ms


def print_summary(console: Console, summary: Summary) -> None:
    """Print the table and the totals that a controller reads."""
    table = Table(
        "record", "Procore", "QuickBooks", "amount", "latency", "of which partner", "", title="Sixty invoices"
    )
    for verdict in summary.verdicts:
        invoice = verdict.invoice
        procore_id = summary.ids.get(invoice.document_number, "")
        latency, partner = summary.latencies.get(procore_id, (None, None))
        status = (
            f"code {invoice.codes[-1]}" if invoice.codes else "approved" + (", paid" if invoice.paid else "")
        )
        table.add_row(
            invoice.document_number,
            status,
            verdict.state,
            f"{Decimal(verdict.total_cents).scaleb(-2):,}" if verdict.copies else "-",
            "-" if latency is None else f"{latency} ms",
            "-" if partner is None else f"{partner} ms",
            f"[red]{verdict.problem}[/]" if verdict.problem else "",
        )
    console.print(table)
    told = summary.as_json()
    console.print(
        f"{told['records']} records, {told['invoices']} invoices in QuickBooks, {told['duplicates']} duplicates, "
        f"{told['lost']} lost, {told['mismatched_cents']} cents off, {told['parked']} parked"
    )
    latency, partner = told["latency_ms"], told["partner_ms"]
    console.print(
        f"event to books p50 {latency['p50']} ms, p95 {latency['p95']} ms, p99 {latency['p99']} ms; "
        f"of which partner p50 {partner['p50']} ms, p95 {partner['p95']} ms"
    )
    console.print(
        "faults met: " + ", ".join(f"{name} {count}" for name, count in sorted(told["faults"].items()))
    )
    console.print(
        "webhooks taken: " + ", ".join(f"{name} {count}" for name, count in sorted(told["webhooks"].items()))
    )
    for key, code in sorted(summary.parked.items()):
        console.print(f"parked: {key} [yellow]{code}[/]")
    for problem in summary.problems:
        console.print(f"[red]{problem}[/]")
    agreement = "[green]The books agree.[/]" if summary.agrees else "[red]The books do not agree.[/]"
    console.print(f"{agreement} {told['seconds']} s in all.")
