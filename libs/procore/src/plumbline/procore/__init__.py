"""Procore: a typed async client of its REST API, for the calls Plumbline needs."""

from plumbline.procore.client import ProcoreClient
from plumbline.procore.errors import (
    ProcoreFileTooLargeError,
    ProcoreForbiddenError,
    ProcoreInvisibleError,
    ProcoreRefusedError,
    ProcoreThrottledError,
    ProcoreUnavailableError,
    ProcoreUnreadableError,
)
from plumbline.procore.rates import RateWindow

__all__ = [
    "ProcoreClient",
    "ProcoreFileTooLargeError",
    "ProcoreForbiddenError",
    "ProcoreInvisibleError",
    "ProcoreRefusedError",
    "ProcoreThrottledError",
    "ProcoreUnavailableError",
    "ProcoreUnreadableError",
    "RateWindow",
]
