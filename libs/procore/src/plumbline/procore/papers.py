"""Papers in Procore: compliance documents, insurances, lien waivers, and the files of the Documents tool.

The rules of `models` hold here too. No webhook tells of compliance documents and waivers.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pydantic import Field, model_validator

from plumbline.procore.models import Attachment
from plumbline.procore.record import Record, UtcDatetime


class ComplianceDocument(Record):
    """A paper that a commitment needs.

    `type` is `bond`, `license`, `master_agreement`, `permit`, `safety`, `w9` or `other`; `status` is `compliant` or
    `not_compliant`: both are somebody's word.
    """

    id: int
    name: str | None = None
    type: str | None = None
    status: str | None = None
    effective_at: UtcDatetime | None = None
    expires_at: UtcDatetime | None = None
    attachments: tuple[Attachment, ...] = ()
    updated_at: UtcDatetime | None = None


class Insurance(Record):
    """An insurance as people typed it in; it has no file, so the certificate comes otherwise."""

    id: int
    vendor_id: int | None = None
    insurance_type: str | None = None
    insurance_provider: str | None = None
    policy_number: str | None = None
    limit: str | None = None
    effective_date: date | None = None
    expiration_date: date | None = None
    status: str | None = None


class LienWaiver(Record):
    """A waiver that Procore made for a requisition; its file is there once somebody may see it.

    `type` is one of the four kinds; `status` is `draft`, `awaiting_signature`, `complete` or `cancelled`, in an older
    reference `completed`.
    """

    id: int
    invoice_id: int
    type: str
    status: str
    locked: bool | None = None
    waiver_date: date | None = None
    pdf_url: str | None = None


class FileVersion(Record):
    """One version of a file; its URL wants Procore's token."""

    id: int
    number: int | None = None
    url: str | None = None
    size: int | None = None


class File(Record):
    """A file of the Documents tool."""

    id: int
    name: str
    parent_id: int | None = None
    is_deleted: bool = False
    file_versions: tuple[FileVersion, ...] = ()
    updated_at: UtcDatetime | None = None

    @property
    def newest(self) -> FileVersion | None:
        """The version that counts."""
        return max(self.file_versions, key=lambda version: version.number or 0, default=None)


class FolderRef(Record):
    """A folder as the one above it lists it."""

    id: int
    name: str
    is_deleted: bool = False


class Folder(Record):
    """A folder of the Documents tool with what it holds; nested folders are shown without their contents."""

    id: int
    name: str
    folders: tuple[FolderRef, ...] = ()
    files: tuple[File, ...] = Field(default=())

    @model_validator(mode="before")
    @classmethod
    def _leaves_out_nothing(cls, said: Any) -> Any:
        """Read a list that Procore leaves out, or sends as null, as an empty one."""
        if not isinstance(said, dict):
            return said
        return {**said, **{name: said.get(name) or [] for name in ("folders", "files")}}


class Document(Record):
    """A folder or a file, as the index of all of them lists it."""

    id: int
    updated_at: UtcDatetime | None = None


@dataclass(frozen=True, slots=True)
class NewestDocument:
    """By which a change anywhere in a folder is seen."""

    changed_at: datetime | None
    """When the newest was changed; None if there is none."""
    count: int | None
    """How many there are, if Procore says so."""


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file's bytes, and what its store calls them."""

    content: bytes = field(repr=False)
    content_type: str
