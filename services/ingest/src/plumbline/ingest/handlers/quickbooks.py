"""QuickBooks' webhooks: `POST /webhooks/quickbooks/{app}`, believed by the signature over the very bytes.

Intuit has one endpoint and one verifier token for each app. A notification is taken as a whole or
not at all: answered 200, which alone Intuit takes for an acknowledgement, once Kafka holds every event.
Kafka may repeat what a failed try has stored; the events' ids are the same each time.

Events of companies that no connection of the app names are left out, counted and named in the log.
They are no dead letters: they can be read, nothing is wrong with them, and nobody here asked for
them. An app may well be connected to more companies than those that are kept true.
"""

from collections.abc import Callable, Mapping

from plumbline.common.connections import Connections
from plumbline.common.secrets.webhooks import WebhookSecret
from plumbline.ingest.domain.messages import Arrival, TranslatedNotification, translate_notification
from plumbline.ingest.domain.signature import is_signed, shown_digest
from plumbline.ingest.handlers.route import Read, RefusedError, Taken
from plumbline.ingest.ports import Secrets

SOURCE = "quickbooks"
"""The source of webhooks, in paths of routes and secrets."""

Saw = Callable[[str, str, int], None]
"""Hears that a source signs by an addressee's secret of that number."""

MAX_NAMED = 5
"""So many companies that are nobody's does a line of the log name."""


class IntuitNotifications:
    """Takes notifications to the apps that connections name."""

    name = SOURCE
    addressee = "app"
    accepted = 200

    def __init__(self, connections: Connections, secrets: Secrets, *, saw: Saw) -> None:
        """Take notifications about the companies of `connections`, signed with their apps' verifier tokens.

        `saw` hears of each that is signed by a token that is not the present one yet.
        """
        self._secrets = secrets
        self._saw = saw
        self._companies: dict[str, dict[str, str]] = {}
        for connection in connections:
            if (app := connection.quickbooks.app) is not None:
                self._companies.setdefault(app, {})[connection.quickbooks.realm] = connection.name

    async def admit(self, name: str, headers: Mapping[bytes, bytes]) -> Read:
        """See `Source`. Nobody's body is read without anything that could be its signature."""
        companies = self._companies.get(name)
        secret = await self._secrets.secret(SOURCE, name) if companies else None
        digest = shown_digest(headers.get(b"intuit-signature", b""))
        if digest is None or companies is None or secret is None:
            raise _not_the_sender()

        async def read(body: bytes, arrival: Arrival) -> Taken:
            signer = secret
            if not is_signed(body, digest, signer.accepted):
                signer = await self._newer(name, body, digest)
            # Apart from the check, whose time must tell nothing: who comes here is the sender.
            if signer.next is not None and is_signed(body, digest, (signer.next,)):
                self._saw(SOURCE, name, signer.newest)
            return _taken(translate_notification(body, f"{SOURCE}/{name}", companies.get, arrival))

        return read

    async def _newer(self, name: str, body: bytes, digest: bytes) -> WebhookSecret:
        newer = await self._secrets.looked_again(SOURCE, name)
        if newer is None or not is_signed(body, digest, newer.accepted):
            raise _not_the_sender()
        return newer


def _not_the_sender() -> RefusedError:
    return RefusedError(401, "not-the-sender", "intuit-signature is not this app's signature of the body.")


def _taken(translated: TranslatedNotification) -> Taken:
    letter, strangers = translated.letter, translated.strangers
    answer: dict[str, object] = {"accepted": len(translated.events)}
    facts: dict[str, object] = {"events": len(translated.events)}
    if letter is not None:
        answer |= {"dead_lettered": letter.headers["ce_id"], "code": translated.code}
        facts |= {"key": letter.key, "event_id": letter.headers["ce_id"]}
    if strangers:
        facts |= {"left_out": len(strangers), "unknown_realms": sorted(set(strangers))[:MAX_NAMED]}
    return Taken(
        code=translated.code,
        messages=translated.events if letter is None else (*translated.events, letter),
        fates={
            "published": len(translated.events),
            "unknown-realm": len(strangers),
            "dead-letter": translated.unreadable,
        },
        answer=answer,
        facts=facts,
    )
