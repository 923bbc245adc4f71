"""The Documents tool: folders, files and their versions, of a project or of the company.

Sources: Procore reference, Project Folders and Files, Company Folders and Files; Procore docs,
working with the documents tool. Paths of projects take `project_id` in the query, those of
companies have the company in the path.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from plumbline_sandbox.http import Answer, RefusedError, json_answer
from plumbline_sandbox.multipart import Part
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.conventions import invalid, moment, not_found, part, read_object
from plumbline_sandbox.procore.documents_view import DocumentsView, Scope
from plumbline_sandbox.procore.fields import Fields
from plumbline_sandbox.procore.prostore import ProstoreFile
from plumbline_sandbox.procore.records import Record, Shown, Table, fresh
from plumbline_sandbox.procore.state import (
    COMPANY_FILE,
    COMPANY_FOLDER,
    PROJECT_FILE,
    PROJECT_FILE_VERSION,
    PROJECT_FOLDER,
    Family,
    Procore,
    Row,
)
from plumbline_sandbox.procore.uploads_api import taken

LEGACY_OFFSET = 562949950000000
"""What a file's `legacy_id` lacks: it is another number than the id (which one is inferred)."""


class Documents:
    """The endpoints of folders, files and file versions."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._view = DocumentsView(procore)

    def root(self, call: Call) -> Answer:
        """`GET .../folders`: what the root folder holds; nested folders are shown without their children."""
        scope = self._scope(call)
        row = {"name": "Root", "parent_id": None, "private": False, "is_tracked": False, "is_deleted": False}
        head = {"id": scope.root_id, **row, "tracked_folder": None, "name_with_path": ""}
        return json_answer(200, {**head, **self._view.children(call, scope, scope.root_id)})

    def folder(self, call: Call) -> Answer:
        """`GET .../folders/{id}`."""
        scope = self._scope(call)
        if call.record_id() == scope.root_id:
            return self.root(call)
        shown = self._of_scope(call, self._procore.folders.shown(call.record_id()), scope)
        return json_answer(200, self._view.folder(call, scope, shown, with_children=True))

    def create_folder(self, call: Call) -> Answer:
        """`POST .../folders`: a name that is taken beside it is refused."""
        scope = self._scope(call)
        fields = Fields(call.path, part(read_object(call.request), "folder", call.path))
        row = {
            "name": fields.required_text("name"),
            "parent_id": fields.integer("parent_id", scope.root_id),
            "private": fields.flag("explicit_permissions"),
            "is_tracked": fields.flag("is_tracked"),
            "is_deleted": False,
        }
        self._check_place(fields, scope, row, self._procore.folders)
        fields.done()
        record = self._insert(self._procore.folders, scope, row)
        self._procore.created(_folder_family(scope), record, call.actor)
        return json_answer(
            201, self._view.folder(call, scope, fresh(record), with_children=True), committed=True
        )

    def update_folder(self, call: Call) -> Answer:
        """`PATCH .../folders/{id}`: rename and move, though not into itself (inferred)."""
        scope = self._scope(call)
        record = self._folder_truth(call, scope)
        assert record.value is not None
        fields = Fields(call.path, part(read_object(call.request), "folder", call.path))
        row = {
            **record.value,
            "name": fields.text("name", record.value["name"]),
            "parent_id": fields.integer("parent_id", record.value["parent_id"]),
            "private": fields.flag("explicit_permissions", default=record.value["private"]),
            "is_tracked": fields.flag("is_tracked", default=record.value["is_tracked"]),
        }
        self._check_place(fields, scope, row, self._procore.folders, but=record.id)
        if record.id in self._above(row):
            fields.complain("parent_id", "is invalid")
        fields.done()
        self._procore.folders.change(record, row)
        self._procore.updated(_folder_family(scope), record, call.actor, name=row["name"])
        return json_answer(
            200, self._view.folder(call, scope, fresh(record), with_children=True), committed=True
        )

    def delete_folder(self, call: Call) -> Answer:
        """`DELETE .../folders/{id}`: to the recycle bin, with what is in it (that it takes it along is inferred)."""
        scope = self._scope(call)
        record = self._folder_truth(call, scope)
        self._discard(call, self._procore.folders, _folder_family(scope), record)
        self._discard_contents(call, scope, record.id)
        return json_answer(200, {}, committed=True)

    def file(self, call: Call) -> Answer:
        """`GET .../files/{id}`; one in the recycle bin is shown with `is_deleted` (inferred)."""
        scope = self._scope(call)
        shown = self._of_scope(call, self._procore.files.shown(call.record_id()), scope)
        return json_answer(200, self._view.file(call, scope, shown))

    def create_file(self, call: Call) -> Answer:
        """`POST .../files`: from an upload, or (deprecated) from the form's own file."""
        scope = self._scope(call)
        values = part(read_object(call.request), "file", call.path)
        content = self._content(call, values, scope)
        if content is None:
            raise invalid(call.path, {"file": ["needs upload_uuid or data"]}, 400)
        fields = Fields(call.path, values)
        file_id = self._procore.new_id()
        row: Row = {
            "name": fields.text("name") or content.name,
            "parent_id": fields.integer("parent_id", scope.root_id),
            "description": fields.text("description"),
            "private": fields.flag("explicit_permissions"),
            "is_tracked": fields.flag("is_tracked"),
            "checked_out_until": None,
            "checked_out_by": None,
            "legacy_id": file_id - LEGACY_OFFSET,
            "is_deleted": False,
            "versions": (),
        }
        if fields.flag("unique_name"):
            row["name"] = self._free_name(scope, row)
        self._check_place(fields, scope, row, self._procore.files)
        fields.done()
        row["versions"] = (self._version(call, content, number=1),)
        record = self._insert(self._procore.files, scope, row, record_id=file_id)
        self._procore.created(_file_family(scope), record, call.actor, name=row["name"])
        return json_answer(201, self._view.file(call, scope, fresh(record)), committed=True)

    def update_file(self, call: Call) -> Answer:
        """`PATCH .../files/{id}`: rename, move, check out; new content makes a new version."""
        scope = self._scope(call)
        record = self._truth(call, scope)
        values = part(read_object(call.request), "file", call.path)
        self._refuse_checked_out(call, scope, record)
        assert record.value is not None
        fields, row = Fields(call.path, values), dict(record.value)
        row["name"] = fields.text("name", row["name"])
        row["parent_id"] = fields.integer("parent_id", row["parent_id"])
        row["description"] = fields.text("description", row["description"])
        row["private"] = fields.flag("explicit_permissions", default=row["private"])
        row["is_tracked"] = fields.flag("is_tracked", default=row["is_tracked"])
        if "checked_out_until" in fields:
            row["checked_out_until"] = fields.text("checked_out_until")
            row["checked_out_by"] = None if row["checked_out_until"] is None else call.person
        self._check_place(fields, scope, row, self._procore.files, but=record.id)
        fields.done()
        if content := self._content(call, values, scope):
            row["versions"] += (self._version(call, content, number=len(row["versions"]) + 1),)
        self._change_file(call, scope, record, row)
        return json_answer(200, self._view.file(call, scope, fresh(record)), committed=True)

    def delete_file(self, call: Call) -> Answer:
        """`DELETE .../files/{id}`: the file goes to the recycle bin."""
        scope = self._scope(call)
        record = self._truth(call, scope)
        self._refuse_checked_out(call, scope, record)
        self._discard(call, self._procore.files, _file_family(scope), record)
        return json_answer(200, {}, committed=True)

    def create_version(self, call: Call) -> Answer:
        """`POST /rest/v1.0/file_versions?project_id=`: `file_version[file_id]` and its content."""
        scope = self._scope(call)
        body = read_object(call.request)
        values = part(body, "file_version", call.path) or body
        fields = Fields(call.path, values)
        file_id = fields.required_integer("file_id")
        fields.done()
        record = self._procore.files.truth(file_id)
        self._of_scope(call, None if record is None else fresh(record), scope)
        assert record is not None
        assert record.value is not None
        self._refuse_checked_out(call, scope, record)
        content = self._content(call, values, scope)
        if content is None:
            raise invalid(call.path, {"file_version": ["needs upload_uuid or data"]}, 400)
        before = record.value["versions"]
        version = self._version(call, content, number=len(before) + 1, notes=fields.text("notes"))
        self._change_file(call, scope, record, {**record.value, "versions": (*before, version)})
        return json_answer(201, {**self._view.version(call, version), "file_id": file_id}, committed=True)

    def version(self, call: Call) -> Answer:
        """`GET /rest/v1.0/file_versions/{id}?project_id=`."""
        scope = self._scope(call)
        for shown in self._view.shown(self._procore.files, scope):
            for version in shown.value["versions"]:
                if version["id"] == call.record_id():
                    return json_answer(200, {**self._view.version(call, version), "file_id": shown.id})
        raise not_found(call.path)

    def _discard(self, call: Call, table: Table[Row], family: Family, record: Record[Row]) -> None:
        assert record.value is not None
        table.change(record, {**record.value, "is_deleted": True})
        self._procore.deleted(family, record, call.actor)

    def _discard_contents(self, call: Call, scope: Scope, folder_id: int) -> None:
        places = (
            (self._procore.files, _file_family(scope)),
            (self._procore.folders, _folder_family(scope)),
        )
        for table, family in places:
            for record in table.living_of_project(scope.project_id):
                value = record.value
                if value is not None and value["parent_id"] == folder_id and not value["is_deleted"]:
                    self._discard(call, table, family, record)
                    self._discard_contents(call, scope, record.id)

    def _change_file(self, call: Call, scope: Scope, record: Record[Row], row: Row) -> None:
        assert record.value is not None
        grown = len(row["versions"]) > len(record.value["versions"])
        self._procore.files.change(record, row)
        self._procore.updated(_file_family(scope), record, call.actor, name=row["name"])
        if grown and scope.project_id is not None:
            self._procore.created(PROJECT_FILE_VERSION, record, call.actor)

    def _content(self, call: Call, values: Row, scope: Scope) -> ProstoreFile | None:
        data = values.get("data")
        if isinstance(data, Part):
            return self._procore.uploads.keep(data, scope.company_id, scope.project_id)
        uuid = values.get("upload_uuid")
        return None if uuid is None else taken(self._procore, call, str(uuid), "upload_uuid")

    def _version(self, call: Call, content: ProstoreFile, *, number: int, notes: str | None = None) -> Row:
        return {
            "id": self._procore.new_id(),
            "notes": notes,
            "size": content.size,
            "number": number,
            "created_at": moment(self._procore.clock.now()),
            "created_by": call.person,
            "prostore_file": content.id,
        }

    def _check_place(
        self, fields: Fields, scope: Scope, row: Row, table: Table[Row], but: int | None = None
    ) -> None:
        parent = row["parent_id"]
        if parent != scope.root_id and parent not in {
            f.id for f in self._view.shown(self._procore.folders, scope)
        }:
            fields.complain("parent_id", "is invalid")
        if any(other.id != but and _same_place(other.value, row) for other in self._view.shown(table, scope)):
            fields.complain("name", "has already been taken")

    def _free_name(self, scope: Scope, row: Row) -> str:
        taken_names = {
            f.value["name"]
            for f in self._view.shown(self._procore.files, scope)
            if f.value["parent_id"] == row["parent_id"]
        }
        name = PurePosixPath(str(row["name"]))
        number = 0
        while str(name) in taken_names:
            number += 1
            name = PurePosixPath(row["name"]).with_stem(f"{PurePosixPath(row['name']).stem} ({number})")
        return str(name)

    def _refuse_checked_out(self, call: Call, scope: Scope, record: Record[Row]) -> None:
        """Refuse a change of what another has checked out.

        Raises:
            RefusedError: 409 in the shape of edit conflicts, with the file.
        """
        assert record.value is not None
        holder = record.value["checked_out_by"]
        if holder is not None and holder["id"] != call.person["id"]:
            body = {
                "errors": {"base": [f"File is checked out by {holder['name']}"]},
                "error_type": "checked_out",
                "file": self._view.file(call, scope, fresh(record)),
            }
            raise RefusedError(json_answer(409, body))

    def _scope(self, call: Call) -> Scope:
        if "company" in call.params:
            return Scope(call.company_id(), None)
        project = call.project(self._procore)
        return Scope(project.company_id, project.id)

    def _of_scope(self, call: Call, shown: Shown[Row] | None, scope: Scope) -> Shown[Row]:
        if shown is None or (shown.company_id, shown.project_id) != (scope.company_id, scope.project_id):
            raise not_found(call.path)
        return shown

    def _truth(self, call: Call, scope: Scope) -> Record[Row]:
        record = self._procore.files.truth(call.record_id())
        if record is None or record.value is None or record.value["is_deleted"]:
            raise not_found(call.path)
        self._of_scope(call, fresh(record), scope)
        return record

    def _folder_truth(self, call: Call, scope: Scope) -> Record[Row]:
        record = self._procore.folders.truth(call.record_id())
        if record is None or record.value is None or record.value["is_deleted"]:
            raise not_found(call.path)
        self._of_scope(call, fresh(record), scope)
        return record

    def _above(self, row: Row) -> Iterator[int]:
        """Return the folders that something is in, from the nearest to the root."""
        parent_id: int = row["parent_id"]
        while folder := self._procore.folders.truth(parent_id):
            assert folder.value is not None
            yield folder.id
            parent_id = folder.value["parent_id"]

    def _insert(self, table: Table[Row], scope: Scope, row: Row, record_id: int | None = None) -> Record[Row]:
        return table.insert(
            record_id or self._procore.new_id(), row, company_id=scope.company_id, project_id=scope.project_id
        )


def _same_place(one: Row, other: Row) -> bool:
    return (one["name"], one["parent_id"]) == (other["name"], other["parent_id"])


def _file_family(scope: Scope) -> Family:
    return COMPANY_FILE if scope.project_id is None else PROJECT_FILE


def _folder_family(scope: Scope) -> Family:
    return COMPANY_FOLDER if scope.project_id is None else PROJECT_FOLDER


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints of documents, of projects and of companies."""
    documents = Documents(procore)
    company = "/rest/v1.0/companies/{company}"
    rows: list[Endpoint] = [
        (method, f"{base}/{path}", handler)
        for base in ("/rest/v1.0", company)
        for method, path, handler in (
            ("GET", "folders", documents.root),
            ("POST", "folders", documents.create_folder),
            ("GET", "folders/{id}", documents.folder),
            ("PATCH", "folders/{id}", documents.update_folder),
            ("DELETE", "folders/{id}", documents.delete_folder),
            ("POST", "files", documents.create_file),
            ("GET", "files/{id}", documents.file),
            ("PATCH", "files/{id}", documents.update_file),
            ("DELETE", "files/{id}", documents.delete_file),
        )
    ]
    return [
        *rows,
        ("POST", "/rest/v1.0/file_versions", documents.create_version),
        ("GET", "/rest/v1.0/file_versions/{id}", documents.version),
    ]
