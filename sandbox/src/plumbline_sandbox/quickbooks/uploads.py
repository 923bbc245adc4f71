"""`POST /upload`: files, each with or without metadata, in one multipart request.

Intuit, Attachable: parts are named `file_metadata_01` and `file_content_01` and so on; a part
with the same number belongs to it. The answer has one entry per file, which may be a fault.
"""

import base64
import binascii

from plumbline_sandbox import multipart
from plumbline_sandbox.http import Request
from plumbline_sandbox.multipart import Part
from plumbline_sandbox.quickbooks import errors, wire
from plumbline_sandbox.quickbooks.entities.attachable import Attachable
from plumbline_sandbox.quickbooks.errors import FaultError
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.wire import Body

MOST_BYTES = 100 * 1024 * 1024
"""Largest request (Intuit, Attachable: 100 MB; that these are binary is inferred)."""

FILE_TYPES = frozenset(
    {"ai", "csv", "doc", "docx", "eps", "gif", "jpeg", "jpg", "ods", "pdf", "png", "rtf", "tif", "txt"}
    | {"xls", "xlsx", "xml"}
)
"""Endings of the file types that are approved (Intuit, Attachable)."""

_CONTENT, _METADATA = "file_content_", "file_metadata_"


def upload(realm: Realm, request: Request, call: Call) -> Body:
    """Keep the files of a request; return the answer's content.

    Raises:
        FaultError: 6030 for a request that is too large, 2010 for one that is no such form.
    """
    if len(request.body) > MOST_BYTES:
        raise FaultError(errors.too_large(len(request.body)))
    try:
        parts = {part.name: part for part in multipart.parse(_content_type(request), request.body)}
    except ValueError:
        raise FaultError(errors.bad_property("multipart/form-data")) from None
    numbers = [name.removeprefix(_CONTENT) for name in parts if name.startswith(_CONTENT)]
    if not numbers:
        raise FaultError(errors.missing(f"{_CONTENT}01"))
    entries = [
        _entry(realm, parts[_CONTENT + number], parts.get(_METADATA + number), call) for number in numbers
    ]
    return {"AttachableResponse": entries}


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "")


def _entry(realm: Realm, file: Part, metadata: Part | None, call: Call) -> Body:
    try:
        return {"Attachable": _keep(realm, file, metadata, call)}
    except FaultError as fault:
        return fault.as_json()


def _keep(realm: Realm, file: Part, metadata: Part | None, call: Call) -> Body:
    sent = {"FileName": file.filename, "ContentType": file.content_type, **_metadata(metadata)}
    if not sent["FileName"]:
        raise FaultError(errors.missing("FileName"))
    ending = str(sent["FileName"]).rpartition(".")[2].lower()
    if ending not in FILE_TYPES:
        raise FaultError(errors.business(f"The file type {ending} is not supported for attachments."))
    return _ATTACHABLES.keep_file(realm, sent, _bytes(file), call)


def _metadata(metadata: Part | None) -> Body:
    if metadata is None:
        return {}
    try:
        sent = wire.parse(metadata.content)
    except ValueError:
        raise FaultError(errors.bad_property(metadata.name)) from None
    if not isinstance(sent, dict):
        raise FaultError(errors.bad_property(metadata.name))
    return sent


def _bytes(file: Part) -> bytes:
    """Return the file; published clients send raw bytes or base64, and say which."""
    if file.transfer_encoding != "base64":
        return file.content
    try:
        return base64.b64decode(file.content, validate=False)
    except binascii.Error:
        raise FaultError(errors.bad_property(file.name)) from None


_ATTACHABLES = Attachable()
