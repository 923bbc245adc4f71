"""Papers that run out are told of in time."""

from datetime import datetime, time

from plumbline.common.clock import Clock
from plumbline.common.connections import Connections
from plumbline.common.contracts.documents import DocumentExpiring
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.verdicts import Done, Verdict
from plumbline.compliance.domain.gate import expiry
from plumbline.compliance.ports.gate import Endings


class Expiring:
    """Tells of papers that run out."""

    def __init__(self, *, connections: Connections, endings: Endings, clock: Clock) -> None:
        """Tell of the papers of these connections."""
        self._connections = connections
        self._endings = endings
        self._clock = clock

    async def work(self, claim: Claim) -> Verdict:
        """Give the warning that has come, once, and be due again for the next."""
        name, _, document = claim.key.removeprefix(expiry.PREFIX).partition("/")
        connection, ending = self._connections.get(name), await self._endings.ending(name, document)
        if connection is None or ending is None:
            return Done()
        now = self._clock.now()
        zone = connection.hours.zone
        today = now.astimezone(zone).date()
        next_on = expiry.next_on(ending.expires_on, today=today)
        again_after = datetime.combine(next_on, time(), zone) - now if next_on else None
        days = expiry.news(ending.expires_on, ending.told, today=today)
        if days is None:
            return Done(again_after=again_after)
        message = DocumentExpiring(
            document=document,
            connection=name,
            kind=ending.kind,
            vendor_id=ending.vendor_id,
            project_id=ending.project_id,
            expires_on=ending.expires_on,
            days=days,
            sentence=expiry.sentence(ending.kind, ending.file_name, ending.expires_on, today=today),
            at=now,
        )
        return Done(store=self._endings.warning(message), again_after=again_after)
