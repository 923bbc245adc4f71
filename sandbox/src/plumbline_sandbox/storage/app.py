"""The storage service as an ASGI application: signed PUT, POST form and GET of one object."""

import base64
import binascii
import hashlib
import hmac
import json
from datetime import UTC, datetime
from itertools import count
from typing import Any
from xml.sax.saxutils import escape

from plumbline_sandbox import multipart
from plumbline_sandbox.http import Answer, RefusedError, Request
from plumbline_sandbox.multipart import Part
from plumbline_sandbox.server import App
from plumbline_sandbox.storage.state import BUCKET, Blob
from plumbline_sandbox.world import World

TWO_MECHANISMS = (
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
    "parameter or the Authorization header should be specified"
)
"""What S3 tells a client that sends a token to a signed URL."""


def build(world: World) -> App:
    """Return the storage service as an ASGI application."""
    return App(world, StorageProvider(world))


class StorageProvider:
    """The storage's half of the shared server."""

    name = "storage"

    def __init__(self, world: World) -> None:
        self._storage = world.storage
        self._clock = world.clock
        self._journal = world.journal
        self._request_ids = count(1)

    def identify(self, request: Request) -> None:
        """Note the object; and a token that should not be here, without its value."""
        request.facts["key"] = request.path.removeprefix(f"{BUCKET}/")
        if "authorization" in request.headers:
            request.facts["authorization_leaked"] = True

    def admit(self, request: Request) -> None:
        """Refuse what carries a token of somebody else's.

        Raises:
            RefusedError: 400, and a `leak` stands in the journal.
        """
        if "authorization" in request.headers:
            self._journal.write("leak", provider=self.name, method=request.method, path=request.path)
            raise self._refused(400, "InvalidArgument", TWO_MECHANISMS)

    async def handle(self, request: Request) -> Answer:
        """Store or give one object."""
        if request.method == "POST" and request.path.rstrip("/") == BUCKET:
            return self._post(request)
        key = request.path.removeprefix(f"{BUCKET}/")
        if request.method in {"GET", "HEAD"}:
            self._check_signature(request, "GET", key)
            return self._get(key, with_body=request.method == "GET")
        if request.method == "PUT":
            self._check_signature(request, "PUT", key)
            return self._put(request, key)
        raise self._refused(
            405, "MethodNotAllowed", "The specified method is not allowed against this resource."
        )

    def finish(self, request: Request, answer: Answer) -> None:
        """Add the request id."""
        answer.headers["x-amz-request-id"] = f"{next(self._request_ids):016X}"

    def refused_token(self) -> Answer:
        """Return the 403 of a signature that is not good."""
        return self._refused(403, "AccessDenied", "Access Denied").answer

    def throttled(self, retry_after_s: int) -> Answer:
        """Return S3's 503, which is how it throttles; the header is ours."""
        answer = self._refused(503, "SlowDown", "Please reduce your request rate.").answer
        answer.headers["retry-after"] = str(retry_after_s)
        return answer

    def _get(self, key: str, *, with_body: bool) -> Answer:
        blob = self._storage.find(key)
        if blob is None:
            raise self._refused(404, "NoSuchKey", "The specified key does not exist.")
        headers = {"content-type": blob.content_type, "etag": f'"{blob.etag}"'}
        if blob.disposition is not None:
            headers["content-disposition"] = blob.disposition
        return Answer(200, blob.content if with_body else b"", headers)

    def _put(self, request: Request, key: str) -> Answer:
        body, headers = request.body, request.headers
        declared = headers.get("x-amz-content-sha256")
        if declared is not None and declared != hashlib.sha256(body).hexdigest():
            raise self._refused(
                400,
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            )
        md5 = headers.get("content-md5")
        if md5 is not None and md5 != _md5(body):
            raise self._refused(
                400, "BadDigest", "The Content-MD5 you specified did not match what we received."
            )
        blob = Blob(body, headers.get("content-type", "application/octet-stream"))
        return self._stored(key, blob, 200)

    def _post(self, request: Request) -> Answer:
        fields, file = self._form(request)
        policy = fields.get("policy", "")
        if not hmac.compare_digest(fields.get("x-amz-signature", ""), self._storage.policy_signature(policy)):
            raise self._mismatch()
        self._check_policy(json.loads(base64.b64decode(policy)), fields)
        disposition = fields.get("content-disposition")
        blob = Blob(file.content, fields.get("content-type", "application/octet-stream"), disposition)
        status = fields.get("success_action_status", "204")
        return self._stored(fields["key"], blob, int(status) if status in {"200", "201"} else 204)

    def _form(self, request: Request) -> tuple[dict[str, str], Part]:
        """Return the fields before the file, by lower-case names, and the file; what follows is ignored."""
        fields: dict[str, str] = {}
        try:
            for part in multipart.parse(request.headers.get("content-type", ""), request.body):
                if part.name == "file":
                    return fields, part
                fields[part.name.lower()] = part.text
        except ValueError as broken:
            raise self._refused(
                400,
                "MalformedPOSTRequest",
                "The body of your POST request is not well-formed multipart/form-data.",
            ) from broken
        raise self._refused(400, "InvalidArgument", "POST requires exactly one file upload per request.")

    def _check_policy(self, policy: dict[str, Any], fields: dict[str, str]) -> None:
        if _moment(policy["expiration"], "%Y-%m-%dT%H:%M:%SZ") <= self._clock.now():
            raise self._denied("Invalid according to Policy: Policy expired.")
        for condition in policy["conditions"]:
            for name, wanted in condition.items():
                if name != "bucket" and fields.get(name.lower()) != wanted:
                    raise self._denied(
                        f'Invalid according to Policy: Policy Condition failed: ["eq", "${name}", "{wanted}"]'
                    )

    def _check_signature(self, request: Request, method: str, key: str) -> None:
        query = request.query
        given = query.get("X-Amz-Signature")
        if given is None:
            raise self._denied("Access Denied")
        try:
            signed_at = _moment(query.get("X-Amz-Date", ""), "%Y%m%dT%H%M%SZ")
            life_s = float(query.get("X-Amz-Expires", ""))
        except ValueError as malformed:
            raise self._mismatch() from malformed
        if not hmac.compare_digest(given, self._storage.signature(method, key, query, request.headers)):
            raise self._mismatch()
        if signed_at.timestamp() + life_s <= self._clock.time():
            raise self._denied("Request has expired")

    def _stored(self, key: str, blob: Blob, status: int) -> Answer:
        self._storage.put(key, blob)
        self._journal.write(
            "commit",
            provider=self.name,
            entity="object",
            id=key,
            action="stored",
            origin="api",
            size=len(blob.content),
        )
        return Answer(status, b"", {"etag": f'"{blob.etag}"'}, committed=True)

    def _mismatch(self) -> RefusedError:
        message = "The request signature we calculated does not match the signature you provided."
        return self._refused(403, "SignatureDoesNotMatch", message)

    def _denied(self, message: str) -> RefusedError:
        return self._refused(403, "AccessDenied", message)

    @staticmethod
    def _refused(status: int, code: str, message: str) -> RefusedError:
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        )
        return RefusedError(Answer(status, body.encode(), {"content-type": "application/xml"}))


def _md5(body: bytes) -> str:
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    return binascii.b2a_base64(digest, newline=False).decode()


def _moment(text: str, shape: str) -> datetime:
    return datetime.strptime(text, shape).replace(tzinfo=UTC)
