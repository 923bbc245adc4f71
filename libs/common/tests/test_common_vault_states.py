"""Vault that does not serve, played by a listener: what is said of each state, and that nobody waits without end."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from plumbline.common.errors import WaitError
from plumbline.common.secrets.delivery import wrapped_file
from plumbline.common.secrets.port import SecretStoreRefusedError, SecretStoreUnavailableError
from plumbline.common.secrets.vault import VaultSecretStore, open_vault
from plumbline.stack.servers.ports import free_port

PATH = "grants/quickbooks/1/access"
DOCUMENT = {"data": {"data": {"access_token": "t"}, "metadata": {"version": 3}}}
LOGIN = {"auth": {"client_token": "hvs.t", "lease_duration": 3600}}

Answer = tuple[int, Any] | None
"""Status and body; None: no answer at all."""


@dataclass
class PlayedVault:
    """Answers by path; `answers` is by the end of the path, and what is not in it gets what `otherwise` says."""

    answers: dict[str, Answer | Callable[[], Answer]] = field(default_factory=dict)
    otherwise: Answer = (200, DOCUMENT)
    calls: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                text = head.decode()
                self.headers.append(text.lower())
                for line in text.lower().splitlines():
                    if line.startswith("content-length:"):
                        body_sent = await reader.readexactly(int(line.partition(":")[2]))
                        self.bodies.append(body_sent.decode())
                method, path = text.split(" ")[:2]
                self.calls.append(f"{method} {path}")
                answer = self.answers.get(path.rpartition("/v1/")[2], self.otherwise)
                answer = answer() if callable(answer) else answer
                if answer is None:
                    await asyncio.sleep(60)
                    return
                body = answer[1] if isinstance(answer[1], str) else json.dumps(answer[1])
                reply = f"HTTP/1.1 {answer[0]} x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
                writer.write((reply + body).encode())
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def played(vault: PlayedVault, tmp_path: Path, **options: Any) -> AsyncIterator[VaultSecretStore]:
    vault.answers.setdefault("auth/approle/login", (200, LOGIN))
    for name in ("role", "secret"):
        (tmp_path / name).write_text(f"{name}-id\n")
    server = await asyncio.start_server(vault.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    options |= {"role_id_file": tmp_path / "role", "secret_id_file": tmp_path / "secret"}
    try:
        async with open_vault(f"http://127.0.0.1:{port}", **options) as store:
            yield store
    finally:
        server.close()


@pytest.mark.parametrize(
    ("failure", "health", "says"),
    [
        (503, 503, "Vault is sealed: unseal it"),
        (503, 501, "Vault is not initialised: run `plumbline vault bootstrap`"),
        (500, 200, "one of its audit devices can be written"),
        (502, 474, "does not reach the active node"),
        (429, 200, "asks for patience"),
        (307, 429, "let PLUMBLINE_VAULT_URL name the active node"),
        (472, 472, "name the primary cluster"),
        (473, 473, "performance standby"),
        (530, 530, "removed from its cluster"),
        (418, 418, "its health is 418"),
    ],
)
async def test_state_is_told_with_what_to_do(tmp_path: Path, failure: int, health: int, says: str) -> None:
    vault = PlayedVault(otherwise=(failure, {"errors": ["x"]}), answers={"sys/health": (health, {})})
    async with played(vault, tmp_path) as store:
        with pytest.raises(SecretStoreUnavailableError, match=says) as caught:
            await store.read(PATH)
        with pytest.raises(SecretStoreUnavailableError, match=says):
            await store.write(PATH, {"a": "b"}, expected_version=1)
    assert not isinstance(caught.value, SecretStoreRefusedError)


async def test_page_of_a_proxy_is_no_document(tmp_path: Path) -> None:
    async with played(PlayedVault(otherwise=(200, "<html>")), tmp_path) as store:
        with pytest.raises(SecretStoreUnavailableError):
            await store.read(PATH)


async def test_absent_vault_is_told_by_its_address(tmp_path: Path) -> None:
    for name in ("role", "secret"):
        (tmp_path / name).write_text("x")
    url = f"http://127.0.0.1:{free_port()}"
    async with open_vault(url, role_id_file=tmp_path / "role", secret_id_file=tmp_path / "secret") as store:
        with pytest.raises(SecretStoreUnavailableError, match=f"cannot be reached at {url}"):
            await store.read(PATH)


@pytest.mark.parametrize(
    ("health", "says"), [((200, {}), "audit devices can be written"), (None, "not about its health either")]
)
async def test_vault_that_hangs_is_given_up_and_asked_for_its_health(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, health: Answer, says: str
) -> None:
    monkeypatch.setattr("plumbline.common.secrets.vault.TIMEOUT_S", 0.2)
    monkeypatch.setattr("plumbline.common.secrets.vault_states.HEALTH_TIMEOUT_S", 0.2)
    async with played(PlayedVault(otherwise=None, answers={"sys/health": health}), tmp_path) as store:
        with pytest.raises(SecretStoreUnavailableError, match=says):
            await store.read(PATH)


async def test_no_caller_waits_longer_than_a_call_may_take_and_others_threads_stay_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plumbline.common.secrets.vault_calls.CALL_MAX_S", 0.2)
    monkeypatch.setattr("plumbline.common.secrets.vault.TIMEOUT_S", 1.0)
    vault = PlayedVault(otherwise=None, answers={"sys/health": None})
    async with played(vault, tmp_path) as store:
        reads = [asyncio.create_task(store.read(PATH)) for _ in range(50)]
        await asyncio.sleep(0.05)
        assert await asyncio.to_thread(lambda: "free") == "free"
        assert not any(read.done() for read in reads)
        ended = await asyncio.gather(*reads, return_exceptions=True)
    assert {type(e) for e in ended} == {SecretStoreUnavailableError}
    assert all(isinstance(e, WaitError) and "not answered within" in e.detail for e in ended)


async def test_token_that_has_ended_is_replaced_and_the_call_made_again(tmp_path: Path) -> None:
    ended = iter([(200, DOCUMENT), (403, {"errors": ["permission denied", "invalid token"]})])
    vault = PlayedVault(answers={f"plumbline/data/{PATH}": lambda: next(ended, (200, DOCUMENT))})
    async with played(vault, tmp_path) as store:
        for _ in range(3):
            found = await store.read(PATH)
            assert found is not None
            assert found.text("access_token") == "t"
    assert sum("login" in call for call in vault.calls) == 2


async def test_path_that_a_policy_forbids_makes_no_storm_of_logins(tmp_path: Path) -> None:
    vault = PlayedVault(otherwise=(403, {"errors": ["permission denied"]}))
    async with played(vault, tmp_path) as store:
        for _ in range(20):
            with pytest.raises(SecretStoreRefusedError, match="policy forbids"):
                await store.read(PATH)
    assert sum("login" in call for call in vault.calls) == 1


async def test_ids_that_vault_does_not_know_are_told_with_what_to_do(tmp_path: Path) -> None:
    vault = PlayedVault(answers={"auth/approle/login": (400, {"errors": ["invalid role or secret ID"]})})
    async with played(vault, tmp_path) as store:
        with pytest.raises(SecretStoreRefusedError, match="plumbline vault bootstrap"):
            await store.read(PATH)


async def until(condition: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < ends_at, "it did not come about"
        await asyncio.sleep(0.02)


def short_lived(life_s: float) -> dict[str, Any]:
    return {"auth": {"client_token": "hvs.t", "lease_duration": life_s}}


async def test_token_is_renewed_in_its_life_though_nobody_calls(tmp_path: Path) -> None:
    vault = PlayedVault(
        answers={
            "auth/approle/login": (200, short_lived(0.2)),
            "auth/token/renew-self": (200, short_lived(0.2)),
        }
    )

    def renewals() -> int:
        return sum("renew-self" in call for call in vault.calls)

    async with played(vault, tmp_path, tended_every_s=0.02) as store:
        await store.read(PATH)
        await until(lambda: renewals() >= 3)
    assert sum("login" in call for call in vault.calls) == 1


@pytest.mark.parametrize("renewal", [(200, short_lived(0.05)), (403, {"errors": ["permission denied"]})])
async def test_token_at_its_last_end_is_replaced_by_entering_anew(tmp_path: Path, renewal: Answer) -> None:
    vault = PlayedVault(
        answers={"auth/approle/login": (200, short_lived(0.2)), "auth/token/renew-self": renewal}
    )
    async with played(vault, tmp_path, tended_every_s=0.02) as store:
        await store.read(PATH)
        await until(lambda: sum("login" in call for call in vault.calls) >= 2)


async def test_tending_outlives_a_vault_that_is_away(tmp_path: Path) -> None:
    vault = PlayedVault(
        answers={
            "auth/approle/login": (200, short_lived(0.1)),
            "auth/token/renew-self": (503, {"errors": ["Vault is sealed"]}),
            "sys/health": (503, {}),
        }
    )
    async with played(vault, tmp_path, tended_every_s=0.02) as store:
        await store.read(PATH)
        await until(lambda: sum("renew-self" in call for call in vault.calls) >= 2)
        vault.answers["auth/token/renew-self"] = (200, short_lived(3600))
        before = len(vault.calls)
        await until(lambda: any("renew-self" in call for call in vault.calls[before:]))
        assert await store.read(PATH) is not None


async def test_namespace_is_sent_with_every_call_where_one_is_set(tmp_path: Path) -> None:
    named, plain = PlayedVault(), PlayedVault()
    async with played(named, tmp_path, namespace="builders") as store:
        await store.read(PATH)
    async with played(plain, tmp_path) as store:
        await store.read(PATH)
    assert len(named.headers) == 2
    assert all("x-vault-namespace: builders" in head for head in named.headers)
    assert not any("x-vault-namespace" in head for head in plain.headers)


async def test_deleted_document_is_none_and_is_written_over(tmp_path: Path) -> None:
    deleted = {"data": {"data": None, "metadata": {"version": 4, "deletion_time": "2026-11-30T00:00:00Z"}}}
    written: list[str] = []

    def answer() -> Answer:
        written.append("x")
        return (404, deleted) if len(written) <= 2 else (200, {"data": {"version": 5}})

    vault = PlayedVault(answers={f"plumbline/data/{PATH}": answer})
    async with played(vault, tmp_path) as store:
        assert await store.read(PATH) is None
        assert await store.write(PATH, {"a": "b"}, expected_version=None) == 5
    assert json.loads(vault.bodies[-1])["options"] == {"cas": 4}


async def test_delivery_that_cannot_be_stored_stays_whole_and_is_told(tmp_path: Path) -> None:
    vault = PlayedVault()
    async with played(vault, tmp_path) as store:
        wrapped_file(
            tmp_path / "secret"
        ).mkdir()  # what cannot be read as a file stands for any trouble with the disk
        with pytest.raises(SecretStoreRefusedError, match="cannot be stored"):
            await store.read(PATH)
    assert not any("unwrap" in call for call in vault.calls)


async def test_delivery_waits_while_vault_is_away(tmp_path: Path) -> None:
    sealed: Answer = (503, {"errors": ["Vault is sealed"]})
    vault = PlayedVault(answers={"sys/wrapping/lookup": sealed, "sys/health": (503, {})})
    async with played(vault, tmp_path) as store:
        delivered = wrapped_file(tmp_path / "secret")
        delivered.write_text("wrapping")
        with pytest.raises(SecretStoreUnavailableError, match="Vault is sealed"):
            await store.read(PATH)
    assert delivered.read_text() == "wrapping"


async def test_delivery_into_a_folder_that_cannot_be_written_leaves_the_former_secret_id_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.access", lambda _path, _mode: False)  # a superuser may write everywhere
    vault = PlayedVault()
    async with played(vault, tmp_path, tended_every_s=0.02) as store:
        delivered = wrapped_file(tmp_path / "secret")
        delivered.write_text("wrapping")
        assert await store.read(PATH) is not None
        await asyncio.sleep(0.2)
    assert delivered.exists()
    assert "vault.delivery-not-taken" in capsys.readouterr().out
    assert sum("login" in call for call in vault.calls) == 1


async def test_first_delivery_into_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    async with played(PlayedVault(), tmp_path) as store:
        (tmp_path / "secret").rename(wrapped_file(tmp_path / "secret"))
        with pytest.raises(SecretStoreRefusedError, match="folder cannot be written"):
            await store.read(PATH)
