"""Looking at the webhook secrets all the time, and reporting which of them are known here.

A rotation of a secret goes on once every replica accepts the new value. One that cannot read the store says so, and
holds the rotation up; it never turns a true webhook away.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta

import structlog

from plumbline.common.clock import Clock
from plumbline.common.contracts.operations import SecretsReport
from plumbline.common.database import DatabaseUnavailableError
from plumbline.common.outbox.relay import Publisher, PublishError
from plumbline.common.repeating import repeat
from plumbline.common.secrets.port import SecretStoreUnavailableError
from plumbline.common.secrets.webhooks import WebhookSecrets, webhook_path
from plumbline.ingest.domain.messages import reported

TOLD_AT_ONCE = 1_000
"""Credentials that one report names: a message has its limit."""

Addressee = tuple[str, str]
"""A source and a connection or an app, as webhook secrets are kept."""

log = structlog.get_logger(__name__)


class SecretReports:
    """Reports on `credentials.reports.v1` up to which version this replica accepts each secret."""

    def __init__(
        self,
        secrets: WebhookSecrets,
        addressees: Sequence[Addressee],
        *,
        replica: str,
        publisher: Publisher,
        clock: Clock,
        every_s: float,
    ) -> None:
        """Look at the secrets of `addressees` every so many seconds, and report as `replica`."""
        self._secrets = secrets
        self._addressees = addressees
        self._replica = replica
        self._publisher = publisher
        self._clock = clock
        self._every_s = every_s
        self._saw: dict[str, int] = {}

    def saw(self, source: str, addressee: str, number: int) -> None:
        """Remember for the next report that a source signs by a value that is not the present one yet."""
        self._saw[webhook_path(source, addressee)] = number

    async def run(self, stop: asyncio.Event) -> None:
        """Report until `stop` is set."""
        await repeat("secret-reports", self.report, every=timedelta(seconds=self._every_s), stop=stop)

    async def report(self) -> None:
        """Look and report once; what Kafka does not take is reported the next time."""
        trouble = await looked_at(self._secrets, self._addressees)
        saw = dict(self._saw)
        reports = [*self._accepting(trouble), *([self._report("saw", saw)] if saw else [])]
        try:
            await self._publisher.publish([reported(report) for report in reports])
        except PublishError as error:
            log.warning("secrets.not-reported", **error.log_fields())
        else:
            self._saw = {name: number for name, number in self._saw.items() if saw.get(name) != number}

    def _accepting(self, trouble: str) -> Iterator[SecretsReport]:
        for first in range(0, len(self._addressees), TOLD_AT_ONCE):
            some = self._addressees[first : first + TOLD_AT_ONCE]
            held = {webhook_path(*addressee): self._secrets.held(*addressee) for addressee in some}
            versions = {name: 0 if secret is None else secret.newest for name, secret in held.items()}
            yield self._report("accepts", versions, trouble)

    def _report(self, says: str, versions: dict[str, int], trouble: str = "") -> SecretsReport:
        return SecretsReport.model_validate(
            {
                "reporter": self._replica,
                "says": says,
                "versions": versions,
                "trouble": trouble,
                "at": self._clock.now(),
            }
        )


class SecretWatch:
    """Tells when hooks have to be given another secret."""

    def __init__(
        self,
        secrets: WebhookSecrets,
        addressees: Sequence[Addressee],
        changed: Callable[[Sequence[str]], Awaitable[None]],
        *,
        every_s: float,
    ) -> None:
        """Look every so many seconds; `changed` hears for whom there is another present value than before."""
        self._secrets = secrets
        self._addressees = addressees
        self._changed = changed
        self._every_s = every_s
        self._told = self._numbers()

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until `stop` is set."""
        await repeat("secret-watch", self.look, every=timedelta(seconds=self._every_s), stop=stop)

    async def look(self) -> None:
        """Look once; while the store is away nothing has changed."""
        await looked_at(self._secrets, self._addressees)
        numbers = self._numbers()
        changed = [name for name, number in numbers.items() if self._told.get(name) != number]
        if not changed:
            return
        try:
            await self._changed(changed)
        except DatabaseUnavailableError as error:
            log.warning("secrets.not-told", **error.log_fields())
        else:
            self._told = numbers

    def _numbers(self) -> dict[str, int]:
        held = {addressee: self._secrets.held(*addressee) for addressee in self._addressees}
        return {addressee[1]: secret.number for addressee, secret in held.items() if secret is not None}


async def looked_at(secrets: WebhookSecrets, addressees: Sequence[Addressee]) -> str:
    """Look at every secret as the store has it now; return why that went no further, or nothing."""
    try:
        for addressee in addressees:
            await secrets.look(*addressee)
    except SecretStoreUnavailableError as error:
        log.warning("secrets.not-read", **error.log_fields())
        return error.detail
    return ""
