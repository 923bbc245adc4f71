"""One authenticated API call, with what its path, headers and token already told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from plumbline_sandbox.http import Answer, Request
from plumbline_sandbox.procore.conventions import INTEGER, invalid, not_found
from plumbline_sandbox.procore.grants import Grant, Install
from plumbline_sandbox.procore.records import Shown
from plumbline_sandbox.procore.state import Actor, Company, Procore, Row


class InProject(Protocol):
    """Anything that belongs to a project."""

    @property
    def project_id(self) -> int | None:
        """The project's id; None for a record of the company."""


OwnedT = TypeVar("OwnedT", bound=InProject)


@dataclass(frozen=True, slots=True)
class Call:
    """What a handler is given. `company` is the one in `Procore-Company-Id`, if any."""

    request: Request
    params: dict[str, str]
    grant: Grant
    company: Company | None

    @property
    def path(self) -> str:
        """The request's path; it decides the shape of errors."""
        return self.request.path

    @property
    def actor(self) -> Actor:
        """The caller as the author of a change."""
        return Actor("api", self.grant.user, self.grant.app.client_id)

    @property
    def person(self) -> Row:
        """The caller as records name who made them."""
        user = self.grant.user
        return {"id": user.id, "login": user.login, "name": user.name}

    def company_id(self, body: Row | None = None) -> int:
        """Return the company of the path, query or body if it is the header's too.

        Raises:
            RefusedError: 400 without one, 404 when it is another than the header's.
        """
        wanted = self._id("company", "company_id", body)
        if self.company is None or wanted != self.company.id:
            raise not_found(self.path)
        return wanted

    def project(self, procore: Procore, body: Row | None = None) -> Shown[Row]:
        """Return the project of the path, query or body.

        Raises:
            RefusedError: 400 without one, 404 when the caller may not see it.
        """
        shown = procore.projects.shown(self._id("project", "project_id", body))
        if shown is None or not self.sees(shown):
            raise not_found(self.path)
        return shown

    def sees(self, project: Shown[Row]) -> bool:
        """Tell whether the caller may see a project: permissions are per install."""
        if self.company is None or project.company_id != self.company.id:
            return False
        permitted = self._install.projects if self.grant.is_service_account else None
        return permitted is None or project.id in permitted

    def allows(self, tool: str, level: str) -> bool:
        """Tell whether the caller has at least this level on a tool; persons have all of them."""
        return not self.grant.is_service_account or self._install.allows(tool, level)

    def record_id(self, name: str = "id") -> int:
        """Return an id of the path (routes only match digits)."""
        return int(self.params[name])

    def owned(self, record: OwnedT | None, project: Shown[Row]) -> OwnedT:
        """Return the record if it is there and belongs to the project.

        Raises:
            RefusedError: 404.
        """
        if record is None or record.project_id != project.id:
            raise not_found(self.path)
        return record

    @property
    def _install(self) -> Install:
        return self.grant.app.installs[self.company.id] if self.company else Install()

    def _id(self, param: str, name: str, body: Row | None = None) -> int:
        text = self.params.get(param) or self.request.query.get(name) or str((body or {}).get(name, ""))
        if not INTEGER.fullmatch(text):
            raise invalid(self.path, {name: ["is missing"]}, 400)
        return int(text)


ApiHandler = Callable[[Call], Answer]
"""A use case of one endpoint; it answers at once, everything being in memory."""

Endpoint = tuple[str, str, ApiHandler]
"""Method, path template (`{x}` stands for digits, `{uuid}` for a ULID; params have those names) and handler."""
