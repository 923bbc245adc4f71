"""Attachables: notes and files that hang on transactions, items and names."""

from typing import Any, ClassVar

from typing_extensions import override

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.checks import Checks
from plumbline_sandbox.quickbooks.entities.base import Entity, deleted
from plumbline_sandbox.quickbooks.entities.transaction import listed, take
from plumbline_sandbox.quickbooks.query.fields import Field
from plumbline_sandbox.quickbooks.realm import Call, Realm
from plumbline_sandbox.quickbooks.store import Family
from plumbline_sandbox.quickbooks.wire import Body

CATEGORIES = frozenset(
    {"Contact Photo", "Document", "Image", "Receipt", "Signature", "Sound", "Other"},
)
"""What an attachment can be (Intuit, Attachable; case counts)."""

_LENGTHS = {"FileName": 1000, "Note": 2000, "PlaceName": 2000, "Tag": 2000, "ContentType": 100, "Lat": 100}
_OF_FILE = ("Size", "ContentType")
"""What an upload settles and an update keeps."""


class Attachable(Entity):
    """Intuit, Attachable. A note, a file, or both; files come by `/upload`."""

    family = Family("Attachable", "attachable")
    writable: ClassVar[frozenset[str]] = frozenset(
        {"FileName", "Note", "Category", "ContentType", "AttachableRef", "PlaceName", "Long", "Lat", "Tag"}
    )
    ignored: ClassVar[frozenset[str]] = frozenset(
        {"FileAccessUri", "TempDownloadUri", "Size", "ThumbnailFileAccessUri", "ThumbnailTempDownloadUri"}
    )
    fields: ClassVar = {
        "FileName": Field("FileName", sortable=True),
        "Note": Field("Note", sortable=True),
        "Category": Field("Category", sortable=True),
        "ContentType": Field("ContentType", sortable=True),
        "Size": Field("Size", "number", sortable=True),
        "Tag": Field("Tag", sortable=True),
        "PlaceName": Field("PlaceName", sortable=True),
        "AttachableRef.EntityRef.Type": Field("EntityRef.type", within="AttachableRef"),
        "AttachableRef.EntityRef.value": Field("EntityRef.value", within="AttachableRef"),
    }

    @override
    def render(self, realm: Realm, body: Body) -> Body:
        """Return the attachable; one with a file has a fresh link to it."""
        if "Size" not in body:
            return body
        return {
            **body,
            "FileAccessUri": f"/v3/company/{realm.id}/download/{body['Id']}",
            "TempDownloadUri": realm.files.link(body["Id"], body["FileName"]),
        }

    @override
    def build(self, realm: Realm, wanted: Body, before: Body | None) -> Body:
        """Check texts and what it is attached to."""
        checks = Checks(wanted)
        if "Note" not in wanted and "FileName" not in wanted:
            checks.note(errors.missing("Note"))
        for name, longest in _LENGTHS.items():
            checks.text(name, longest=longest)
        checks.choice("Category", CATEGORIES)
        sent = listed(checks, "AttachableRef", wanted.get("AttachableRef", []))
        references = [_reference(realm, checks, reference) for reference in sent]
        checks.done()
        of_file = {name: before[name] for name in _OF_FILE if before and name in before}
        return {**wanted, **of_file, **({"AttachableRef": references} if references else {})}

    @override
    def delete(self, realm: Realm, sent: Body, call: Call) -> Body:
        """Delete; links to its file die at once."""
        before = self.present(realm, sent)
        realm.delete(self.name, before, call)
        realm.files.drop(before["Id"])
        return deleted(self.name, before["Id"])

    def keep_file(self, realm: Realm, sent: Body, content: bytes, call: Call) -> Body:
        """Create an attachable with a file; return it as answered.

        Raises:
            FaultError: The metadata are refused; nothing was kept.
        """
        built = self.build(realm, self._wanted(sent), None)
        built["Size"] = len(content)
        after = self._save(realm, None, built, "created", call)
        realm.files.keep(after["Id"], content, after["ContentType"])
        return self.render(realm, after)


def _reference(realm: Realm, checks: Checks, sent: Body) -> Body:
    """Read one `AttachableRef`: what it is attached to, and whether it goes out with its mail."""
    target = sent.get("EntityRef")
    inner = Checks(sent)
    if not isinstance(target, dict):
        inner.note(errors.missing("EntityRef") if target is None else errors.bad_property("EntityRef"))
        take(checks, inner)
        return {}
    kind, entity_id = _entity_name(realm, target.get("type")), inner.reference("EntityRef")
    if kind is None:
        inner.note(errors.bad_choice("EntityRef.type", target.get("type")))
    elif entity_id is not None and realm.get(kind, entity_id) is None:
        inner.note(errors.bad_reference(kind, entity_id, "EntityRef"))
    take(checks, inner)
    # Intuit's own sample sends the flag as a text.
    with_mail = sent.get("IncludeOnSend") in (True, "true")
    return {**sent, "EntityRef": {"type": kind, "value": entity_id}, "IncludeOnSend": with_mail}


def _entity_name(realm: Realm, sent: Any) -> str | None:
    return next((name for name in realm.stores if name.lower() == str(sent).lower()), None)
