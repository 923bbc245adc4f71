"""The grant document as it is stored: nothing of it gets lost, in the embedded store too."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keeper_lab import ACCOUNT
from pydantic import SecretStr

from plumbline.common.secrets.access import access_path, lent_version
from plumbline.common.secrets.embedded import migrate_embedded, open_embedded
from plumbline.common.secrets.keyfile import make_key_file
from plumbline.common.secrets.port import StaleSecretError
from plumbline.common.testing.clock import DAWN
from plumbline.common.testing.secrets import MemorySecretStore
from plumbline.token_vault.adapters.shelf import SecretShelf, grant_path
from plumbline.token_vault.domain import Cause, HeldGrant, Intent

MOMENTS = st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
SECRETS = st.none() | st.text(min_size=1).map(SecretStr)
COUNTS = st.integers(0, 2**53)
GRANTS = st.builds(
    HeldGrant,
    account=st.just(ACCOUNT),
    app=st.just("quickbooks/app"),
    document_version=st.just(0),
    version=COUNTS,
    access_token=SECRETS,
    refresh_token=SECRETS,
    issued_at=MOMENTS,
    expires_at=MOMENTS,
    refreshed_at=MOMENTS,
    ends_at=MOMENTS,
    calls=COUNTS,
    answered=COUNTS,
    intent=st.none() | st.builds(Intent, number=COUNTS, until=MOMENTS.filter(bool), in_vain=COUNTS),
    uncertain=st.booleans(),
    in_vain=COUNTS,
    cause=st.none() | st.sampled_from(Cause),
    seeds=st.lists(st.text("0123456789abcdef", min_size=32, max_size=32), max_size=3).map(tuple),
)


@given(GRANTS)
def test_document_is_read_as_it_was_written(held: HeldGrant) -> None:
    async def written_and_read() -> None:
        shelf = SecretShelf(MemorySecretStore())
        stored = await shelf.put(held)
        assert await shelf.held(ACCOUNT) == stored == replace(held, document_version=1)

    asyncio.run(written_and_read())


async def test_embedded_store_keeps_a_grant_by_check_and_set(database_url: str, tmp_path: Path) -> None:
    make_key_file(tmp_path / "key")
    await migrate_embedded(database_url)
    async with open_embedded(database_url, key_file=tmp_path / "key") as store:
        shelf = SecretShelf(store)
        first = HeldGrant(account=ACCOUNT, app="a", refresh_token=SecretStr("r0"), ends_at=DAWN)
        stored = await shelf.put(first)
        with pytest.raises(StaleSecretError):
            await shelf.put(first)
        live = replace(stored, version=1, access_token=SecretStr("a1"), expires_at=DAWN)
        await shelf.put(live)
        await shelf.lend(live, revoked=False)
        await SecretShelf(store).lend(live, revoked=True)
        await SecretShelf(store).lend(live, revoked=False)
        copy = await store.read(access_path(ACCOUNT))
        assert copy is not None
        assert lent_version(copy) == (1, True)


async def test_document_of_an_earlier_release_is_read() -> None:
    store = MemorySecretStore()
    former = {
        "app": "a",
        "status": "live",
        "version": "7",
        "seeds": "",
        "refresh_token": "r",
        "access_token": "t",
    }
    former |= {"issued_at": DAWN.isoformat(), "expires_at": DAWN.isoformat()}
    await store.write(grant_path(ACCOUNT), former, expected_version=0)
    held = await SecretShelf(store).held(ACCOUNT)
    assert held is not None
    assert (held.version, held.calls, held.cause, held.issued_at) == (7, 0, None, DAWN)
