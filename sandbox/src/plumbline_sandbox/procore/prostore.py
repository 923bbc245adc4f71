"""Files as Procore keeps them (`prostore_file`): what records have attached, and where it is read.

A file's URL is Procore's own and needs the bearer token; it redirects to the storage service,
another origin, which must not get the token (Procore docs, secure file access).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlencode

from plumbline_sandbox.http import Answer, Request
from plumbline_sandbox.storage.state import Storage

PATH = "/api/v5/files/us-east-1/pro-core.com/"
"""Where the addresses of files begin; a client must not count on it."""

FIRST_ID = 971406
"""Where ids of stored files start: they are not ids of files in the Documents tool."""


@dataclass(frozen=True, slots=True)
class ProstoreFile:
    """One stored file; `key` names its content in the storage service."""

    id: int
    key: str
    name: str
    content_type: str
    size: int
    company_id: int
    project_id: int | None


class Prostore:
    """Every stored file, by id and by key, and what is attached to which record."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self._ids = count(FIRST_ID)
        self._by_id: dict[int, ProstoreFile] = {}
        self._by_key: dict[str, ProstoreFile] = {}
        self._attached: dict[int, list[int]] = {}

    def add(
        self, key: str, name: str, content_type: str, *, size: int, company_id: int, project_id: int | None
    ) -> ProstoreFile:
        """Keep a file whose content is in the storage service already."""
        file = ProstoreFile(next(self._ids), key, name, content_type, size, company_id, project_id)
        self._by_id[file.id] = self._by_key[key] = file
        return file

    def find(self, file_id: int) -> ProstoreFile | None:
        """Return the file of this id."""
        return self._by_id.get(file_id)

    def redirect(self, request: Request, company_ids: Iterable[int]) -> Answer | None:
        """Send a caller on to the content, if the file is of one of its companies and the signature good."""
        file = self._by_key.get(request.path.removeprefix(PATH))
        if file is None or file.company_id not in company_ids:
            return None
        if request.query.get("sig") != self._sig(file):
            return None
        location = self.storage.signed_url(request, "GET", file.key, {})
        return Answer(302, b"", {"location": location})

    def url(self, request: Request, file: ProstoreFile) -> str:
        """Return the file's address at the host that is being asked."""
        query = {"companyId": str(file.company_id)}
        if file.project_id is not None:
            query["projectId"] = str(file.project_id)
        query["sig"] = self._sig(file)
        return f"http://{request.headers.get('host', 'localhost')}{PATH}{file.key}?{urlencode(query)}"

    def attach(self, record_id: int, file_ids: Iterable[int]) -> None:
        """Attach files to a record, after those it has."""
        self._attached.setdefault(record_id, []).extend(file_ids)

    def keep_only(self, record_id: int, file_ids: set[int]) -> None:
        """Take from a record everything but these files."""
        self._attached[record_id] = [f for f in self._attached.get(record_id, []) if f in file_ids]

    def attachments(self, request: Request, record_id: int) -> list[dict[str, Any]]:
        """Return what is attached to a record, as records show it."""
        return [self.attachment(request, file_id) for file_id in self._attached.get(record_id, ())]

    def attachment(self, request: Request, file_id: int) -> dict[str, Any]:
        """Return one file as records show it."""
        file = self._by_id[file_id]
        return {
            "id": file.id,
            "url": self.url(request, file),
            "name": file.name,
            "filename": file.name,
            "content_type": file.content_type,
        }

    def _sig(self, file: ProstoreFile) -> str:
        return self.storage.signature("sig", file.key, {}, {})
