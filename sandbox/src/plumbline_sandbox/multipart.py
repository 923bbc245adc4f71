"""Reading `multipart/form-data` bodies (RFC 7578), with file parts byte for byte."""

import re
from dataclasses import dataclass

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_PARAMETER = re.compile(r'(\w+)="((?:\\"|[^"])*)"')


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form; `filename` None: a plain field."""

    name: str
    content: bytes
    filename: str | None = None
    content_type: str = "application/octet-stream"
    transfer_encoding: str = "binary"
    """How the content is encoded, in lower case; it is given as it came."""

    @property
    def text(self) -> str:
        """The content of a plain field.

        Raises:
            ValueError: It is no UTF-8.
        """
        return self.content.decode()


def is_multipart(content_type: str) -> bool:
    """Tell whether a body of this content type is a multipart form."""
    return content_type.lower().startswith("multipart/form-data")


def parse(content_type: str, body: bytes) -> list[Part]:
    """Return the parts of a form, in their order.

    Raises:
        ValueError: There is no boundary, or a part has no name.
    """
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise ValueError("the content type names no boundary")
    delimiter = b"\r\n--" + boundary[1].encode()
    # The first delimiter may open the body: the line break before it is not there then.
    pieces = (b"\r\n" + body).split(delimiter)
    return [_part(piece) for piece in pieces[1:] if not piece.startswith(b"--")]


def _part(piece: bytes) -> Part:
    head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    headers = dict(_header(line) for line in head.decode().split("\r\n"))
    parameters = dict(_PARAMETER.findall(headers.get("content-disposition", "")))
    if "name" not in parameters:
        raise ValueError("a part has no name")
    return Part(
        parameters["name"],
        content,
        parameters.get("filename"),
        headers.get("content-type", "application/octet-stream"),
        headers.get("content-transfer-encoding", "binary").lower(),
    )


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()
