"""Objects, and the signatures that let strangers put and get one of them for an hour.

What is imitated is Amazon S3 (Signature Version 4: authenticating requests using query
parameters; browser-based uploads using POST). The signature's arithmetic is our own: nobody
but the signer ever computes it.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.http import Request

LIFE_S = 3600
"""How long a signature is good: "within one hour" (Procore docs, direct file uploads)."""

ALGORITHM = "AWS4-HMAC-SHA256"
"""The only algorithm of signatures."""

BUCKET = "/pro-core.com"
"""The bucket all objects are in; the first part of every path."""


@dataclass(frozen=True, slots=True)
class Blob:
    """One stored object."""

    content: bytes
    content_type: str = "application/octet-stream"
    disposition: str | None = None

    @property
    def etag(self) -> str:
        """The entity tag without its quotes: the MD5 of the content."""
        return hashlib.md5(self.content, usedforsecurity=False).hexdigest()


class Storage:
    """Every object, by key. `port` None: not served over sockets (in-process tests)."""

    def __init__(self, clock: Clock, secret: bytes) -> None:
        self._clock = clock
        self._secret = secret
        self._blobs: dict[str, Blob] = {}
        self.port: int | None = None

    def origin(self, request: Request) -> str:
        """Return where the caller of another provider reaches this one: its host, our port."""
        if self.port is None:
            return "http://storage.example"
        host = request.headers.get("host", "localhost").partition(":")[0]
        return f"http://{host}:{self.port}"

    def put(self, key: str, blob: Blob) -> None:
        """Store an object, replacing one of the same key."""
        self._blobs[key] = blob

    def find(self, key: str) -> Blob | None:
        """Return the object of this key."""
        return self._blobs.get(key)

    def signed_url(self, request: Request, method: str, key: str, headers: Mapping[str, str]) -> str:
        """Return a URL good for one method and key; these headers must come with it unchanged."""
        at = self._clock.now()
        names = ";".join(sorted({"host", *headers}))
        query = {
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Date": at.strftime("%Y%m%dT%H%M%SZ"),
            "X-Amz-Expires": str(LIFE_S),
            "X-Amz-SignedHeaders": names,
        }
        query["X-Amz-Signature"] = self.signature(method, key, query, headers)
        return f"{self.origin(request)}{BUCKET}/{key}?{urlencode(query)}"

    def signature(self, method: str, key: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
        """Sign a request by what its signature names of it."""
        signed = [name for name in query.get("X-Amz-SignedHeaders", "").split(";") if name != "host"]
        told = [method, key, query.get("X-Amz-Date", ""), query.get("X-Amz-Expires", "")]
        return self._sign("\n".join([*told, *(f"{name}:{headers.get(name, '')}" for name in signed)]))

    def form(self, key: str, content_type: str | None, disposition: str) -> dict[str, str]:
        """Return the fields of a POST form that may store one object under this key."""
        now = self._clock.now()
        fields = {"key": key, "Content-Disposition": disposition}
        if content_type is not None:
            fields["Content-Type"] = content_type
        conditions: list[dict[str, str]] = [{"bucket": BUCKET[1:]}, *({k: v} for k, v in fields.items())]
        policy: dict[str, Any] = {
            "expiration": (now + timedelta(seconds=LIFE_S)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "conditions": conditions,
        }
        encoded = base64.b64encode(json.dumps(policy).encode()).decode()
        return {
            **fields,
            "policy": encoded,
            "x-amz-credential": f"SANDBOX/{now:%Y%m%d}/us-east-1/s3/aws4_request",
            "x-amz-algorithm": ALGORITHM,
            "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
            "x-amz-signature": self.policy_signature(encoded),
        }

    def policy_signature(self, policy: str) -> str:
        """Sign the policy of a POST form."""
        return self._sign(policy)

    def _sign(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()
