"""Attachments: a file on the document of another record, such as the PDF of a pay application on its invoice.

Corrected by replacement: QuickBooks keeps the file of an attachment whatever an update says. Uploads are not
known to honour request ids, so one is looked up by what it hangs on before it is ever sent a second time; its
note, its name and its size prove it.
"""

from collections.abc import Mapping

from plumbline.common.contracts.ledger import AttachmentState, DesiredAttachment
from plumbline.qb_writer.domain.kind import Amounts, Correction, Draft, Find, Kind, Refusal
from plumbline.qb_writer.domain.plan import Aim
from plumbline.qb_writer.domain.records import Document, File
from plumbline.qb_writer.domain.soundness import FILE_BYTES_MAX
from plumbline.quickbooks.models import Attachable


def compose(wish: DesiredAttachment, draft: Draft) -> Document:
    """Return what describes the file and says what it hangs on."""
    owner = draft.relations[wish.owner]
    entity = {"type": owner.entity, "value": owner.observed.quickbooks_id}
    return {
        "AttachableRef": [{"EntityRef": entity, "IncludeOnSend": wish.goes_with_mail}],
        "FileName": wish.file_name,
        "ContentType": wish.content_type,
        "Note": draft.note,
    }


def facts(held: Attachable) -> Mapping[str, object]:
    """Return what we own of it."""
    refs = [(ref.entity_ref, bool(ref.include_on_send)) for ref in held.attachable_ref]
    return {
        "note": held.note,
        "file name": held.file_name,
        "place": sorted((ref.value, with_mail) for ref, with_mail in refs if ref is not None),
    }


def look_ups(sent: Document) -> tuple[Find]:
    """Find it among the attachments of its document."""
    entity = sent["AttachableRef"][0]["EntityRef"]
    where = {"AttachableRef.EntityRef.Type": entity["type"], "AttachableRef.EntityRef.value": entity["value"]}
    return (Find(where),)


def file(wish: DesiredAttachment) -> File:
    """Return the file."""
    return File(wish.sha256, wish.size_bytes)


def refusal(wish: DesiredAttachment) -> Refusal | None:
    """Refuse a file that is too large to be sent."""
    if wish.size_bytes <= FILE_BYTES_MAX:
        return None
    return Refusal(
        "file-too-large",
        f"{wish.file_name} has {wish.size_bytes:,} bytes, and {FILE_BYTES_MAX:,} can be uploaded; "
        "make it smaller, or attach it in QuickBooks by hand",
    )


ATTACHMENT = Kind(
    name="attachment",
    entity="Attachable",
    model=Attachable,
    aims={AttachmentState.ATTACHED: Aim.HELD, AttachmentState.DELETED: Aim.DELETED},
    correction=Correction.REPLACE,
    note="Note",
    deletes_whole=True,
    is_guarded=False,
    is_made_by_people=True,
    title=lambda wish: wish.file_name or None,
    dated=lambda _: None,
    party=lambda _: None,
    stake_cents=lambda _: None,
    wish=lambda wish: f"{wish.state.value}, {wish.file_name} on {wish.owner}",
    compose=compose,
    facts=facts,
    amounts=lambda _: Amounts(),
    look_ups=look_ups,
    names=lambda wish: [wish.owner],
    refusal=refusal,
    file=file,
)
"""Attachments."""
