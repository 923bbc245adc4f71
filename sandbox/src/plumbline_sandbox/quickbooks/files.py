"""Attached files of one company, and the links by which they are fetched without a token.

A link is good for fifteen minutes (Intuit, Attachable, download). The real one leads to a file
store of its own; here it leads back to the address by which the caller reached the sandbox.
"""

import hashlib
import hmac
from urllib.parse import quote

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.http import Answer, Request

PREFIX = "/attachments/"
"""All links begin so."""

LIFE_S = 15 * 60
"""How long a link is good (Intuit, Attachable: "the URL expires after 15 minutes")."""


class Files:
    """The bytes behind the attachables of a company, by attachable id."""

    def __init__(self, realm_id: str, clock: Clock) -> None:
        self._realm_id = realm_id
        self._clock = clock
        self._contents: dict[str, tuple[bytes, str]] = {}
        self.host = "localhost"
        """Host and port by which the last caller reached the sandbox."""

    def keep(self, attachable_id: str, content: bytes, content_type: str) -> None:
        """Keep the bytes of an attachable."""
        self._contents[attachable_id] = (content, content_type)

    def drop(self, attachable_id: str) -> None:
        """Forget the bytes of an attachable, if it has any."""
        self._contents.pop(attachable_id, None)

    def link(self, attachable_id: str, name: str) -> str:
        """Return a link that is good from now on."""
        ends = str(int(self._clock.time()) + LIFE_S)
        path = f"{PREFIX}{self._realm_id}/{attachable_id}/{quote(name)}"
        return f"http://{self.host}{path}?Expires={ends}&Signature={self._signature(attachable_id, ends)}"

    def fetch(self, attachable_id: str, request: Request) -> Answer:
        """Answer a request to a link: the file, or 403 in XML as a file store writes it."""
        ends = request.query.get("Expires", "")
        signature = request.query.get("Signature", "")
        if not hmac.compare_digest(signature, self._signature(attachable_id, ends)):
            return denied("SignatureDoesNotMatch", "The request signature does not match.")
        if int(ends) <= self._clock.time() or attachable_id not in self._contents:
            return denied("AccessDenied", "Request has expired")
        content, content_type = self._contents[attachable_id]
        return Answer(200, content, {"content-type": content_type})

    def _signature(self, attachable_id: str, ends: str) -> str:
        text = f"{attachable_id} {ends}"
        return hmac.new(self._realm_id.encode(), text.encode(), hashlib.sha256).hexdigest()


def denied(code: str, message: str) -> Answer:
    """Return 403 as a file store writes it."""
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(403, body.encode(), {"content-type": "application/xml"})
