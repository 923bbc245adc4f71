"""Publication: turning what is wanted into numbered commands, only where it is news."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from plumbline.common.contracts.ledger import Desired, DesiredInvoice, InvoiceState, LedgerCommand
from plumbline.mapper.domain.translation import Translation, Wanted

Published = Mapping[str, LedgerCommand]
"""The newest command of each ledger record made from one source, by record."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a command tells besides its contents."""

    realm: str
    connection: str
    source: str
    provider_time: datetime | None
    partner_ms: int


def content_hash(desired: Desired) -> str:
    """Return the SHA-256 of a ledger document, as hexadecimal digits."""
    return hashlib.sha256(desired.model_dump_json().encode()).hexdigest()


def news(translation: Translation, published: Published, occasion: Occasion) -> tuple[LedgerCommand, ...]:
    """Return a command, one version up, for each record that is not as it was last published."""
    commands = (_command(item, published, occasion, translation.why) for item in translation.wanted)
    return tuple(command for command in commands if _is_news(command, published.get(command.record)))


def voided(published: Published, why: str) -> Translation:
    """Return the wish that what was published counts no more; nothing if nothing was."""
    invoices = [c for c in published.values() if isinstance(c.desired, DesiredInvoice)]
    wanted = (
        Wanted(c.record, c.desired.model_copy(update={"state": InvoiceState.VOID}), c.needs) for c in invoices
    )
    return Translation(tuple(wanted), (why,))


def _command(item: Wanted, published: Published, occasion: Occasion, why: Iterable[str]) -> LedgerCommand:
    before = published.get(item.record)
    return LedgerCommand(
        realm=occasion.realm,
        record=item.record,
        version=before.version + 1 if before else 1,
        content_hash=content_hash(item.desired),
        connection=occasion.connection,
        source=occasion.source,
        needs=item.needs,
        provider_time=occasion.provider_time,
        partner_ms=occasion.partner_ms,
        desired=item.desired,
        why=tuple(why),
    )


def _is_news(command: LedgerCommand, before: LedgerCommand | None) -> bool:
    return before is None or before.content_hash != command.content_hash
