"""What the world was told, in PostgreSQL, and the telling, by the outbox."""

from plumbline.common.clock import Clock
from plumbline.common.contracts.cloudevents import outgoing
from plumbline.common.contracts.operations import CredentialChanged
from plumbline.common.contracts.topics import CREDENTIALS_EVENTS
from plumbline.common.database import Connection, Pool, borrowed
from plumbline.common.outbox import put
from plumbline.token_vault.adapters.refusals import QUERIES
from plumbline.token_vault.domain import HeldGrant, Known, News, State


class PostgresNotices:
    """Tells on `credentials.events.v1`, in the transaction that remembers it."""

    def __init__(self, pool: Pool, *, clock: Clock, source: str) -> None:
        """Remember in the schema of `pool`, and tell as `source`."""
        self._pool = pool
        self._clock = clock
        self._source = source

    async def known(self, account: str) -> Known:
        """See `Notices`."""
        async with borrowed(self._pool) as connection:
            row = await connection.fetchrow(QUERIES["known"], account)
        if row is None:
            return Known()
        state = None if row["state"] is None else State(row["state"])
        return Known(state, row["version"], row["reminded_days"])

    async def tell(self, connection: Connection, *, held: HeldGrant, news: News) -> None:
        """See `Notices`."""
        now, known = self._clock.now(), news.known
        await connection.execute(
            QUERIES["remember"], held.account, known.state, known.version, known.reminded_days
        )
        events = [
            CredentialChanged(
                account=held.account,
                change=change,
                version=held.version,
                expires_at=held.expires_at,
                ends_at=held.ends_at,
                detail=sentence,
                at=now,
            )
            for change, sentence in news.changes
        ]
        messages = [
            outgoing(CREDENTIALS_EVENTS, event.key, event, source=self._source, at=now) for event in events
        ]
        await put(connection, messages)
