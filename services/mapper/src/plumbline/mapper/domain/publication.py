"""Publication: turning what is wanted into numbered commands, only where it is news."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from plumbline.common.contracts.ledger import (
    CreditMemoState,
    Desired,
    DesiredCreditMemo,
    DesiredInvoice,
    InvoiceState,
    LedgerCommand,
)
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
    return Translation(_ends(published), (why,))


def instead(translation: Translation, published: Published) -> Translation:
    """Return a translation that also takes back what stood in its place: an invoice that is a credit memo by now."""
    wanted = {item.record for item in translation.wanted}
    others = {record: command for record, command in published.items() if record not in wanted}
    return replace(translation, wanted=(*translation.wanted, *_ends(others)))


def _ends(published: Published) -> tuple[Wanted, ...]:
    ended = ((command, _ended(command.desired)) for command in published.values())
    return tuple(Wanted(command.record, desired, command.needs) for command, desired in ended if desired)


def _ended(desired: Desired) -> Desired | None:
    """Return the wish that a form counts no more; payments are taken back by people."""
    match desired:
        case DesiredInvoice():
            return desired.model_copy(update={"state": InvoiceState.VOID})
        case DesiredCreditMemo():
            return desired.model_copy(update={"state": CreditMemoState.DELETED})
        case _:
            return None


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
