"""Tax numbers: sealed one by one, apart from the papers they stand in, and looked up by keyed hash."""

import os
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from plumbline.common.clock import Clock
from plumbline.common.database import Pool, borrowed, transaction
from plumbline.common.secrets.data_keys import DataKeys, SpoiledKeyError
from plumbline.compliance.adapters.safe.keys import QUERIES, ConnectionKeys, keeper_errors
from plumbline.compliance.domain.envelope import NONCE_BYTES, keyed_hash
from plumbline.compliance.ports.safe import (
    MalformedTaxNumberError,
    SpoiledDocumentError,
    TaxNumberOnFile,
    UnknownDocumentError,
)

_NUMBER = re.compile(r"\d{3}[- ]?\d{2}[- ]?\d{4}|\d{2}[- ]?\d{7}")


class TaxNumbers:
    """The numbers of a schema's W-9s."""

    def __init__(self, *, pool: Pool, keys: DataKeys, connection_keys: ConnectionKeys, clock: Clock) -> None:
        """Keep them in `pool`'s schema, sealed by `keys` for the purpose `pii`."""
        self._pool = pool
        self._keys = keys
        self._connection_keys = connection_keys
        self._clock = clock

    async def keep(self, connection: str, document: str, *, vendor: str, number: str) -> TaxNumberOnFile:
        """See `Safe.keep_tax_number`."""
        if not _NUMBER.fullmatch(number.strip()):
            raise MalformedTaxNumberError(document=document)
        digits = re.sub(r"\D", "", number)
        lookup = keyed_hash(await self._connection_keys.key(connection, "numbers"), digits.encode())
        async with keeper_errors():
            key = await self._keys.make("pii")
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + AESGCM(key.clear).encrypt(nonce, digits.encode(), _place(connection, document))
        async with transaction(self._pool) as database:
            paper = await database.fetchrow(QUERIES["lock_paper"], connection, document)
            if paper is None or paper["destroyed_at"] is not None:
                raise UnknownDocumentError(document=document)
            await database.execute(QUERIES["one_by_one"], connection, lookup)
            rows = await database.fetch(QUERIES["vendors_of_number"], connection, lookup)
            await database.execute(
                QUERIES["keep_tax_number"],
                connection,
                document,
                vendor,
                lookup,
                digits[-4:],
                key.wrapped,
                sealed,
                self._clock.now(),
            )
        vendors = [row["vendor"] for row in rows]
        return TaxNumberOnFile(
            last_four=digits[-4:],
            is_new=vendor not in vendors,
            also_of=tuple(other for other in vendors if other != vendor),
        )

    async def whole(self, connection: str, document: str) -> SecretStr:
        """See `Safe.tax_number`; whoever calls has written down why."""
        async with borrowed(self._pool) as database:
            row = await database.fetchrow(QUERIES["tax_number"], connection, document)
        if row is None:
            raise UnknownDocumentError("No tax number was kept from this paper.", document=document)
        sealed = bytes(row["sealed"])
        try:
            async with keeper_errors():
                key = await self._keys.unwrap("pii", row["wrapped"])
            clear = AESGCM(key).decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _place(connection, document)
            )
        except (SpoiledKeyError, InvalidTag):
            raise SpoiledDocumentError(
                "The number is not as it was kept; read it from the paper again.", document=document
            ) from None
        return SecretStr(clear.decode())


def _place(connection: str, document: str) -> bytes:
    return f"tax number|{connection}|{document}".encode()
