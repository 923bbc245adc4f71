"""`plumbline safe`, against the routes that compliance serves."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from safe_lab import ABOUT, CONNECTION, CONTENT, Lab, opened_lab
from typer.testing import CliRunner, Result

from plumbline.common.operator import operator_app
from plumbline.common.process import serving
from plumbline.common.testing.database import rows
from plumbline.compliance.adapters.safe.objects import memory_objects
from plumbline.compliance.safe_routes import SELF_GUARDED, routes
from plumbline.stack.cli.main import app
from plumbline.stack.runners.state import ADDRESSES_FILE

FOLDER = "4001/1001 Travis Tower/lien_waiver.conditional_progress/2026-11"


@dataclasses.dataclass
class Desk:
    """A stack's state folder, and the safe behind it."""

    lab: Lab
    state: Path
    url: str

    async def run(self, *argv: str, said: str = "") -> Result:
        return await asyncio.to_thread(
            CliRunner().invoke, app, ["safe", *argv, "--state", str(self.state)], input=said
        )

    async def ran(self, *argv: str) -> str:
        result = await self.run(*argv)
        assert result.exit_code == 0, result.output
        return result.output

    async def paper(self) -> str:
        stored = await self.lab.safe.put(CONTENT, ABOUT)
        return f"{FOLDER}/waiver {stored.document[:12]}.pdf"


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """Give a stack of which compliance's safe alone runs."""
    async with opened_lab(database_url, memory_objects(), tmp_path) as lab:
        own = operator_app(
            service="compliance",
            token=SecretStr("right"),
            ready=lambda: None,
            routes=routes(lab.whole, {CONNECTION}),
            self_guarded=SELF_GUARDED,
        )
        async with serving(own, host="127.0.0.1", port=0) as port:
            url = f"http://127.0.0.1:{port}"
            (tmp_path / "token").write_text("right\n")
            known = {"services": {"compliance": url}, "operator_token_file": str(tmp_path / "token")}
            (tmp_path / ADDRESSES_FILE).write_text(json.dumps(known))
            yield Desk(lab, tmp_path, url)


async def test_file_is_put_found_and_brought_out_again(desk: Desk) -> None:
    (desk.state / "Form W-9.pdf").write_bytes(CONTENT)
    about = ["--kind", "w9", "--company", "4001", "--project", "1001", "--period", "2026", "--why", "intake"]
    put = ["put", CONNECTION, str(desk.state / "Form W-9.pdf"), *about]
    assert "is in the safe:" in await desk.ran(*put)
    assert "was in the safe already" in await desk.ran(*put)
    assert "4001/" in await desk.ran("ls", CONNECTION)
    listed = await desk.ran("ls", CONNECTION, "4001/1001/w9/2026")
    [name] = [word for word in listed.split("│") if ".pdf" in word]
    to = desk.state / "out.pdf"
    got = ["get", CONNECTION, f"4001/1001/w9/2026/{name.strip()}", "--why", "audit", "--who", "ana"]
    assert "in clear" in await desk.ran(*got, "--to", str(to))
    assert to.read_bytes() == CONTENT
    assert to.stat().st_mode & 0o777 == 0o600
    again = await desk.run(*got, "--to", str(to))
    assert (again.exit_code, "cannot be written" in again.output) == (1, True)
    logged = await rows(desk.lab.pool, "SELECT action, who, why FROM safe_accesses WHERE who = 'ana'")
    assert [tuple(row.values()) for row in logged] == [("read", "ana", "audit")] * 2


async def test_held_paper_is_not_destroyed_and_a_person_is_asked_before(desk: Desk) -> None:
    paper = await desk.paper()
    why = ["--why", "case 12"]
    await desk.ran("hold", CONNECTION, paper, *why)
    assert "held" in await desk.ran("ls", CONNECTION, FOLDER)
    refused = await desk.run("destroy", CONNECTION, paper, *why, "--yes")
    assert (refused.exit_code, "legal hold (case 12)" in refused.output) == (1, True)
    await desk.ran("release", CONNECTION, paper, *why)
    assert (await desk.run("destroy", CONNECTION, paper, *why, said="n\n")).exit_code == 1
    assert (await desk.run("destroy", CONNECTION, paper, *why, said="y\n")).exit_code == 0
    assert not await rows(desk.lab.pool, "SELECT 1 FROM safe_papers WHERE destroyed_at IS NULL")


async def test_link_is_an_address_that_leads_to_the_paper(desk: Desk) -> None:
    paper = await desk.paper()
    output = await desk.ran("link", CONNECTION, paper, "--why", "for the lender", "--uses", "2")
    address = output.split()[0]
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(address)).content == CONTENT
        revoked = await desk.ran("link", CONNECTION, paper, "--why", "wrong person", "--revoke")
        assert "that lead nowhere now: 1." in revoked
        assert (await client.get(address)).status_code == 403
    told = await desk.ran("readers", CONNECTION, paper)
    assert all(word in told for word in ("for the lender", "wrong person", "revoke", "read", "link"))


async def test_view_is_opened_by_what_the_command_says(desk: Desk) -> None:
    paper = await desk.paper()
    said = await desk.ran("mount-view", CONNECTION, "--why", "month end", "--who", "ana")
    told = dict(line.split()[:2] for line in said.splitlines()[:3])
    auth = (told["name"], told["password"])
    async with httpx.AsyncClient(trust_env=False, auth=auth) as client:
        assert (await client.get(f"{told['address']}{paper}")).content == CONTENT


async def test_paper_that_is_not_there_is_told(desk: Desk) -> None:
    await desk.paper()
    result = await desk.run("get", CONNECTION, f"{FOLDER}/no such.pdf", "--why", "test")
    assert (result.exit_code, "There is no paper" in result.output) == (1, True)
    result = await desk.run("ls", CONNECTION, "no/where")
    assert (result.exit_code, "There is no folder" in result.output) == (1, True)
    result = await desk.run("get", CONNECTION, "0" * 64, "--why", "test")
    assert (result.exit_code, "no such paper" in result.output) == (1, True)


async def test_project_is_completed_and_opened_again(desk: Desk) -> None:
    await desk.paper()
    day = f"{desk.lab.clock.now():%Y-%m-%d}"
    said = await desk.ran("complete", CONNECTION, "1001", "--on", day, "--why", "handed over", "--who", "ana")
    assert f"completed on {day}" in said
    assert "destroys none" in said
    shown = await desk.ran("projects", CONNECTION)
    assert day in shown
    assert "handed over" in shown
    desk.lab.clock.advance(timedelta(days=1100))
    again = await desk.ran("complete", CONNECTION, "1001", "--on", day, "--why", "once more")
    assert "The coming night destroys 1 of them" in again
    assert "is open" in await desk.ran("reopen", CONNECTION, "1001", "--why", "punch list")
    assert await desk.lab.whole.rounds.due() == []
    refused = await desk.run("complete", CONNECTION, "1009", "--on", day, "--why", "a slip")
    assert refused.exit_code == 1
    assert "no paper of this project" in refused.output


async def test_spoiled_papers_are_shown_with_their_objects(desk: Desk) -> None:
    await desk.paper()
    [item] = await desk.lab.stored()
    await desk.lab.objects.delete(item.name)
    assert await desk.ran("spoiled", CONNECTION) == "There is none.\n"
    await desk.lab.whole.rounds.scrub(9)
    assert item.name in await desk.ran("spoiled", CONNECTION)
