"""The form in which a file goes to QuickBooks (RFC 7578), and what is in its answer."""

import hashlib
import json
from dataclasses import replace

from plumbline.common.http import PartnerAnswer


def upload_form(metadata: bytes, content: bytes) -> tuple[str, bytes]:
    """Return content type and body of an upload: the same bytes for the same file and metadata, ever after."""
    said = json.loads(metadata)
    boundary = f"plumbline-{hashlib.sha256(metadata + content).hexdigest()[:32]}"
    parts = (
        _part("file_metadata_01", "attachment.json", "application/json; charset=utf-8", metadata),
        _part("file_content_01", said["FileName"], said["ContentType"], content),
    )
    opening = f"--{boundary}\r\n".encode()
    body = b"".join(opening + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", body


def _part(name: str, file_name: str, content_type: str, content: bytes) -> bytes:
    head = (
        f'Content-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
        f"Content-Type: {content_type}\r\n\r\n"
    )
    return head.encode() + content


def of_one_file(answer: PartnerAnswer) -> PartnerAnswer:
    """Return the answer to an upload of one file as if it were one to the write of one object.

    An upload answers with a list of one entry per file, which is an Attachable or a fault.
    """
    try:
        entries = json.loads(answer.body)["AttachableResponse"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return answer
    if not isinstance(entries, list) or len(entries) != 1:
        return answer
    return replace(answer, body=json.dumps(entries[0]).encode())
