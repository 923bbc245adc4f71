"""Logs: one JSON line per message or action on standard error; never a body, never a secret."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRETS = re.compile(
    r"(?i)(bearer\s+|authorization[\"'=:\s]+|hvs\.|eyJ)[A-Za-z0-9._~+/=-]{6,}"
    r"|\b\d{3}-\d{2}-\d{4}\b|\b\d{2}-\d{7}\b"
)
_QUIET = ("httpx", "httpcore", "aiokafka", "asyncio", "faststream", "uvicorn.access")


def masked(text: str) -> str:
    """Replace what looks like a credential or a tax number."""
    return _SECRETS.sub("•••", text)


def _mask(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = masked(value)
    return event


def configure_logs(*, service: str, replica: str, level: str) -> None:
    """Send structlog's and the libraries' lines to standard error as JSON."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service, replica=replica)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
