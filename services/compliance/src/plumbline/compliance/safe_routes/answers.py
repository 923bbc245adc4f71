"""What the safe's refusals are over HTTP, and how a paper is sent."""

from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import quote

from pydantic import ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from plumbline.common.errors import SuiteError
from plumbline.common.operator import refusal
from plumbline.common.secrets.keyfile import KeyFileBusyError
from plumbline.compliance.adapters.safe.belonging import ForeignStoreError
from plumbline.compliance.adapters.safe.completions import NoPapersOfProjectError, NotCompletedYetError
from plumbline.compliance.adapters.safe.links import WayRefusedError, WayTooWideError
from plumbline.compliance.adapters.safe.outgoing import Copy
from plumbline.compliance.bounds import BusyError, TooSlowError
from plumbline.compliance.ports.reading import RefusedPaperError
from plumbline.compliance.ports.safe import (
    EscrowedDocumentError,
    HeldDocumentError,
    QuarantinedDocumentError,
    SafeUnavailableError,
    SpoiledDocumentError,
    UnknownConnectionError,
    UnknownDocumentError,
    UnrecognisedDocumentError,
)

Endpoint = Callable[[Request], Awaitable[Response]]

STATUS: dict[type[SuiteError], int] = {
    UnknownDocumentError: 404,
    NoPapersOfProjectError: 404,
    UnknownConnectionError: 404,
    WayRefusedError: 403,
    TooSlowError: 408,
    QuarantinedDocumentError: 409,
    EscrowedDocumentError: 409,
    HeldDocumentError: 409,
    ForeignStoreError: 409,
    SpoiledDocumentError: 409,
    RefusedPaperError: 413,
    UnrecognisedDocumentError: 423,
    WayTooWideError: 422,
    NotCompletedYetError: 422,
    BusyError: 503,
    SafeUnavailableError: 503,
    KeyFileBusyError: 503,
}
"""The status of each refusal; any other is a bug's."""


def refusing(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint that answers the safe's refusals, each with its code and sentence."""

    @wraps(endpoint)
    async def answering(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ValidationError as error:
            fault = error.errors(include_input=False, include_url=False)[0]
            return refusal(422, "not-understood", f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}")
        except RefusedPaperError as error:
            return refusal(STATUS[RefusedPaperError], error.reason, error.detail)
        except tuple(STATUS) as error:
            return refusal(STATUS[type(error)], error.code, error.detail)
        except ClientDisconnect:
            return refusal(400, "cut-short", "The request was cut short; nothing was kept.")

    return answering


def paper(copy: Copy) -> Response:
    """Send a paper: as a file to be kept, never to be shown as a page of ours, and in nobody's cache."""
    return Response(
        copy.content,
        media_type=copy.media_type,
        headers={
            "content-disposition": f"attachment; filename*=UTF-8''{quote(copy.file_name, safe='')}",
            "x-content-type-options": "nosniff",
            "content-security-policy": "sandbox",
            "cache-control": "private, no-store",
        },
    )
