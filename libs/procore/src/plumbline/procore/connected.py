"""One client per connection, and what a service may remember of their answers."""

import time
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Generic, TypeVar

import httpx

from plumbline.common.clock import Clock
from plumbline.common.connections import Connections
from plumbline.common.secrets.access import AccountTokens, AskForRenewal
from plumbline.common.secrets.port import SecretStore
from plumbline.procore.client import ProcoreClient
from plumbline.procore.errors import ProcoreInvisibleError

T = TypeVar("T")

Clients = Mapping[str, ProcoreClient]
"""The client of each connection, by its name."""

MAX_REMEMBERED = 10_000
"""Answers kept in memory; past this everything is forgotten and read again."""


def clients_of(
    connections: Connections,
    http: httpx.AsyncClient,
    store: SecretStore,
    *,
    asked_by: str,
    ask: AskForRenewal,
    clock: Clock,
    deadline_s: float,
) -> Clients:
    """Return a client for each connection.

    Args:
        connections: whose company and account each speaks for.
        http: a `partner_client` whose base URL is Procore's API host; the caller closes it.
        store: where access tokens are.
        asked_by: the service that asks for newer ones.
        ask: how it asks.
        clock: the time.
        deadline_s: absolute limit of one call, in seconds.
    """
    # One source per account: connections of one account share its token and its one renewal.
    tokens = {
        account: AccountTokens(store, account=account, asked_by=asked_by, ask=ask, clock=clock)
        for account in {connection.procore.account for connection in connections}
    }
    return {
        connection.name: ProcoreClient(
            http,
            tokens[connection.procore.account],
            company_id=int(connection.procore.company_id),
            deadline_s=deadline_s,
            clock=clock,
        )
        for connection in connections
    }


async def unless_invisible(reading: Awaitable[T]) -> T | None:
    """Return what is read; None where Procore shows none: it is absent, or invisible to our account."""
    try:
        return await reading
    except ProcoreInvisibleError:
        return None


class Memory(Generic[T]):
    """Answers by their keys, each with the moment it was given; an error is no answer."""

    def __init__(self, remembered_s: float) -> None:
        """Let an answer count for so many seconds."""
        self._remembered_s = remembered_s
        self._answers: dict[Hashable, tuple[float, T]] = {}

    async def get(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """Return an answer of before, or a new one. Raises what `read` raises."""
        found = self._answers.get(key)
        if found is not None and time.monotonic() - found[0] < self._remembered_s:
            return found[1]
        answer = await read()
        if len(self._answers) >= MAX_REMEMBERED:
            self._answers.clear()
        self._answers[key] = (time.monotonic(), answer)
        return answer
