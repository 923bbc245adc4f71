"""The view: a connection's papers as folders that ordinary WebDAV clients open, to be read and never written.

Of RFC 4918 it speaks what a reader needs: OPTIONS, PROPFIND to a depth of 0 or 1, GET and HEAD (class 1, without locks).
Listing reads the index alone; each GET reads one paper, and is written down.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from email.utils import format_datetime
from urllib.parse import quote
from xml.etree import ElementTree as ET

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from plumbline.compliance.adapters.safe.links import Viewer, WayRefusedError
from plumbline.compliance.adapters.safe.opening import OpenSafe
from plumbline.compliance.adapters.safe.views import Shown
from plumbline.compliance.bounds import Places, body_of
from plumbline.compliance.domain.layout import parts_of
from plumbline.compliance.ports.reading import RefusedPaperError
from plumbline.compliance.ports.safe import UnknownDocumentError
from plumbline.compliance.safe_routes.answers import paper, refusing

VIEW = "/view"
"""Where it is."""

METHODS = ("OPTIONS", "PROPFIND", "GET", "HEAD")

ASKED_MAX = 32
"""Properties that one PROPFIND names; clients ask for some ten, and each is answered for each paper of a folder."""

ALLOWED = {"allow": ", ".join(METHODS), "dav": "1", "ms-author-via": "DAV"}

_DAV = "{DAV:}"

Properties = dict[str, str | None]
"""Name of a property → its text; None: an empty collection element."""


class WebDavView:
    """The view of every connection; a password says which one somebody sees."""

    def __init__(self, safe: OpenSafe, reads: Places) -> None:
        """Show the papers of `safe`; they go out by the places of `reads`."""
        self._safe = safe
        self._reads = reads

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes, to be mounted at the root. Every method comes here: what is not known is answered 405.

        GNOME's client leaves out the slash at the end of the root.
        """
        return [_AnyMethod(path, refusing(self.serve)) for path in (VIEW, f"{VIEW}/{{path:path}}")]

    async def serve(self, request: Request) -> Response:
        """Answer one request."""
        if request.method == "OPTIONS":
            return Response(headers=ALLOWED)
        if request.method not in METHODS:
            return Response(
                "The view is for reading; put papers into the safe by `plumbline safe put`.\n", 405, ALLOWED
            )
        try:
            viewer = await self._viewer(request)
        except WayRefusedError as error:
            challenge = {"www-authenticate": 'Basic realm="Plumbline papers", charset="UTF-8"'}
            return Response(f"{error.detail}\n", 401, challenge)
        serve: dict[str, Callable[[Request, Viewer], Awaitable[Response]]] = {
            "PROPFIND": self._propfind,
            "GET": self._get,
            "HEAD": self._head,
        }
        return await serve[request.method](request, viewer)

    async def _viewer(self, request: Request) -> Viewer:
        scheme, _, said = request.headers.get("authorization", "").partition(" ")
        try:
            who, _, password = base64.b64decode(said, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise WayRefusedError from None
        if scheme.lower() != "basic" or "\0" in who:  # PostgreSQL takes no NUL
            raise WayRefusedError
        return await self._safe.view_passwords.viewer(who, password)

    async def _propfind(self, request: Request, viewer: Viewer) -> Response:
        depth = request.headers.get("depth", "infinity")
        if depth not in {"0", "1"}:
            return _xml(403, _element("error", _element("propfind-finite-depth")))
        asked = await _asked(request)
        path = _path(request)
        folder = await self._safe.views.folder(viewer.connection, path)
        if folder is None:
            shown = await self._shown(viewer, path)
            return _multistatus([(_href(path), _of_paper(shown))], asked)
        if not folder.is_whole:
            return Response("This folder has too many entries to be listed.\n", 507)
        found = [(_href(path, is_folder=True), _of_folder(path[-1] if path else "papers"))]
        if depth == "1":
            found += [(_href([*path, name], is_folder=True), _of_folder(name)) for name in folder.folders]
            found += [
                (_href([*path, shown.name]), _of_paper(shown))
                for shown in folder.papers
                if shown.quarantine is None
            ]
        return _multistatus(found, asked)

    async def _get(self, request: Request, viewer: Viewer) -> Response:
        shown = await self._shown_file(request, viewer)
        if isinstance(shown, Response):
            return shown
        if request.headers.get("if-none-match") == shown.etag:
            return Response(status_code=304, headers={"etag": shown.etag})
        async with self._reads.one():
            copy = await self._safe.outgoing.hand_out(
                viewer.connection, shown.document, who=f"view of {viewer.who}", why=viewer.why
            )
        response = paper(replace(copy, file_name=shown.name))
        response.headers["etag"] = copy.etag
        return response

    async def _head(self, request: Request, viewer: Viewer) -> Response:
        shown = await self._shown_file(request, viewer)
        if isinstance(shown, Response):
            return shown
        headers = {"content-length": str(shown.size_bytes), "etag": shown.etag}
        return Response(media_type=shown.media_type, headers=headers)

    async def _shown_file(self, request: Request, viewer: Viewer) -> Shown | Response:
        path = _path(request)
        if await self._safe.views.folder(viewer.connection, path) is not None:
            sentence = "This is a folder: open it in a WebDAV client, such as the file manager.\n"
            return Response(sentence, 405, {"allow": "OPTIONS, PROPFIND"})
        return await self._shown(viewer, path)

    async def _shown(self, viewer: Viewer, path: Sequence[str]) -> Shown:
        shown = await self._safe.views.paper(viewer.connection, path)
        if shown is None or shown.quarantine is not None:
            raise UnknownDocumentError("There is no such folder or paper.")
        return shown


def _path(request: Request) -> Sequence[str]:
    return parts_of(request.path_params.get("path", ""))


class _AnyMethod(Route):
    """A route that knows no methods: Starlette would answer for those that it is not told of."""

    def __init__(self, path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> None:
        super().__init__(path, endpoint)
        self.methods = None


async def _asked(request: Request) -> Sequence[str] | None:
    """Return the names of the properties that are asked for, as ElementTree writes them; None: all.

    What is too long, no XML in UTF-8, declares entities or names too many asks for all.
    """
    try:
        body = await body_of(request)
    except RefusedPaperError:
        return None
    try:
        text = body.decode()
        if not text.strip() or "<!" in text:
            return None
        props = ET.fromstring(text).find(f"{_DAV}prop")  # noqa: S314  no declarations get here
    except (UnicodeDecodeError, ET.ParseError):
        return None
    return None if props is None or len(props) > ASKED_MAX else [child.tag for child in props]


def _of_folder(name: str) -> Properties:
    return {f"{_DAV}resourcetype": None, f"{_DAV}displayname": name}


def _of_paper(shown: Shown) -> Properties:
    return {
        f"{_DAV}resourcetype": "",
        f"{_DAV}displayname": shown.name,
        f"{_DAV}getcontentlength": str(shown.size_bytes),
        f"{_DAV}getcontenttype": shown.media_type,
        f"{_DAV}getetag": shown.etag,
        f"{_DAV}getlastmodified": format_datetime(shown.stored_at, usegmt=True),
        f"{_DAV}creationdate": shown.stored_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _href(path: Sequence[str], *, is_folder: bool = False) -> str:
    whole = "/".join([VIEW, *(quote(part, safe="") for part in path)])
    return f"{whole}/" if is_folder else whole


def _multistatus(found: Sequence[tuple[str, Properties]], asked: Sequence[str] | None) -> Response:
    root = _element("multistatus")
    for href, properties in found:
        response = ET.SubElement(root, f"{_DAV}response")
        ET.SubElement(response, f"{_DAV}href").text = href
        names = asked if asked is not None else list(properties)
        known = [_property(name, properties[name]) for name in names if name in properties]
        unknown = [ET.Element(name) for name in names if name not in properties]
        for elements, status in ((known, "HTTP/1.1 200 OK"), (unknown, "HTTP/1.1 404 Not Found")):
            if elements:
                stat = ET.SubElement(response, f"{_DAV}propstat")
                ET.SubElement(stat, f"{_DAV}prop").extend(elements)
                ET.SubElement(stat, f"{_DAV}status").text = status
    return _xml(207, root)


def _property(name: str, text: str | None) -> ET.Element:
    element = ET.Element(name)
    if text is None:
        ET.SubElement(element, f"{_DAV}collection")
    else:
        element.text = text
    return element


def _element(name: str, *children: ET.Element) -> ET.Element:
    element = ET.Element(f"{_DAV}{name}")
    element.extend(children)
    return element


def _xml(status: int, root: ET.Element) -> Response:
    ET.register_namespace("D", "DAV:")
    content = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(content, status, media_type="application/xml; charset=utf-8")
