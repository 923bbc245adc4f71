"""Operators' routes over papers: upload, list, look, review, acknowledge, replay."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import from_json
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from plumbline.common.connections import ConnectionConfig, Connections
from plumbline.common.errors import NeedsHumanError, SuiteError
from plumbline.common.operator import answer, refusal
from plumbline.compliance.bounds import BusyError, TooSlowError, body_of
from plumbline.compliance.domain.document import Document, clean_name
from plumbline.compliance.domain.on_file import State
from plumbline.compliance.ports.intake import Arrival, Receipt
from plumbline.compliance.ports.reading import RefusedPaperError
from plumbline.compliance.ports.safe import SafeUnavailableError, UnknownConnectionError
from plumbline.compliance.service.intake import MAX_PAPER_BYTES, Intake, too_large
from plumbline.compliance.service.reviewing import (
    NoTicketError,
    Reviewing,
    UnfitReviewError,
    UnknownPaperError,
    Word,
)

UPLOADS_AT_ONCE = 4
"""Uploads held in memory at once; more are asked to come again."""

UPLOAD_WITHIN_S = 60.0
"""How long one upload may take."""

FORM_BYTES = 64 * 1024
"""What a form may have besides its file."""

STATES: Sequence[str] = get_args(State)
"""How far a paper can be."""

Endpoint = Callable[[Request], Awaitable[Response]]
"""Answers one request."""

SELF_BOUNDED = ("/papers/", "/sheets/", "/safe/papers/")
"""Beginnings of paths at which papers come in: their routes bound what they take. See `operator_app`."""


class NotAnUploadError(NeedsHumanError):
    """The request brings no file: send the bare bytes, or a form with one field `file`."""


class UnknownStateError(NeedsHumanError):
    """No paper is ever in such a state."""


class UnknownPlaceError(NeedsHumanError):
    """The project or payable that a paper is said to belong to is none of the connection."""


STATUSES: Mapping[type[SuiteError], int] = {
    NotAnUploadError: 400,
    UnknownConnectionError: 404,
    UnknownPaperError: 404,
    TooSlowError: 408,
    NoTicketError: 409,
    UnknownPlaceError: 422,
    UnknownStateError: 422,
    UnfitReviewError: 422,
    BusyError: 503,
    SafeUnavailableError: 503,
}
"""What errors are over HTTP."""

_REFUSED_STATUSES = {"too-large": 413, "unknown-type": 415, "two-types": 415, "placeholder": 415}
"""What refused papers are, by their reason; 422 for the others."""


class PaperRoutes:
    """Routes over papers."""

    def __init__(self, *, connections: Connections, intake: Intake, reviewing: Reviewing) -> None:
        """Take papers in through `intake` and show and change them through `reviewing`."""
        self._connections = connections
        self._intake = intake
        self._reviewing = reviewing
        self._places = asyncio.Semaphore(UPLOADS_AT_ONCE)

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            Route("/papers", refusing(self.ls)),
            Route("/papers/refused", refusing(self.refused)),
            Route("/papers/{document}", refusing(self.show), methods=["GET"]),
            Route("/papers/{connection}", refusing(self.upload), methods=["POST"]),
            Route("/papers/{document}/decisions", refusing(self.replay)),
            Route("/papers/{document}/review", refusing(self.review), methods=["POST"]),
            Route("/papers/{document}/acknowledge", refusing(self.acknowledge), methods=["POST"]),
        ]

    async def ls(self, request: Request) -> Response:
        """`GET /papers?state=&connection=&held=`: the newest papers of them."""
        state = request.query_params.get("state")
        if state is not None and state not in STATES:
            raise UnknownStateError(f"A paper is {', '.join(STATES)}.")
        rows = await self._reviewing.listed(
            state=state, connection=self._asked(request), held=request.query_params.get("held")
        )
        return answer({"papers": [dict(row) for row in rows]})

    async def refused(self, request: Request) -> Response:
        """`GET /papers/refused?connection=`: what was found and not taken, and why."""
        rows = await self._reviewing.refused(connection=self._asked(request))
        return answer({"refused": [dict(row) for row in rows]})

    async def show(self, request: Request) -> Response:
        """`GET /papers/{document}`: a paper and its story in sentences."""
        document, errands, story = await self._reviewing.told(request.path_params["document"])
        return answer({**_shown(document), "tickets": [_fields(one) for one in errands], "story": story})

    async def replay(self, request: Request) -> Response:
        """`GET /papers/{document}/decisions`: each decision, made once more from its facts and rules."""
        found = await self._reviewing.replayed(request.path_params["document"])
        return answer({"decisions": [one.told() for one in found]})

    async def review(self, request: Request) -> Response:
        """`POST /papers/{document}/review`: a person's word; the paper is decided anew."""
        try:
            word = Word.model_validate_json(await body_of(request))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise UnfitReviewError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        document = await self._reviewing.review(request.path_params["document"], word)
        return answer({"document": document.document})

    async def acknowledge(self, request: Request) -> Response:
        """`POST /papers/{document}/acknowledge` with `{"by": NAME}`: its desk has it. Safe to repeat."""
        try:
            by = str(from_json(await body_of(request))["by"])[:200]
        except (ValueError, KeyError, TypeError) as error:
            raise UnfitReviewError('Say who has it: {"by": "name"}.') from error
        return answer({"ticket": await self._reviewing.acknowledge(request.path_params["document"], by=by)})

    async def upload(self, request: Request) -> Response:
        """`POST /papers/{connection}?project=&vendor=&payable=&file_name=`: a form with `file`, or the bare bytes.

        201: stored. 200: the same upload was stored before. 409: the same bytes came from elsewhere before.
        """
        if self._places.locked():
            raise BusyError(f"{UPLOADS_AT_ONCE} papers are being uploaded; send this one again soon.")
        async with self._places:
            try:
                async with asyncio.timeout(UPLOAD_WITHIN_S):
                    arrival = await self._arrival(request)
                    receipt = await self._intake.take(arrival)
            except TimeoutError as error:
                raise TooSlowError(f"An upload may take {UPLOAD_WITHIN_S:.0f} s; send it again.") from error
        return received(receipt, arrival)

    def _asked(self, request: Request) -> str | None:
        """Return the connection that is asked for; a wrong name must not look like an empty list."""
        connection = request.query_params.get("connection")
        if connection is not None and self._connections.get(connection) is None:
            raise UnknownConnectionError
        return connection

    async def _arrival(self, request: Request) -> Arrival:
        given = request.query_params
        payable = given.get("payable") or None
        project = given.get("project") or (
            payable.split("/")[2] if payable and payable.count("/") == 4 else None
        )
        config = placed(self._connections, request.path_params["connection"], project, payable)
        name, content = await _file(request)
        file_name = clean_name(given.get("file_name") or name)
        return Arrival(
            connection=config.name,
            source="upload",
            source_record=f"uploads/{project or '-'}/{file_name}",
            file_name=file_name,
            content=content,
            company_id=config.procore.company_id,
            project_id=project,
            vendor_id=given.get("vendor") or None,
            payable=payable,
        )


def placed(
    connections: Connections, connection: str, project: str | None, payable: str | None
) -> ConnectionConfig:
    """Return the connection of a paper that is said to belong to a project or payable.

    Raises:
        UnknownConnectionError, UnknownPlaceError: need a person.
    """
    config = connections.get(connection)
    if config is None:
        raise UnknownConnectionError
    if project is not None and project not in config.procore.projects:
        raise UnknownPlaceError(f"Project {project} is none of {config.name}; see connections.yaml.")
    if payable is not None and not payable.startswith(f"payable/{config.procore.company_id}/{project}/"):
        raise UnknownPlaceError(
            "A payable is payable/COMPANY/PROJECT/requisition/ID, of the paper's own project."
        )
    return config


def received(receipt: Receipt, arrival: Arrival) -> Response:
    """Say what became of a paper: stored, stored by the same place before, or here from elsewhere."""
    if receipt.is_new:
        return answer({"document": receipt.document}, 201)
    if receipt.earlier == arrival.source_record:
        return answer({"document": receipt.document})
    sentence = f"The very same file is here already, from {receipt.earlier}; nothing was kept twice."
    return answer({"error": "duplicate-document", "detail": sentence, "document": receipt.document}, 409)


def refusing(endpoint: Endpoint, statuses: Mapping[type[SuiteError], int] = STATUSES) -> Endpoint:
    """Return an endpoint whose errors are refusals: a stable code, and a sentence that says what to do."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except RefusedPaperError as error:
            return refusal(_REFUSED_STATUSES.get(error.reason, 422), error.reason, error.detail)
        except tuple(statuses) as error:
            return refusal(statuses[type(error)], error.code, error.detail)
        except ClientDisconnect:
            return refusal(400, "cut-short", "The upload was cut short; nothing was kept.")

    return answered


async def _file(request: Request) -> tuple[str, bytes]:
    """Return the name and bytes of the file that a request brings."""
    body = await _body(request)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return "paper", body
    parser = MultiPartParser(request.headers, _once(body), max_files=1, max_fields=8)
    parser.spool_max_size = MAX_PAPER_BYTES + FORM_BYTES  # a paper lies in clear on no disk
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as error:
        raise NotAnUploadError("The form cannot be read; send one field `file`.") from error
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise NotAnUploadError
        return file.filename or "paper", await file.read()
    finally:
        await form.close()


async def _body(request: Request) -> bytes:
    """Return the body, read no further than the largest paper."""
    try:
        return await body_of(request, bytes_max=MAX_PAPER_BYTES + FORM_BYTES)
    except RefusedPaperError as error:
        raise too_large(request.query_params.get("file_name", "the file")) from error


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def _shown(document: Document) -> dict[str, Any]:
    known = document.known
    return {
        **_fields(document),
        "recognised": document.recognised.model_dump() if document.recognised else None,
        "reviews": [one.model_dump() for one in document.reviews],
        "decisions": [one.model_dump() for one in document.decisions],
        "fields": known.fields.model_dump() if known else None,
    }


def _fields(one: Any) -> dict[str, Any]:
    """Return the fields of a record as they are; nothing of ours holds a whole tax number."""
    return {name: getattr(one, name) for name in type(one).__dataclass_fields__}
