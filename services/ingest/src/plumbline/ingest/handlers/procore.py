"""Procore's webhooks: `POST /webhooks/procore/{connection}`, believed by the `Authorization` header they show."""

from collections.abc import Mapping
from functools import partial

from plumbline.common.connections import ConnectionConfig, Connections
from plumbline.common.secrets.webhooks import WebhookSecret
from plumbline.ingest.domain.authorization import is_the_sender
from plumbline.ingest.domain.messages import EVENT, Arrival, translate
from plumbline.ingest.handlers.route import Read, RefusedError, Taken
from plumbline.ingest.ports import Secrets
from plumbline.ingest.service import SOURCE


class ProcoreHooks:
    """Takes hooks of the connections; who does not show the secret is refused before the body is read."""

    name = SOURCE
    addressee = "connection"
    accepted = 202

    def __init__(self, connections: Connections, secrets: Secrets) -> None:
        """Take hooks of `connections`, each of which has secrets of its own."""
        self._connections = connections
        self._secrets = secrets

    async def admit(self, name: str, headers: Mapping[bytes, bytes]) -> Read:
        """See `Source`."""
        connection, shown = self._connections.get(name), headers.get(b"authorization", b"")
        secret = await self._secrets.secret(SOURCE, name) if connection else None
        is_known = _believed(shown, secret)
        if not is_known and connection is not None:
            is_known = _believed(shown, await self._secrets.looked_again(SOURCE, name))
        if not is_known or connection is None:
            raise RefusedError(
                401, "not-the-sender", "The Authorization header is not the one of this webhook."
            )
        return partial(_read, connection)


def _believed(shown: bytes, secret: WebhookSecret | None) -> bool:
    return is_the_sender(shown, secret.accepted if secret else ())


async def _read(connection: ConnectionConfig, body: bytes, arrival: Arrival) -> Taken:
    translated = translate(body, connection, arrival)
    event_id, is_event = translated.event_id, translated.code == EVENT
    return Taken(
        code=translated.code,
        messages=(translated.message,),
        fates={"published" if is_event else "dead-letter": 1},
        answer={"accepted": event_id} if is_event else {"dead_lettered": event_id, "code": translated.code},
        facts={"key": translated.message.key, "event_id": event_id},
    )
