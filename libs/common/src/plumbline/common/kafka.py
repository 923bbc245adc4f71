"""Kafka: one broker object per process, made from the settings of where it runs."""

import asyncio
import logging
import ssl
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError, KafkaError
from faststream.exceptions import IncorrectState
from faststream.kafka import KafkaBroker
from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLScram512
from typing_extensions import override

from plumbline.common.clock import Clock, pause
from plumbline.common.connections import ConfigurationError
from plumbline.common.contracts.cloudevents import Outgoing
from plumbline.common.outbox.relay import PublishError
from plumbline.common.settings import KafkaSettings, secret_line

PUBLISH_TIMEOUT_S = 5.0
"""How long Kafka may take to acknowledge where nobody waits for an answer of ours."""

START_PAUSE_S = 1.0
"""Between two looks for a Kafka that has to be there first."""

MAX_BATCH_BYTES = 262_144
"""The default of 16 KiB collapses when hundreds publish at once."""


log = structlog.get_logger(__name__)


class PatientBroker(KafkaBroker):
    """A broker that starts as soon as Kafka answers, however long that takes.

    Producing waits for all in-sync replicas. Idempotent producing stays off: aiokafka never
    repairs a gap in its sequence, so one refused batch would block a partition until restart;
    consumers drop what they have seen.
    """

    def __init__(self, settings: KafkaSettings, *, client: str) -> None:
        """Make a broker; nothing is connected yet.

        Raises:
            ConfigurationError: needs a person; the password's file or the authorities' cannot be read.
        """
        security = _security(settings)
        super().__init__(
            settings.bootstrap,
            security=security,
            client_id=client,
            acks="all",
            max_batch_size=MAX_BATCH_BYTES,
            linger_ms=0,
            compression_type="lz4",
            request_timeout_ms=settings.request_timeout_ms,
            graceful_timeout=10.0,
            allow_auto_create_topics=False,
            logger=logging.getLogger("plumbline.kafka"),
            log_level=logging.DEBUG,
            parser=_tolerant_parser,
        )
        self._asked = {
            "bootstrap_servers": settings.bootstrap,
            "client_id": client,
            **parse_security(security),
        }

    @override
    async def start(self) -> None:
        """Return once connected and joined."""
        while (away := await self._away()) is not None:
            log.warning("kafka.waiting", why=away)
            await asyncio.sleep(START_PAUSE_S)
        await super().start()

    async def _away(self) -> str | None:
        """Say why Kafka does not answer, or None if it does."""
        client = AIOKafkaClient(**self._asked)
        try:
            await client.bootstrap()
        except KafkaConnectionError as error:
            return str(error)
        finally:
            await client.close()
        return None


def _security(settings: KafkaSettings) -> BaseSecurity | None:
    trust = _trust(settings) if settings.tls else None
    if settings.username is None:
        return BaseSecurity(ssl_context=trust, use_ssl=True) if trust else None
    if settings.password_file is None:
        raise ConfigurationError("PLUMBLINE_KAFKA_USERNAME needs PLUMBLINE_KAFKA_PASSWORD_FILE")
    password = secret_line(settings.password_file)
    return SASLScram512(settings.username, password, ssl_context=trust, use_ssl=settings.tls)


def _trust(settings: KafkaSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.tls_ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError(f"{settings.tls_ca_file} holds no authorities: {error}") from error


async def _tolerant_parser(raw: Any, original: Any) -> Any:
    # A null or undecodable header value makes FastStream skip the whole batch in silence.
    records = raw if isinstance(raw, tuple) else (raw,)
    mended = tuple(
        replace(
            record,
            headers=tuple((k, (v or b"").decode("utf-8", "replace").encode()) for k, v in record.headers),
        )
        for record in records
    )
    return await original(mended if isinstance(raw, tuple) else mended[0])


class KafkaPublisher:
    """Publishes through a broker; every message is acknowledged by all in-sync replicas."""

    def __init__(self, broker: KafkaBroker, *, timeout_s: float = PUBLISH_TIMEOUT_S) -> None:
        """Publish through `broker`, which the caller connects; give up `timeout_s` after each call."""
        self._broker = broker
        self._timeout_s = timeout_s

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Return once every message is acknowledged; keeps the order of messages of one key.

        Raises:
            PublishError: transient; some may have been published.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                acknowledgements = [await self._send(message) for message in messages]
                await asyncio.gather(*acknowledgements)
        except (KafkaError, IncorrectState, TimeoutError, OSError) as error:
            raise PublishError(
                f"Kafka did not acknowledge: {type(error).__name__} {error}".strip()
            ) from error

    async def _send(self, message: Outgoing) -> "asyncio.Future[Any]":
        return await self._broker.publish(
            message.value,
            message.topic,
            key=message.key.encode(),
            headers=dict(message.headers),
            no_confirm=True,
        )


class KafkaWatch:
    """Knows whether Kafka answers: asks all the time, and remembers when it last did."""

    def __init__(self, broker: KafkaBroker, *, clock: Clock, patience: timedelta) -> None:
        """Watch a connected broker, which counts as away once it has been silent for `patience`."""
        self._broker = broker
        self._clock = clock
        self._patience = patience
        self._answered_at = clock.now()

    def not_ready(self) -> str | None:
        """Say since when Kafka is away, or None if it is not."""
        if self._clock.now() - self._answered_at <= self._patience:
            return None
        return f"Kafka has not answered since {self._answered_at:%Y-%m-%d %H:%M:%S} UTC"

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until `stop` is set; several times within the patience, so that one lost answer does not count."""
        pause_s = self._patience.total_seconds() / 4
        while not stop.is_set():
            if await self._broker.ping(timeout=pause_s):
                self._answered_at = self._clock.now()
            await pause(stop, pause_s)
