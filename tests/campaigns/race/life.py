"""One life of token-vault with those who ask it for tokens, in one process.

Runs in a forked process. Settings, PostgreSQL, the secret store, the edge, the loop, HTTP and signals are real; what the
callers publish to `credentials.commands.v1` is handed to the edge of their own process.
"""

import asyncio
import hashlib
import socket
import time
from collections import Counter
from collections.abc import Coroutine, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

import httpx

from plumbline.common.clock import SystemClock
from plumbline.common.contracts.cloudevents import outgoing
from plumbline.common.contracts.operations import RenewCredential
from plumbline.common.contracts.topics import CREDENTIALS_COMMANDS
from plumbline.common.errors import TransientError
from plumbline.common.secrets.access import AccountTokens
from plumbline.common.secrets.embedded import open_embedded
from plumbline.common.secrets.opening import open_secret_store
from plumbline.common.secrets.port import SecretStore
from plumbline.common.secrets.tokens import LiveToken, NoLiveTokenError
from plumbline.common.testing.intake import FakeBroker, consumed
from plumbline.token_vault import app
from plumbline.token_vault.settings import Settings
from tests.campaigns.forked import live_and_end
from tests.campaigns.link import send
from tests.campaigns.race.sabotages import SABOTAGES
from tests.campaigns.race.watching import Watch

ASK_PAUSE_S = 0.05
"""Between two attempts to publish while the edge is not there yet."""


def live(order: Mapping[str, Any], line: socket.socket) -> NoReturn:
    """Live as ordered and end the process.

    Args:
        order: `env`, `log`, `sabotage`, `secrets_url` (where the store is, which replicas share that share no work
            table), `callers`, `patience_s`, `account`, `refused_version`, `proof` (how a token is tried), and what `Watch` waits for.
        line: to the campaign.
    """

    def begin() -> tuple[FakeBroker, Coroutine[Any, Any, None]]:
        Watch(
            deed=order["deed"], point=order["point"], mark=Path(order["mark"]), sibling=order["sibling"]
        ).install()
        broker = Broker(line=line)
        return broker, _live(order, line, broker)

    live_and_end(order, line, SABOTAGES, begin)


async def _live(order: Mapping[str, Any], line: socket.socket, broker: "Broker") -> None:
    settings = Settings()
    # Where replicas share no work table, the embedded store is in another database than the work.
    apart = open_embedded(order["secrets_url"], key_file=key) if (key := settings.secrets_key_file) else None
    async with apart or open_secret_store(settings) as store:
        patch.object(app, "open_secret_store", lambda _: nullcontext(store)).start()
        await asyncio.gather(app.run(settings), _ask_as_many(order, line, store, broker))


async def _ask_as_many(
    order: Mapping[str, Any], line: socket.socket, store: SecretStore, broker: "Broker"
) -> None:
    if order["callers"]:
        callers = Callers(store, order, broker)
        await callers.ask()
        send(line, "asked", **callers.report())


@dataclass(slots=True)
class Broker(FakeBroker):
    """Kafka, as far as this process can see."""

    line: socket.socket = field(kw_only=True)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    offset: int = 0

    async def start(self) -> None:
        """Begin to consume."""
        self.started.set()

    async def stop(self) -> None:
        """Stop consuming."""
        self.started.clear()

    async def publish(
        self, value: bytes, topic: str, *, key: bytes, headers: Mapping[str, str], no_confirm: bool
    ) -> "asyncio.Future[None]":
        """Take what the relay publishes, and tell the campaign."""
        send(self.line, "published", topic=topic, key=key.decode(), value=value.decode())
        acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        acknowledged.set_result(None)
        return acknowledged

    async def ask(self, request: RenewCredential) -> None:
        """Publish a request for renewal; it is consumed here at once, and again until it is stored."""
        message = outgoing(
            CREDENTIALS_COMMANDS, request.key, request, source=request.asked_by, at=SystemClock().now()
        )
        await self.started.wait()
        self.offset += 1
        while True:
            try:
                await self.deliver(CREDENTIALS_COMMANDS.name, [consumed(message, offset=self.offset)])
            except TransientError:
                await asyncio.sleep(ASK_PAUSE_S)
            else:
                return


class Callers:
    """Those who need a token in this process, over one cache, as in a service."""

    def __init__(self, store: SecretStore, order: Mapping[str, Any], broker: Broker) -> None:
        """Ask for tokens of one account."""
        self._order = order
        self._tokens = AccountTokens(
            store,
            account=order["account"],
            asked_by="campaign",
            ask=broker.ask,
            clock=SystemClock(),
            patience_s=order["patience_s"],
        )
        self._got: Counter[int] = Counter()
        self._values: dict[int, set[str]] = {}
        self._statuses: dict[str, int] = {}
        self._without: Counter[str] = Counter()
        self._longest_s = 0.0

    async def ask(self) -> None:
        """Let every caller ask once, all at the same time, and try each token they got at the provider."""
        await asyncio.gather(*(self._ask_once() for _ in range(self._order["callers"])))
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            for value in {v for values in self._values.values() for v in values}:
                answer = await http.get(
                    self._order["proof"]["url"],
                    headers={"authorization": f"Bearer {value}", **self._order["proof"]["headers"]},
                )
                self._statuses[hashlib.sha256(value.encode()).hexdigest()[:8]] = answer.status_code

    def report(self) -> dict[str, Any]:
        """Return how many got which version, what the provider said to the tokens, and who got none and why."""
        return {
            "got": {str(version): count for version, count in self._got.items()},
            "statuses": self._statuses,
            "without": dict(self._without),
            "longest_s": self._longest_s,
        }

    async def _ask_once(self) -> None:
        began = time.monotonic()
        try:
            token = await self._tokens.live_token()
            if token.version <= self._order["refused_version"]:
                token = await self._tokens.replace(token)
        except NoLiveTokenError as error:
            self._without[error.detail] += 1
        else:
            self._note(token)
        self._longest_s = max(self._longest_s, time.monotonic() - began)

    def _note(self, token: LiveToken) -> None:
        self._got[token.version] += 1
        self._values.setdefault(token.version, set()).add(token.value.get_secret_value())
