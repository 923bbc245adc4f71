"""How old credentials are, when they are rotated, and when people are reminded: pure."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

ROTATE_FROM = 0.80
"""A credential is rotated at the earliest after this share of its maximum age …"""

ROTATE_UNTIL = 0.95
"""… and at the latest after this one: what is left is for what holds a rotation up."""


def rotation_at(since: datetime, maximum_age: timedelta, *, name: str, version: int) -> datetime:
    """Return when a credential is to be rotated: the same for every replica and every look, spread over all."""
    digest = hashlib.sha256(f"{name} {version}".encode()).digest()
    chance = int.from_bytes(digest[:4]) / 2**32
    return since + maximum_age * (ROTATE_FROM + (ROTATE_UNTIL - ROTATE_FROM) * chance)


def reminder(due_at: datetime, days: Sequence[int], *, now: datetime) -> int | None:
    """Return the last reminder that is due, by its days before the due date; None while that is far."""
    return min((d for d in days if now >= due_at - timedelta(days=d)), default=None)


def next_reminder(due_at: datetime, days: Sequence[int], *, now: datetime) -> datetime | None:
    """Return when the next reminder comes; None after the last one."""
    return min((at for d in days if (at := due_at - timedelta(days=d)) > now), default=None)
