"""Secrets stay where they belong, whatever goes wrong: a run with faults, looked through for all that it knew."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from plumbline.common.settings import secret_line
from plumbline.stack.runners.embedded import embedded_stack
from plumbline.stack.runners.services import RunningStack
from plumbline.stack.runners.settings import StackSettings
from plumbline.stack.scenario.configuring import DURATIONS
from plumbline.stack.scenario.performance import until_quiet
from plumbline.stack.scenario.playing import Player, arranged, fault_rules
from plumbline.stack.scenario.stage import Setting, stage
from plumbline.stack.supervisor import Supervisor
from tests.campaigns.canary import Secrets, harvesting, leaks, logged, published, stored
from tests.campaigns.rolling import steady

SHIPPED = Path(__file__).parents[2] / "config"

INVOICES, SPREAD_S = 24, 12.0

STRANGER = "stranger-with-a-wrong-secret-0123456789"
"""What somebody shows to ingest that is refused: it must not be written down either."""

KINDS = ("client_secret", "verifier_token", "refresh_token", "access_token", "current of webhooks/procore")
"""What a run must have known of, for its silence to say something."""


@pytest.mark.parametrize(
    "written",
    [
        "… Bearer canary-canary-canary …",
        "token=canary-canary-canary&x=y",
        "Authorization: Basic Y2xpZW50OmNhbmFyeS1jYW5hcnktY2FuYXJ5",
        "eHhjYW5hcnktY2FuYXJ5LWNhbmFyeQ==",
    ],
)
def test_secret_is_found_however_it_is_written_down(written: str) -> None:
    secrets = Secrets()
    secrets.note("the canary", "Bearer canary-canary-canary")
    assert leaks(secrets, [("a.log", written.encode())]) == ["the canary in a.log"]
    assert leaks(secrets, [("a.log", b"canary-canary-canar")]) == []


@pytest.mark.campaign
async def test_no_secret_is_in_logs_topics_tables_or_errors_after_a_run_with_faults(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    secrets = Secrets()
    secrets.note("what a stranger showed", STRANGER)
    setting = Setting(state_dir=tmp_path, shipped=SHIPPED, durations=DURATIONS)
    stacks: list[RunningStack] = []

    @asynccontextmanager
    async def running(settings: StackSettings, supervisor: Supervisor) -> AsyncIterator[RunningStack]:
        async with embedded_stack(settings, supervisor) as stack, AsyncExitStack() as harvest:
            for name in ("secrets-key", "operator-token"):
                secrets.note(name, secret_line(tmp_path / name))
            secrets.note_configuration(tmp_path / "config" / "grants.yaml")
            await harvest.enter_async_context(
                harvesting(secrets, stack.database_url, tmp_path / "secrets-key")
            )
            stacks.append(stack)
            yield stack

    async with stage(setting, arrange=arranged, run=running) as on:
        names = on.world.realm_names
        invoices = steady(on.world.seed, names, run=f"{int(time.time()):x}", count=INVOICES)
        player = Player(on.control, invoices, spread_s=SPREAD_S)
        tokens = {"match": {"path": "oauth"}, "every": 2, "times": 6}
        await player.begin(
            [
                *fault_rules(list(names)),
                {"name": "status", **tokens, "args": {"status": 500}},
                {"name": "lose-answer", **tokens},
            ]
        )
        await _knock(on.addresses["ingest"], on.world.connections[0], on.world.realms[0])
        await player.play()
        await on.kill("token-vault")
        await on.kill("qb-writer")
        await until_quiet(on.operators, on.control)
        messages, tables = await published(on.kafka), await stored(stacks[0].database_url)
    printed = "".join(capfd.readouterr()).encode()
    for kind in KINDS:
        assert any(what.startswith(kind) for what in secrets.values.values()), kind
    assert len(messages) > INVOICES
    assert leaks(secrets, [*logged(tmp_path / "logs"), *messages, *tables, ("output", printed)]) == []


async def _knock(ingest: str, connection: str, app: str) -> None:
    """Show ingest a wrong secret at each of its doors."""
    async with httpx.AsyncClient(base_url=ingest, trust_env=False) as http:
        for path, name in (
            (f"/webhooks/procore/{connection}", "authorization"),
            (f"/webhooks/quickbooks/{app}", "intuit-signature"),
        ):
            answer = await http.post(path, content=b"{}", headers={name: STRANGER})
            assert answer.status_code == 401
