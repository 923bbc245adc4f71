"""Ways to papers without an operator's token: links to one paper, and passwords of the view.

Each is made by somebody for a reason, ends by itself, and can be revoked. The index alone opens nothing: a link is signed by a
key that is wrapped, and of a password only the digest is kept.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from plumbline.common.clock import Clock
from plumbline.common.database import Connection, Pool, borrowed, transaction
from plumbline.common.errors import NeedsHumanError
from plumbline.compliance.adapters.safe.keys import QUERIES, ConnectionKeys
from plumbline.compliance.adapters.safe.outgoing import Copy, Outgoing
from plumbline.compliance.adapters.safe.papers import PaperSafe
from plumbline.compliance.domain.envelope import keyed_hash
from plumbline.compliance.ports.safe import QUARANTINE

ID_BYTES, SIGNATURE_BYTES, PASSWORD_BYTES = 16, 32, 24

LIFE_MAX = timedelta(days=30)
"""The longest life of a link or a password."""

USES_MAX = 1000
"""The most uses of a link."""


class WayRefusedError(NeedsHumanError):
    """The link or password is none, has expired, was revoked, or is used up; ask whoever gave it for a new one."""


class WayTooWideError(NeedsHumanError):
    """A link or password lives for 30 days at most, a link has 1 to 1000 uses, and none leads into quarantine."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who entered the view, and why they may."""

    connection: str
    who: str
    why: str


class Links:
    """Download links: each leads to one paper, at most so often."""

    def __init__(
        self,
        *,
        safe: PaperSafe,
        outgoing: Outgoing,
        connection_keys: ConnectionKeys,
        pool: Pool,
        clock: Clock,
    ) -> None:
        """Lead to the papers of `safe` as they leave through `outgoing`, and keep links in `pool`'s schema."""
        self._safe = safe
        self._outgoing = outgoing
        self._connection_keys = connection_keys
        self._pool = pool
        self._clock = clock

    async def make(
        self, connection: str, document: str, *, who: str, why: str, life: timedelta, uses: int
    ) -> SecretStr:
        """Return the token of a new link. It cannot be told again.

        Raises:
            UnknownDocumentError, QuarantinedDocumentError, WayTooWideError: need a person.
        """
        if not timedelta(0) < life <= LIFE_MAX or not 1 <= uses <= USES_MAX:
            raise WayTooWideError
        if why == QUARANTINE:  # whoever looks into that does it as an operator
            raise WayTooWideError
        await self._safe.readable(connection, document, why=why)
        link, now = os.urandom(ID_BYTES), self._clock.now()
        signature = await self._signature(connection, document, link)
        async with transaction(self._pool) as database:
            await database.execute(
                QUERIES["make_link"], link, connection, document, who, why, now, now + life, uses
            )
            await _log(database, now, connection, document, action="link", who=who, why=why)
        return SecretStr(base64.urlsafe_b64encode(link + signature).decode().rstrip("="))

    async def follow(self, token: str) -> Copy:
        """Return the paper that a link leads to; its read is written down under the link's maker and reason.

        A use counts when it is begun.

        Raises:
            WayRefusedError: needs a person.
            UnknownDocumentError, SpoiledDocumentError, QuarantinedDocumentError: need a person.
        """
        link, signature = _parts(token)
        async with borrowed(self._pool) as database:
            led = await database.fetchrow(QUERIES["paper_of_link"], link)
        if led is None:
            raise WayRefusedError
        connection, document = led["connection"], led["document"]
        if not hmac.compare_digest(signature, await self._signature(connection, document, link)):
            raise WayRefusedError
        async with borrowed(self._pool) as database:
            row = await database.fetchrow(QUERIES["use_link"], link, document, self._clock.now())
        if row is None:
            raise WayRefusedError
        who, why = f"link {link.hex()[:8]} of {row['made_by']}", row["why"]
        return await self._outgoing.hand_out(connection, document, who=who, why=why)

    async def revoke(self, connection: str, document: str, *, who: str, why: str) -> int:
        """Revoke every link to a paper, and return how many that were."""
        now = self._clock.now()
        async with transaction(self._pool) as database:
            rows = await database.fetch(QUERIES["revoke_links"], connection, document, now)
            await _log(database, now, connection, document, action="revoke", who=who, why=why)
        return len(rows)

    async def _signature(self, connection: str, document: str, link: bytes) -> bytes:
        """The paper is signed too: a link that was altered in the index leads to no other one."""
        return keyed_hash(await self._connection_keys.key(connection, "links"), link + document.encode())


class ViewPasswords:
    """Passwords by which ordinary clients enter the view of a connection's papers."""

    def __init__(self, *, pool: Pool, clock: Clock) -> None:
        """Keep their digests in `pool`'s schema."""
        self._pool = pool
        self._clock = clock

    async def make(self, connection: str, *, who: str, why: str, life: timedelta) -> SecretStr:
        """Return a new password for somebody. It cannot be told again.

        Raises:
            WayTooWideError: needs a person.
        """
        if not timedelta(0) < life <= LIFE_MAX:
            raise WayTooWideError
        password, now = secrets.token_urlsafe(PASSWORD_BYTES), self._clock.now()
        async with borrowed(self._pool) as database:
            await database.execute(
                QUERIES["make_view_password"], _digest(password), connection, who, why, now, now + life
            )
        return SecretStr(password)

    async def viewer(self, who: str, password: str) -> Viewer:
        """Return whom a name and password let in.

        Raises:
            WayRefusedError: needs a person.
        """
        async with borrowed(self._pool) as database:
            row = await database.fetchrow(QUERIES["viewer"], _digest(password), who, self._clock.now())
        if row is None:
            raise WayRefusedError
        return Viewer(row["connection"], row["who"], row["why"])

    async def revoke(self, connection: str, *, who: str) -> int:
        """Revoke every password of somebody, and return how many that were."""
        async with borrowed(self._pool) as database:
            rows = await database.fetch(QUERIES["revoke_view_passwords"], connection, who, self._clock.now())
        return len(rows)


def _parts(token: str) -> Sequence[bytes]:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise WayRefusedError from None
    if len(raw) != ID_BYTES + SIGNATURE_BYTES:
        raise WayRefusedError
    return raw[:ID_BYTES], raw[ID_BYTES:]


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode()).digest()  # of 192 random bits: nothing is guessed from it


async def _log(
    database: Connection, at: datetime, connection: str, document: str, *, action: str, who: str, why: str
) -> None:
    await database.execute(QUERIES["log_access"], at, connection, document, action, who, why)
