"""Folders, files and versions as JSON, and whose they are.

Source: Procore reference, Project Folders and Files, Company Folders and Files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from plumbline_sandbox.procore.call import Call
from plumbline_sandbox.procore.conventions import moment
from plumbline_sandbox.procore.records import Shown, Table
from plumbline_sandbox.procore.state import Procore, Row


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose documents; `root_id` is the root folder's id (that it is the owner's is inferred)."""

    company_id: int
    project_id: int | None

    @property
    def root_id(self) -> int:
        """The folder everything is in at last."""
        return self.company_id if self.project_id is None else self.project_id


class DocumentsView:
    """Shows what a scope holds to readers."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def shown(self, table: Table[Row], scope: Scope) -> Iterator[Shown[Row]]:
        """Return what of a kind is not in the recycle bin."""
        for shown in table.shown_of_project(scope.project_id):
            if shown.company_id == scope.company_id and not shown.value["is_deleted"]:
                yield shown

    def children(self, call: Call, scope: Scope, parent_id: int) -> dict[str, Any]:
        """Return what a folder holds, as far as it is asked for."""
        query = call.request.query
        folders = [f for f in self.shown(self._procore.folders, scope) if f.value["parent_id"] == parent_id]
        files = [f for f in self.shown(self._procore.files, scope) if f.value["parent_id"] == parent_id]
        told: dict[str, Any] = {
            "folders": [self.folder(call, scope, f, with_children=False) for f in folders],
            "files": [self.file(call, scope, f) for f in files],
        }
        if query.get("exclude_folders") == "true":
            del told["folders"]
        if query.get("exclude_files") == "true":
            del told["files"]
        return {
            **told,
            "read_only": False,
            "is_recycle_bin": False,
            "has_children": bool(folders or files),
            "has_children_files": bool(files),
            "has_children_folders": bool(folders),
        }

    def folder(self, call: Call, scope: Scope, shown: Shown[Row], *, with_children: bool) -> dict[str, Any]:
        """Return a folder; nested ones are shown without their children."""
        children = self.children(call, scope, shown.id)
        if not with_children:
            children |= {"folders": [], "files": []}
        return {
            "id": shown.id,
            **shown.value,
            "updated_at": moment(shown.updated_at),
            "tracked_folder": None,
            "name_with_path": self._path(scope, shown.value),
            **children,
        }

    def file(self, call: Call, scope: Scope, shown: Shown[Row]) -> dict[str, Any]:
        """Return a file with its versions."""
        row = {**shown.value}
        versions = row.pop("versions")
        if call.request.query.get("show_latest_version_only") == "true":
            versions = versions[-1:]
        return {
            "id": shown.id,
            **row,
            "size": versions[-1]["size"],
            "file_type": PurePosixPath(row["name"]).suffix.lstrip("."),
            "name_with_path": self._path(scope, row),
            "tracked_folder": None,
            "created_at": moment(shown.created_at),
            "updated_at": moment(shown.updated_at),
            "file_versions": [self.version(call, version) for version in versions],
        }

    def version(self, call: Call, version: Row) -> dict[str, Any]:
        """Return a version with its content's address."""
        file = self._procore.prostore.attachment(call.request, version["prostore_file"])
        return {**version, "url": file["url"], "prostore_file": file}

    def _path(self, scope: Scope, row: Row) -> str:
        names = [str(row["name"])]
        parent_id = row["parent_id"]
        while parent_id != scope.root_id:
            folder = self._procore.folders.truth(parent_id)
            assert folder is not None
            assert folder.value is not None
            names.append(str(folder.value["name"]))
            parent_id = folder.value["parent_id"]
        return "/".join(reversed(names))
