"""`connections.yaml`: which Procore projects go to which QuickBooks company, and by what policies."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
    model_validator,
)

from plumbline.common.contracts.base import ConnectionName, Identifier
from plumbline.common.contracts.ledger import RecordKind
from plumbline.common.errors import NeedsHumanError
from plumbline.common.hours import Hours

AppName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]
"""The name of an app that is registered with a provider; it is part of paths."""


PersonPolicy = Literal["hold", "overwrite", "accept"]
"""What to do when somebody changed one of our documents in QuickBooks: ask, write over edits, or leave it so."""


def _word_or_kinds(given: Any) -> str:
    return "kinds" if isinstance(given, Mapping) else "word"


class ConfigurationError(NeedsHumanError):
    """A file of settings says something that cannot be."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProcoreSide(_Section):
    """The Procore half of a connection."""

    account: Identifier
    """Whose access token: `procore/<app>`."""
    company_id: Identifier
    projects: tuple[Identifier, ...] = Field(min_length=1)


class QuickBooksSide(_Section):
    """The QuickBooks half of a connection."""

    realm: Identifier
    app: AppName | None = None
    """The Intuit app that reads this company and whose webhooks tell of it; without one, changes are found by looking."""

    @property
    def account(self) -> str:
        """Whose access token: `quickbooks/<realm>`."""
        return f"quickbooks/{self.realm}"


class Policies(_Section):
    """What a company has decided; the defaults are the ones that cannot harm."""

    send: Literal["on_status", "on_approval"] = "on_status"
    """Mail the invoice when the status says so, or as soon as it is approved."""
    payment: Literal["verify", "record"] = "verify"
    """Paid in Procore: wait for the bookkeeper's payment, or record one."""
    deposit_account_id: Identifier | None = None
    """Where recorded payments are deposited; needed for `payment: record`."""
    retainage: Literal["line", "net"] = "line"
    """Gross lines and one negative retainage line, or lines net of retainage."""
    number: str = Field(default="{project_number}-{invoice_number}", min_length=1)
    """Template of the document number; fields: project_number, contract_number, invoice_number."""
    person_changed_it: Annotated[
        Annotated[PersonPolicy, Tag("word")] | Annotated[Mapping[RecordKind, PersonPolicy], Tag("kinds")],
        Discriminator(_word_or_kinds),
    ] = "hold"
    """What to do when somebody changed one of our documents in QuickBooks: a word for all kinds of them, or one
    for each kind; a kind that is left out is held. `overwrite` is for edits: what was voided or deleted is
    asked about all the same."""

    def when_changed(self, kind: RecordKind) -> PersonPolicy:
        """Return what to do when somebody changed a document of a kind."""
        given = self.person_changed_it
        return given if isinstance(given, str) else given.get(kind, "hold")

    @model_validator(mode="after")
    def _recording_needs_an_account(self) -> "Policies":
        if self.payment == "record" and self.deposit_account_id is None:
            raise ValueError("policy `payment: record` needs `deposit_account_id`")
        return self


class ConnectionConfig(_Section):
    """One connection: some projects of one Procore company, one QuickBooks realm, its policies."""

    name: ConnectionName
    procore: ProcoreSide
    quickbooks: QuickBooksSide
    statuses: Literal["procore", "brief"] = "procore"
    """Which rows of the status map apply: Procore's own statuses, or the brief's numeric codes."""
    policies: Policies = Policies()
    hours: Hours = Hours()
    """When its people are at work: by these the age of differences is counted."""


class Connections:
    """All connections, found by name, by realm, or by Procore project."""

    def __init__(self, connections: Mapping[str, ConnectionConfig]) -> None:
        """Hold the connections; two may not claim one project, nor one realm."""
        self._by_name = dict(connections)

    def __iter__(self) -> Iterator[ConnectionConfig]:
        """Go through the connections in the order of the file."""
        return iter(self._by_name.values())

    def get(self, name: str) -> ConnectionConfig | None:
        """Return the connection of that name, if there is one."""
        return self._by_name.get(name)

    @cached_property
    def _by_project(self) -> dict[tuple[str, str], ConnectionConfig]:
        return {(c.procore.company_id, project): c for c in self for project in c.procore.projects}

    @cached_property
    def _by_realm(self) -> dict[str, ConnectionConfig]:
        return {c.quickbooks.realm: c for c in self}

    def of_project(self, company_id: str, project_id: str) -> ConnectionConfig | None:
        """Return the connection that a Procore project belongs to, if there is one."""
        return self._by_project.get((company_id, project_id))

    def of_realm(self, realm: str) -> ConnectionConfig | None:
        """Return the connection that writes into a realm, if there is one."""
        return self._by_realm.get(realm)

    def app_of(self, realm: str) -> str:
        """Return the Intuit app whose calls into a realm are counted together; without one it counts for itself."""
        found = self.of_realm(realm)
        return realm if found is None or found.quickbooks.app is None else found.quickbooks.app

    def accounts(self) -> set[str]:
        """Return every account whose credentials are needed."""
        return {a for c in self for a in (c.procore.account, c.quickbooks.account)}


def load_connections(config_dir: Path) -> Connections:
    """Read `connections.yaml`.

    Raises:
        ConfigurationError: needs a person; names the file, the place and what is wrong there.
    """
    path = config_dir / "connections.yaml"
    try:
        sections = yaml.safe_load(path.read_text(encoding="utf-8"))["connections"]
        found = {name: ConnectionConfig(name=name, **section) for name, section in sections.items()}
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(f"{path}: {error.title} {place}: {first['msg']}") from error
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{path} is not a list of connections: {error}") from error
    _refuse_overlaps(path, found)
    return Connections(found)


def _refuse_overlaps(path: Path, found: Mapping[str, ConnectionConfig]) -> None:
    claimed: dict[str, str] = {}
    for connection in found.values():
        places = [f"project {connection.procore.company_id}/{p}" for p in connection.procore.projects]
        for place in (*places, f"realm {connection.quickbooks.realm}"):
            if place in claimed:
                raise ConfigurationError(
                    f"{path}: {place} is claimed by {claimed[place]} and {connection.name}"
                )
            claimed[place] = connection.name
