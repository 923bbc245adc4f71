"""Operators' routes over the safe. Whoever reads or decides says who and why: the access log has it."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from plumbline.common.contracts.base import ConnectionName
from plumbline.common.operator import answer
from plumbline.compliance.adapters.safe.opening import OpenSafe
from plumbline.compliance.adapters.safe.papers import CONTENT_BYTES_MAX
from plumbline.compliance.bounds import PUTS_AT_ONCE, Places, body_of
from plumbline.compliance.domain.layout import parts_of
from plumbline.compliance.ports.safe import About, UnknownConnectionError, UnknownDocumentError
from plumbline.compliance.safe_routes.answers import paper, refusing

Said = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00]+$")
]
"""A name or a reason."""


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reason(_Asked):
    """Who asks for something, and why."""

    who: Said
    why: Said


class LinkAsked(Reason):
    """A link that is asked for."""

    hours: float = Field(default=24, gt=0)
    uses: int = Field(default=1, ge=1)


class PasswordAsked(Reason):
    """A password of the view that is asked for."""

    connection: ConnectionName
    who: Annotated[
        Said, StringConstraints(pattern=r"^[^:\x00]+$")
    ]  # a colon ends the name in what clients send
    hours: float = Field(default=8, gt=0)


class QuarantineAsked(_Asked):
    """A quarantine that is to begin, or with no reason to end."""

    who: Said
    reason: Said | None = None


class Completed(Reason):
    """When a project was completed; no day: it was opened again."""

    completed_on: date | None


class Put(Reason):
    """A paper that is put by hand."""

    connection: ConnectionName
    kind: str = "unknown"
    company_id: str | None = None
    project_id: str | None = None
    project: str = ""
    project_state: str | None = None
    vendor: str = ""
    period: str = ""
    file_name: str = "paper.pdf"
    media_type: Annotated[str, StringConstraints(pattern=r"^[\w.+-]+/[\w.+-]+$")] = "application/pdf"

    def about(self) -> About:
        """Return what the paper is about."""
        return About(**self.model_dump(exclude={"who", "why"}))


class SafeRoutes:
    """What operators do with papers."""

    def __init__(self, safe: OpenSafe, reads: Places, connections: Collection[str]) -> None:
        """Serve `safe`; papers go out by the places of `reads`, and come in for `connections`."""
        self._safe = safe
        self._connections = connections
        self._reads = reads
        self._puts = Places(PUTS_AT_ONCE)

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        one = "/safe/papers/{connection}/{document}"
        return [
            Route("/safe/folder", refusing(self.folder)),
            Route("/safe/papers", refusing(self.put), methods=["POST"]),
            Route(one, refusing(self.get)),
            Route(f"{one}/accesses", refusing(self.accesses)),
            Route(f"{one}/hold", refusing(self.hold), methods=["POST"]),
            Route(f"{one}/release", refusing(self.release), methods=["POST"]),
            Route(f"{one}/destroy", refusing(self.destroy), methods=["POST"]),
            Route(f"{one}/quarantine", refusing(self.quarantine), methods=["POST"]),
            Route(f"{one}/links", refusing(self.link), methods=["POST"]),
            Route(f"{one}/links/revoke", refusing(self.revoke), methods=["POST"]),
            Route("/safe/view-passwords", refusing(self.password), methods=["POST"]),
            Route("/safe/view-passwords/revoke", refusing(self.revoke_password), methods=["POST"]),
            Route("/safe/projects/{connection}", refusing(self.projects)),
            Route(
                "/safe/projects/{connection}/{project}/completion",
                refusing(self.completion),
                methods=["POST"],
            ),
            Route("/safe/due", refusing(self.due)),
            Route("/safe/spoiled/{connection}", refusing(self.spoiled)),
            Route("/safe/scrub", refusing(self.scrub), methods=["POST"]),
            Route("/safe/rekey", refusing(self.rekey), methods=["POST"]),
        ]

    async def folder(self, request: Request) -> Response:
        """`GET /safe/folder?connection=NAME&path=4001/…`: what is in a folder."""
        asked = request.query_params
        path = asked.get("path", "")
        found = await self._safe.views.folder(asked.get("connection", ""), parts_of(path))
        if found is None:
            raise UnknownDocumentError(f"There is no folder {path}; `plumbline safe ls` shows what there is.")
        return answer(asdict(found))

    async def put(self, request: Request) -> Response:
        """`POST /safe/papers?connection=NAME&who=…&why=…`: keep the body as a paper, as it is."""
        asked = Put.model_validate(dict(request.query_params))
        self._must_know(asked.connection)
        async with self._puts.one():
            content = await body_of(request, bytes_max=CONTENT_BYTES_MAX)
            stored = await self._safe.papers.put(content, asked.about())
        await self._safe.papers.note(
            asked.connection, stored.document, action="put", who=asked.who, why=asked.why
        )
        return answer(asdict(stored), 201 if stored.is_new else 200)

    async def get(self, request: Request) -> Response:
        """`GET /safe/papers/CONNECTION/DOCUMENT?who=…&why=…`: the paper in clear."""
        connection, document = _named(request)
        asked = Reason.model_validate(dict(request.query_params))
        async with self._reads.one():
            copy = await self._safe.outgoing.hand_out(connection, document, who=asked.who, why=asked.why)
        return paper(copy)

    async def accesses(self, request: Request) -> Response:
        """`GET /safe/papers/CONNECTION/DOCUMENT/accesses`: who touched it, the newest first."""
        found = await self._safe.views.accesses(*_named(request))
        return answer({"accesses": [dict(row) for row in found]})

    async def hold(self, request: Request) -> Response:
        """`POST …/hold`: nothing destroys it until it is released."""
        asked = Reason.model_validate_json(await body_of(request))
        await self._safe.papers.hold(*_named(request), who=asked.who, why=asked.why)
        return answer({"held": asked.why})

    async def release(self, request: Request) -> Response:
        """`POST …/release`: lift its legal hold."""
        asked = Reason.model_validate_json(await body_of(request))
        await self._safe.papers.release(*_named(request), who=asked.who, why=asked.why)
        return answer({"held": None})

    async def destroy(self, request: Request) -> Response:
        """`POST …/destroy`: destroy its key, and so every copy of it."""
        asked = Reason.model_validate_json(await body_of(request))
        await self._safe.papers.destroy(*_named(request), who=asked.who, why=asked.why)
        return answer({"destroyed": True})

    async def quarantine(self, request: Request) -> Response:
        """`POST …/quarantine`: let nobody read it but who looks into that; no reason ends it."""
        asked = QuarantineAsked.model_validate_json(await body_of(request))
        await self._safe.papers.quarantine(*_named(request), reason=asked.reason, who=asked.who)
        return answer({"quarantine": asked.reason})

    async def link(self, request: Request) -> Response:
        """`POST …/links`: a link to it that ends, told this once."""
        asked = LinkAsked.model_validate_json(await body_of(request))
        token = await self._safe.links.make(
            *_named(request),
            who=asked.who,
            why=asked.why,
            life=timedelta(hours=asked.hours),
            uses=asked.uses,
        )
        return answer({"path": f"/link/{token.get_secret_value()}", "hours": asked.hours, "uses": asked.uses})

    async def revoke(self, request: Request) -> Response:
        """`POST …/links/revoke`: revoke every link to it."""
        asked = Reason.model_validate_json(await body_of(request))
        revoked = await self._safe.links.revoke(*_named(request), who=asked.who, why=asked.why)
        return answer({"revoked": revoked})

    async def password(self, request: Request) -> Response:
        """`POST /safe/view-passwords`: a password of the view that ends, told this once."""
        asked = PasswordAsked.model_validate_json(await body_of(request))
        self._must_know(asked.connection)
        made = await self._safe.view_passwords.make(
            asked.connection, who=asked.who, why=asked.why, life=timedelta(hours=asked.hours)
        )
        return answer({"who": asked.who, "password": made.get_secret_value(), "hours": asked.hours})

    async def revoke_password(self, request: Request) -> Response:
        """`POST /safe/view-passwords/revoke?connection=NAME&who=NAME`: let somebody see the view no more."""
        asked = request.query_params
        revoked = await self._safe.view_passwords.revoke(
            asked.get("connection", ""), who=asked.get("who", "")
        )
        return answer({"revoked": revoked})

    async def projects(self, request: Request) -> Response:
        """`GET /safe/projects/CONNECTION`: every project with papers, and whether it was completed."""
        found = await self._safe.completions.projects(request.path_params["connection"])
        return answer({"projects": [dict(row) for row in found]})

    async def completion(self, request: Request) -> Response:
        """`POST /safe/projects/CONNECTION/PROJECT/completion`: when it was completed, or that it was opened again."""
        connection, project = request.path_params["connection"], request.path_params["project"]
        asked = Completed.model_validate_json(await body_of(request))
        await self._safe.completions.say(
            connection, project, asked.completed_on, who=asked.who, why=asked.why
        )
        due = await self._safe.rounds.due()
        of_project = sum((one.connection, one.project_id) == (connection, project) for one in due)
        return answer({"completed_on": asked.completed_on, "due": of_project})

    async def due(self, _: Request) -> Response:
        """`GET /safe/due`: what the coming night destroys, and why."""
        return answer({"due": [paper.model_dump() for paper in await self._safe.rounds.due()]})

    async def spoiled(self, request: Request) -> Response:
        """`GET /safe/spoiled/CONNECTION`: the papers whose object is not what was put there."""
        found = await self._safe.views.spoiled(request.path_params["connection"])
        return answer({"spoiled": [dict(row) for row in found]})

    async def scrub(self, request: Request) -> Response:
        """`POST /safe/scrub?sample=N`: look now whether papers are sound."""
        sample = _Sample.model_validate(dict(request.query_params)).sample
        return answer(asdict(await self._safe.rounds.scrub(sample)))

    async def rekey(self, _: Request) -> Response:
        """`POST /safe/rekey`: let the newest version of what wraps keys wrap all of them; of a key file, a new one."""
        return answer(asdict(await self._safe.rekeying.run()))

    def _must_know(self, connection: str) -> None:
        if connection not in self._connections:
            raise UnknownConnectionError


class _Sample(_Asked):
    sample: int = Field(default=200, ge=0, le=2000)


def _named(request: Request) -> tuple[str, str]:
    return request.path_params["connection"], request.path_params["document"]
