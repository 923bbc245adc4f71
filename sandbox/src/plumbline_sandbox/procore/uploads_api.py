"""The endpoints of direct uploads, and taking uploads and files for a record."""

import base64
import re
from typing import Any

from plumbline_sandbox.http import Answer, Request, json_answer
from plumbline_sandbox.multipart import Part
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.conventions import invalid, not_found, read_object
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.prostore import ProstoreFile
from plumbline_sandbox.procore.state import Procore, Row
from plumbline_sandbox.procore.uploads import Segment, Upload, inline

SEGMENT_MIN = 5_000_000
"""Smallest segment in bytes, but for the last."""

SEGMENT_MAX = 5_000_000_000
"""Largest segment in bytes."""

_HEX_MD5 = re.compile(r"[0-9a-f]{32}")
_HEX_SHA256 = re.compile(r"[0-9a-f]{64}")


class UploadsApi:
    """`POST` and `PATCH /rest/v1.1/{companies|projects}/{id}/uploads`."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def create(self, call: Call) -> Answer:
        """Answer the instructions for one upload, whole or in segments."""
        company_id, project_id = self._scope(call)
        body = read_object(call.request)
        segments = body.get("segments")
        fields = Fields(call.path, body)
        filename = fields.text("response_filename")
        content_type = fields.text("response_content_type")
        if filename is None and segments is None:
            # The reference requires the name; the guide's example of segments goes without.
            raise invalid(call.path, {"response_filename": ["is missing"]}, 400)
        fields.done()
        uuid = self._procore.uploads.new_ulid()
        key = f"companies/{company_id}/{uuid}"
        upload = Upload(
            uuid=uuid,
            owner=call.grant.user,
            key=key,
            filename=filename or uuid,
            content_type=content_type or "application/octet-stream",
            company_id=company_id,
            project_id=project_id,
            created_at=self._procore.clock.now(),
            segments=[] if segments is None else _segments(call, segments, key),
        )
        self._procore.uploads.add(upload)
        if upload.segments:
            return json_answer(201, self._segmented(call.request, upload), committed=True)
        form = self._procore.prostore.storage.form(key, content_type, inline(upload.filename))
        url = f"{self._procore.prostore.storage.origin(call.request)}/pro-core.com"
        return json_answer(201, {"uuid": uuid, "url": url, "fields": form}, committed=True)

    def complete(self, call: Call) -> Answer:
        """`PATCH .../uploads/{uuid}`: the etags of all segments, in their order."""
        self._scope(call)
        upload = self._procore.uploads.find(call.params["uuid"])
        if upload is None or upload.owner is not call.grant.user or not upload.segments:
            raise not_found(call.path)
        rows = read_object(call.request).get("segments")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise invalid(call.path, {"segments": ["is not a list of etags"]}, 400)
        if not self._procore.uploads.complete(upload, [row.get("etag") for row in rows]):
            raise invalid(call.path, {"segments": ["etags do not match what was uploaded"]})
        return json_answer(200, self._segmented(call.request, upload), committed=True)

    def _scope(self, call: Call) -> tuple[int, int | None]:
        if "project" in call.params:
            project = call.project(self._procore)
            return project.company_id, project.id
        return call.company_id(), None

    def _segmented(self, request: Request, upload: Upload) -> dict[str, Any]:
        complete = all(segment.etag for segment in upload.segments)
        return {
            "uuid": upload.uuid,
            "segments": [self._segment(request, segment) for segment in upload.segments],
            "status": "complete" if complete else "ready",
        }

    def _segment(self, request: Request, segment: Segment) -> dict[str, Any]:
        headers = {"x-amz-content-sha256": segment.sha256, "content-length": str(segment.size)}
        if segment.md5 is not None:
            headers["content-md5"] = _base64(segment.md5)
        told: dict[str, Any] = {} if segment.etag is None else {"etag": segment.etag}
        return {
            **told,
            "md5": segment.md5,
            "sha256": segment.sha256,
            "size": segment.size,
            "url": self._procore.prostore.storage.signed_url(request, "PUT", segment.key, headers),
            "headers": headers,
        }


def attach(procore: Procore, call: Call, body: Row, record_id: int, values: Row | None = None) -> None:
    """Attach to a record everything a request brings for it, after what it has; see `brought`.

    Raises:
        RefusedError: 422, an upload or a file is not there or not the caller's.
    """
    procore.prostore.attach(record_id, brought(procore, call, body, values))


def brought(procore: Procore, call: Call, body: Row, values: Row | None = None) -> list[int]:
    """Return the files a request brings for a record.

    `attachments[]` of the body are files in a form. Among the record's own `values`, `upload_ids`
    are uploads, `prostore_file_ids` files that are here already.

    Raises:
        RefusedError: 422, an upload or a file is not there or not the caller's.
    """
    assert call.company is not None
    company_id, values = call.company.id, values or {}
    parts = [part for part in _listed(call, body, "attachments") if isinstance(part, Part)]
    project_id = call.params.get("project") or call.request.query.get("project_id") or body.get("project_id")
    found = [taken(procore, call, str(uuid), "upload_ids").id for uuid in _listed(call, values, "upload_ids")]
    for file_id in _listed(call, values, "prostore_file_ids"):
        file = procore.prostore.find(int(file_id)) if str(file_id).isdecimal() else None
        if file is None or file.company_id != company_id:
            raise invalid(call.path, {"prostore_file_ids": ["is invalid"]})
        found.append(file.id)
    return [*found, *(procore.uploads.keep(part, company_id, _number(project_id)).id for part in parts)]


def _listed(call: Call, values: Row, name: str) -> list[Any]:
    found = values.get(name) or []
    if not isinstance(found, list):
        raise invalid(call.path, {name: ["is not a list"]})
    return found


def _number(text: Any) -> int | None:
    return int(text) if str(text).isdecimal() else None


def taken(procore: Procore, call: Call, uuid: str, field: str) -> ProstoreFile:
    """Return the file of an upload of the caller's.

    Raises:
        RefusedError: 422, it is not there, not complete, too old, or somebody else's (status inferred).
    """
    assert call.company is not None
    file = procore.uploads.take(uuid, call.grant.user, call.company.id)
    if file is None:
        raise invalid(call.path, {field: ["is invalid"]})
    return file


def _segments(call: Call, rows: Any, key: str) -> list[Segment]:
    if not isinstance(rows, list) or not rows:
        raise invalid(call.path, {"segments": ["is not a list"]}, 400)
    segments = [_segment(call, row, f"{key}/{place}") for place, row in enumerate(rows, 1)]
    small = any(segment.size < SEGMENT_MIN for segment in segments[:-1])
    if small or any(segment.size > SEGMENT_MAX for segment in segments):
        raise invalid(call.path, {"segments": ["size must be from 5MB to 5GB, but for the last segment"]})
    return segments


def _segment(call: Call, row: Any, key: str) -> Segment:
    if isinstance(row, dict):
        size, sha256, md5 = row.get("size"), str(row.get("sha256", "")), row.get("md5")
        right_md5 = md5 is None or _HEX_MD5.fullmatch(str(md5))
        if isinstance(size, int) and size > 0 and _HEX_SHA256.fullmatch(sha256) and right_md5:
            return Segment(key, size, sha256, None if md5 is None else str(md5))
    raise invalid(call.path, {"segments": ["needs size, sha256 and optionally md5"]}, 400)


def _base64(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints of uploads; they need no tool's permission (inferred)."""
    uploads = UploadsApi(procore)
    return [
        endpoint
        for scope in ("/rest/v1.1/companies/{company}/uploads", "/rest/v1.1/projects/{project}/uploads")
        for endpoint in (("POST", scope, uploads.create), ("PATCH", f"{scope}/{{uuid}}", uploads.complete))
    ]
