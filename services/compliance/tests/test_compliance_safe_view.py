"""The view, as WebDAV clients see it: our own questions, and clients that other people wrote."""

import asyncio
import dataclasses
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import httpx
import pytest
from pydantic import SecretStr
from safe_lab import ABOUT, CONNECTION, CONTENT, OTHER, Lab, opened_lab

from plumbline.common.operator import operator_app
from plumbline.common.process import serving
from plumbline.common.testing.database import rows
from plumbline.compliance.adapters.safe.links import LIFE_MAX
from plumbline.compliance.adapters.safe.objects import memory_objects
from plumbline.compliance.safe_routes import SELF_GUARDED, routes

FOLDER = "4001/1001 Travis Tower/lien_waiver.conditional_progress/2026-11"
DAV = "{DAV:}"
CLIENT_MAX_S = 20.0


def needs(program: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a test of a client that the system may have (Debian: a package of that name)."""
    is_missing = shutil.which(program) is None
    skips = pytest.mark.skipif(
        is_missing, reason=f"{program} is not installed; the view was not tried with it"
    )
    return lambda test: pytest.mark.connected(skips(test))


@dataclasses.dataclass
class View:
    """A view that is served, with a password for it and the one paper in it."""

    lab: Lab
    url: str
    password: str
    document: str
    client: httpx.AsyncClient

    @property
    def file(self) -> str:
        return f"{FOLDER}/waiver {self.document[:12]}.pdf"

    async def propfind(self, path: str = "", *, depth: str = "1", body: str = "") -> httpx.Response:
        return await self.client.request("PROPFIND", f"/view/{path}", headers={"depth": depth}, content=body)


@pytest.fixture
async def view(database_url: str, tmp_path: Path) -> AsyncIterator[View]:
    """Give a view as compliance serves it."""
    async with opened_lab(database_url, memory_objects(), tmp_path) as lab:
        stored = await lab.safe.put(CONTENT, ABOUT)
        await lab.safe.put(CONTENT, dataclasses.replace(ABOUT, connection=OTHER, company_id="6006"))
        made = await lab.whole.view_passwords.make(CONNECTION, who="ana", why="month end", life=LIFE_MAX)
        password = made.get_secret_value()
        app = operator_app(
            service="compliance",
            token=SecretStr("right"),
            ready=lambda: None,
            routes=routes(lab.whole, {CONNECTION}),
            self_guarded=SELF_GUARDED,
        )
        async with serving(app, host="127.0.0.1", port=0) as port:
            url = f"http://127.0.0.1:{port}"
            async with httpx.AsyncClient(base_url=url, auth=("ana", password), trust_env=False) as client:
                yield View(lab, url, password, stored.document, client)


def listed(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 207
    return [unquote(href.text or "") for href in ET.fromstring(answer.content).iter(f"{DAV}href")]


async def test_folders_lead_to_the_paper(view: View) -> None:
    assert listed(await view.propfind()) == ["/view/", "/view/4001/", "/view/tx/"]
    assert listed(await view.propfind(FOLDER)) == [f"/view/{FOLDER}/", f"/view/{view.file}"]
    assert listed(await view.propfind(FOLDER, depth="0")) == [f"/view/{FOLDER}/"]
    assert listed(await view.propfind(view.file)) == [f"/view/{view.file}"]
    assert (await view.propfind(f"{FOLDER}/no such.pdf")).status_code == 404
    assert await rows(view.lab.pool, "SELECT 1 FROM safe_accesses") == []


async def test_paper_is_read_and_the_read_is_written_down(view: View) -> None:
    got = await view.client.get(f"/view/{view.file}")
    assert got.content == CONTENT
    assert got.headers["content-type"] == "application/pdf"
    logged = await rows(view.lab.pool, "SELECT document, action, who, why FROM safe_accesses")
    assert [tuple(row.values()) for row in logged] == [(view.document, "read", "view of ana", "month end")]


async def test_asking_how_large_it_is_or_whether_it_changed_reads_nothing(view: View) -> None:
    head = await view.client.head(f"/view/{view.file}")
    assert head.headers["content-length"] == str(len(CONTENT))
    same = await view.client.get(f"/view/{view.file}", headers={"if-none-match": head.headers["etag"]})
    assert same.status_code == 304
    assert await rows(view.lab.pool, "SELECT 1 FROM safe_accesses") == []


async def test_properties_are_those_that_are_asked_for_and_unknown_ones_are_said_so(view: View) -> None:
    body = (
        '<?xml version="1.0"?><propfind xmlns="DAV:"><prop><getcontentlength/><getlastmodified/>'
        '<x:quota xmlns:x="urn:x"/></prop></propfind>'
    )
    answer = await view.propfind(view.file, depth="0", body=body)
    stats = list(ET.fromstring(answer.content).iter(f"{DAV}propstat"))
    told = {
        stat.findtext(f"{DAV}status"): {child.tag: child.text for child in stat.find(f"{DAV}prop") or []}
        for stat in stats
    }
    assert told == {
        "HTTP/1.1 200 OK": {
            f"{DAV}getcontentlength": str(len(CONTENT)),
            f"{DAV}getlastmodified": "Mon, 02 Mar 2026 08:00:00 GMT",
        },
        "HTTP/1.1 404 Not Found": {"{urn:x}quota": None},
    }


@pytest.mark.parametrize("path", ["%00", "4001/%00", f"{FOLDER}/waiver%00.pdf"])
async def test_no_text_that_a_database_refuses_gets_there(view: View, path: str) -> None:
    for method in ("GET", "HEAD", "PROPFIND"):
        answer = await view.client.request(method, f"/view/{path}", headers={"depth": "1"})
        assert answer.status_code == 400
    stranger = await view.client.get("/view/4001", auth=("ana\0", view.password))
    assert stranger.status_code == 401


async def test_properties_without_end_are_not_answered_one_by_one(view: View) -> None:
    names = "".join(f"<n{number}/>" for number in range(1000))
    answer = await view.propfind(FOLDER, body=f'<propfind xmlns="DAV:"><prop>{names}</prop></propfind>')
    assert answer.status_code == 207
    assert "n999" not in answer.text
    assert "getcontentlength" in answer.text


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]><propfind xmlns="DAV:"><prop>&a;</prop></propfind>',
        "no xml",
        "<propfind xmlns='DAV:'>" + "<a/>" * 10_000 + "</propfind>",
        "\ufeff<a/>",
    ],
)
async def test_strange_questions_are_answered_with_everything(view: View, body: str) -> None:
    answer = await view.propfind(view.file, depth="0", body=body)
    assert listed(answer) == [f"/view/{view.file}"]


async def test_depth_without_end_is_refused(view: View) -> None:
    answer = await view.propfind(depth="infinity")
    assert answer.status_code == 403
    assert b"propfind-finite-depth" in answer.content


@pytest.mark.parametrize(
    "method", ["PUT", "DELETE", "MKCOL", "MOVE", "COPY", "PROPPATCH", "LOCK", "UNLOCK", "POST", "PATCH"]
)
async def test_nothing_is_written_through_the_view(view: View, method: str) -> None:
    answer = await view.client.request(method, f"/view/{view.file}", content=b"x")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "OPTIONS, PROPFIND, GET, HEAD"
    assert (await view.client.get(f"/view/{view.file}")).content == CONTENT


@pytest.mark.parametrize("auth", [None, ("ana", "wrong"), ("bo", None), ("", "")])
async def test_nobody_enters_without_the_password(view: View, auth: tuple[str, str | None] | None) -> None:
    given = None if auth is None else (auth[0], view.password if auth[1] is None else auth[1])
    async with httpx.AsyncClient(base_url=view.url, auth=given, trust_env=False) as stranger:
        for method in ("PROPFIND", "GET", "HEAD"):
            answer = await stranger.request(method, f"/view/{view.file}")
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Basic ")
        assert (await stranger.options("/view/")).headers["dav"] == "1"


@pytest.mark.parametrize("said", ["Basic !!!", "Basic", "Basic //8=", "Bearer right", "Digest YW5hOng="])
async def test_what_is_no_name_and_password_is_none(view: View, said: str) -> None:
    async with httpx.AsyncClient(base_url=view.url, trust_env=False) as stranger:
        answer = await stranger.get(f"/view/{view.file}", headers={"authorization": said})
    assert answer.status_code == 401


async def test_password_ends(view: View) -> None:
    view.lab.clock.advance(LIFE_MAX)
    assert (await view.propfind()).status_code == 401


async def test_paper_in_quarantine_is_not_in_the_view(view: View) -> None:
    await view.lab.safe.quarantine(CONNECTION, view.document, reason="Eicar", who="compliance")
    assert listed(await view.propfind(FOLDER)) == [f"/view/{FOLDER}/"]
    assert (await view.client.get(f"/view/{view.file}")).status_code == 404


async def test_views_password_is_no_operators_token(view: View) -> None:
    for path in ("/safe/folder?connection=x", "/view/../safe/folder", "/view/%2e%2e/safe/folder"):
        assert (await view.client.get(path)).status_code in {401, 404}


async def test_root_is_the_same_with_and_without_its_last_slash(view: View) -> None:
    answer = await view.client.request("PROPFIND", "/view", headers={"depth": "1"})
    assert listed(answer) == listed(await view.propfind())
    stranger = await view.client.request("PROPFIND", "/view", headers={"depth": "1"}, auth=("ana", "guessed"))
    assert stranger.status_code == 401
    assert stranger.headers["www-authenticate"].startswith("Basic")


@needs("curl")
async def test_curl_reads_a_paper(view: View, tmp_path: Path) -> None:
    url = f"{view.url}/view/{view.file}".replace(" ", "%20")
    await run("curl", "-sSf", "-u", f"ana:{view.password}", "-o", str(tmp_path / "got"), url)
    assert (tmp_path / "got").read_bytes() == CONTENT


@needs("rclone")
async def test_rclone_copies_the_whole_view(view: View, tmp_path: Path) -> None:
    obscured = (await run("rclone", "obscure", view.password)).strip()
    remote = f":webdav,url='{view.url}/view/',user=ana,pass={obscured}:"
    (tmp_path / "rclone.conf").touch()
    options = ("--config", str(tmp_path / "rclone.conf"))
    tree = await run("rclone", *options, "lsf", "-R", "--files-only", remote)
    assert sorted(tree.splitlines()) == [view.file, f"tx/{view.file}"]
    await run("rclone", *options, "copy", remote, str(tmp_path / "copy"))
    assert (tmp_path / "copy" / "tx" / view.file).read_bytes() == CONTENT
    await run("rclone", *options, "check", "--download", str(tmp_path / "copy"), remote)
    refused = await run("rclone", *options, "--retries", "1", "touch", f"{remote}new.txt", fails=True)
    assert "405" in refused


@needs("cadaver")
async def test_cadaver_walks_and_fetches(view: View, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login ana password {view.password}\n")
    (tmp_path / "netrc").rename(tmp_path / ".netrc")
    (tmp_path / ".netrc").chmod(0o600)
    name = view.file.rpartition("/")[2]
    said = f'cd "/view/{FOLDER}/"\nls\nget "{name}" got.pdf\nquit\n'
    told = await run("cadaver", f"{view.url}/view/", said=said, home=tmp_path)
    assert name in told
    assert (tmp_path / "got.pdf").read_bytes() == CONTENT


async def run(*argv: str, said: str = "", home: Path | None = None, fails: bool = False) -> str:
    """Run somebody else's client, and return what it says."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=home,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home or "/nonexistent"), "TERM": "dumb"},
    )
    async with asyncio.timeout(CLIENT_MAX_S):
        told, _ = await process.communicate(said.encode())
    assert (process.returncode != 0) == fails, told.decode()
    return told.decode()
