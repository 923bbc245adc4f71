"""One list of all folders and files of a project or company, wherever they are.

Source: Procore reference, Project Folder and File index, Company Folder and File index. Which of
their many properties are told is a choice; ProPyCore reads these.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from plumbline_sandbox.http import Answer
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.conventions import filter_ids, list_v1, of_list
from plumbline_sandbox.procore.directory import as_json, filtered
from plumbline_sandbox.procore.records import Shown
from plumbline_sandbox.procore.state import Procore, Row


class DocumentIndex:
    """The endpoint `documents` of projects and of companies."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def list(self, call: Call) -> Answer:
        """`GET .../documents`: `sort`, and filters on type, folder, bin, privacy, file types, text and times."""
        in_project = "project" in call.params
        project_id = call.project(self._procore).id if in_project else None
        company_id = call.company_id() if project_id is None else None
        rows = [
            row
            for row in self._rows(project_id)
            if company_id in {None, row.company_id} and _wanted(call.request.query, row.value)
        ]
        folders = filter_ids(call.request, "filters[folder_id]")
        rows = [row for row in rows if folders is None or self._is_in(row, folders)]
        page, headers = list_v1(call.request, [as_json(row) for row in filtered(call, rows)])
        return of_list(call.path, page, headers)

    def _is_in(self, row: Shown[Row], folders: set[int]) -> bool:
        """Tell whether a row is one of these folders, or lies in one at any depth."""
        if row.value["document_type"] == "folder" and row.id in folders:
            return True
        parent_id = row.value["parent_id"]
        while parent_id not in folders:
            above = self._procore.folders.truth(parent_id)
            if above is None or above.value is None:
                return False
            parent_id = above.value["parent_id"]
        return True

    def _rows(self, project_id: int | None) -> Iterator[Shown[Row]]:
        for kind, table in (("folder", self._procore.folders), ("file", self._procore.files)):
            for shown in table.shown_of_project(project_id):
                yield Shown(
                    shown.id,
                    shown.company_id,
                    shown.project_id,
                    _listed(kind, shown.value),
                    shown.created_at,
                    shown.updated_at,
                )


def _listed(kind: str, row: Row) -> Row:
    told = {name: value for name, value in row.items() if name != "versions"}
    return {
        **told,
        "document_type": kind,
        "file_type": PurePosixPath(row["name"]).suffix.lstrip(".") if kind == "file" else None,
        # What is deleted lies in the recycle bin, and is not gone (inferred).
        "is_recycle_bin": row["is_deleted"],
    }


def _wanted(query: dict[str, str], row: Row) -> bool:
    flags: dict[str, Any] = {"is_in_recycle_bin": row["is_recycle_bin"], "private": row["private"]}
    types = query.get("filters[file_type]", query.get("filters[file_type][]", ""))
    return (
        query.get("filters[document_type]") in {None, row["document_type"]}
        and all(
            query.get(f"filters[{name}]", str(is_so)).lower() == str(is_so).lower()
            for name, is_so in flags.items()
        )
        and (not types or row["file_type"] in types.split(","))
        and query.get("filters[search]", "").lower() in row["name"].lower()
    )


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints of the index."""
    index = DocumentIndex(procore)
    return [
        ("GET", "/rest/v1.0/projects/{project}/documents", index.list),
        ("GET", "/rest/v1.0/companies/{company}/documents", index.list),
    ]
