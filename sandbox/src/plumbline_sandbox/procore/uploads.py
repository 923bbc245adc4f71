"""Direct uploads: instructions for the storage service, and the way back into Procore.

Source: Procore docs, working with direct file uploads. An upload is asked for here, its bytes
go to the storage service (one POST form, or a PUT per segment), segmented ones are completed
here, and a record takes it by its uuid within a week.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.multipart import Part
from plumbline_sandbox.procore.grants import User
from plumbline_sandbox.procore.prostore import Prostore, ProstoreFile
from plumbline_sandbox.procore.webhooks.payloads import new_ulid
from plumbline_sandbox.storage.state import Blob

KEPT = timedelta(weeks=1)
"""How long an upload waits for a record to take it."""


@dataclass(slots=True)
class Segment:
    """One part of a segmented upload, with what its sender said of it."""

    key: str
    size: int
    sha256: str
    md5: str | None
    etag: str | None = None


@dataclass(slots=True)
class Upload:
    """One upload. `file` is set once a record has taken it."""

    uuid: str
    owner: User
    key: str
    filename: str
    content_type: str
    company_id: int
    project_id: int | None
    created_at: datetime
    segments: list[Segment]
    file: ProstoreFile | None = None


class Uploads:
    """Every upload that is not forgotten yet."""

    def __init__(self, clock: Clock, prostore: Prostore, rng: random.Random) -> None:
        self._clock = clock
        self._prostore = prostore
        self._rng = rng
        self._uploads: dict[str, Upload] = {}

    def new_ulid(self) -> str:
        """Return a fresh ULID."""
        return new_ulid(self._clock.now(), self._rng)

    def add(self, upload: Upload) -> None:
        """Remember an upload."""
        self._uploads[upload.uuid] = upload

    def find(self, uuid: str) -> Upload | None:
        """Return an upload; one that nobody took within a week is gone."""
        upload = self._uploads.get(uuid)
        if upload and upload.file is None and self._clock.now() - upload.created_at >= KEPT:
            del self._uploads[uuid]
            return None
        return upload

    def take(self, uuid: str, owner: User, company_id: int) -> ProstoreFile | None:
        """Make an upload a file of Procore's; None when it is not there, not complete or somebody else's.

        That a second record may take the same upload, and shares its file, is inferred.
        """
        upload = self.find(uuid)
        if upload is None or upload.owner is not owner or upload.company_id != company_id:
            return None
        if upload.file is None:
            blob = self._prostore.storage.find(upload.key)
            if blob is None:
                return None
            upload.file = self._prostore.add(
                upload.key,
                upload.filename,
                upload.content_type,
                size=len(blob.content),
                company_id=company_id,
                project_id=upload.project_id,
            )
        return upload.file

    def keep(self, part: Part, company_id: int, project_id: int | None) -> ProstoreFile:
        """Store the bytes of a form's file: the old way of uploading, in one call."""
        key = f"companies/{company_id}/{self.new_ulid()}"
        self._prostore.storage.put(key, Blob(part.content, part.content_type, inline(part.filename or "")))
        return self._prostore.add(
            key,
            part.filename or "",
            part.content_type,
            size=len(part.content),
            company_id=company_id,
            project_id=project_id,
        )

    def complete(self, upload: Upload, etags: Sequence[Any]) -> bool:
        """Join the segments into one object; False when one of them is not what the caller says."""
        storage = self._prostore.storage
        blobs = [storage.find(segment.key) for segment in upload.segments]
        told = [str(etag).strip('"') for etag in etags]
        if told != [None if blob is None else blob.etag for blob in blobs]:
            return False
        for segment, etag in zip(upload.segments, told, strict=True):
            segment.etag = etag
        content = b"".join(blob.content for blob in blobs if blob is not None)
        storage.put(upload.key, Blob(content, upload.content_type, inline(upload.filename)))
        return True


def inline(filename: str) -> str:
    """Return the disposition of a file that is shown and not saved."""
    return f'inline; filename="{filename}"'
