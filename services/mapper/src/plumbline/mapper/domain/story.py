"""The story of one record, in sentences, for whoever asks why the books look as they do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from plumbline.common.contracts.ledger import DesiredCreditMemo, DesiredInvoice, DesiredPayment, LedgerCommand
from plumbline.mapper.domain.amounts import dollars
from plumbline.mapper.domain.sighting import WEBHOOK, Sighting


@dataclass(frozen=True, slots=True)
class Version:
    """A command and when it was decided."""

    command: LedgerCommand
    decided_at: datetime


def story(sighting: Sighting, versions: Sequence[Version]) -> list[str]:
    """Tell what was heard, read, decided and published, in that order."""
    return list(_sentences(sighting, versions))


def _sentences(sighting: Sighting, versions: Sequence[Version]) -> Iterator[str]:
    hints = [cause.removeprefix(WEBHOOK) for cause in sighting.causes if cause.startswith(WEBHOOK)]
    if hints:
        yield f"Procore's webhooks told of {len(hints)} changes lately, the last one as event {hints[-1]}."
    yield from map(_published, versions)
    yield _read(sighting)
    yield from (f"Then: {reason}." for reason in sighting.why)


def _published(version: Version) -> str:
    command = version.command
    reasons = "; ".join(command.why)
    return f"{_at(version.decided_at)}: published {_wish(command)}, because {reasons}."


def _wish(command: LedgerCommand) -> str:
    name = f"{command.record} version {command.version}"
    match command.desired:
        case DesiredInvoice() | DesiredCreditMemo() as desired:
            return f"{name}: {desired.state} for {dollars(desired.total_cents)} as number {desired.number}"
        case DesiredPayment() as desired:
            return f"{name}: paid on {desired.received_on}"
        case desired:
            return f"{name}: {desired.state}"


def _read(sighting: Sighting) -> str:
    if sighting.content_hash is None:
        return f"{_at(sighting.seen_at)}: last read from Procore, which showed no such record."
    return f"{_at(sighting.seen_at)}: last read from Procore; its contents have the hash {sighting.content_hash[:12]}."


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
