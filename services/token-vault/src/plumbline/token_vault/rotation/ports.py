"""What rotation needs of the world."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from pydantic import SecretStr

from plumbline.common.reconciling.verdicts import Effect
from plumbline.common.secrets.webhooks import WebhookSecret
from plumbline.token_vault.domain import App

Outcome = Literal["done", "refused"]
"""What became of a request to rotate."""

Says = Literal["accepts", "shows", "saw"]
"""What a report tells, as `credentials.reports.v1` has it."""


@dataclass(frozen=True, slots=True)
class Request:
    """A person's request to rotate a credential."""

    id: str
    version: int
    """The version that was to be replaced."""
    outcome: Outcome | None
    """None while it is open."""
    detail: str
    """One sentence for the person, if there is something to say."""

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.outcome is None


@dataclass(frozen=True, slots=True)
class Reported:
    """The newest report of one reporter on one credential."""

    reporter: str
    says: Says
    version: int
    trouble: str
    age_s: float


@dataclass(frozen=True, slots=True)
class Told:
    """What people were told last of a credential."""

    version: int
    reminded_days: int | None


@dataclass(frozen=True, slots=True)
class News:
    """What people are to be told of a credential now, and what they know then."""

    told: Told
    change: Literal["rotated", "due"] | None
    """None where there is only something to remember."""
    sentence: str = ""
    due_at: datetime | None = None


class Rotations(Protocol):
    """Requests, reports, and what people were told. Every method raises `DatabaseUnavailableError` (transient)."""

    async def request(self, name: str) -> Request | None:
        """Return the newest request to rotate a credential."""

    async def reports(self, name: str) -> Sequence[Reported]:
        """Return what processes have reported of a credential."""

    async def told(self, name: str) -> Told | None:
        """Return what people were told last of a credential; None if it was never looked at."""

    async def ask(self, name: str, version: int, *, records: Sequence[str], supersedes: bool = False) -> str:
        """Open a request to replace a version, have the records looked at, and return the request that is open then.

        That is an earlier one, unless this one supersedes it because it brings a value.
        """

    async def look_at(self, records: Sequence[str], *, cause: str) -> None:
        """Have records looked at."""

    async def forget(self) -> None:
        """Forget replicas that have been silent for days."""

    def ending(self, name: str, request: Request, outcome: Outcome, detail: str = "") -> Effect:
        """Return the effect that notes what became of a request."""

    def telling(self, name: str, news: News) -> Effect:
        """Return the effect that tells people, by `credentials.events.v1`, and remembers it."""


@dataclass(frozen=True, slots=True)
class Held:
    """A webhook secret, and the version of its document, which the next write must replace."""

    secret: WebhookSecret
    document_version: int


class WebhookShelf(Protocol):
    """Keeps webhook secrets. Every method raises what `SecretStore` raises."""

    async def held(self, name: str) -> Held | None:
        """Return a secret by its name as a credential; None if none is stored."""

    async def put(self, name: str, held: Held, secret: WebhookSecret) -> Held:
        """Replace what is held; return what is stored now. Raises `StaleSecretError` if it is another by now."""


@dataclass(frozen=True, slots=True)
class HeldApp:
    """A registered client, its secret's number and age, and another secret that is to be proven."""

    client_id: str
    secret: SecretStr
    document_version: int
    number: int = 1
    since: datetime | None = None
    """None for one from before ages were kept."""
    candidate: SecretStr | None = None

    @property
    def app(self) -> App:
        """The client with its present secret."""
        return App(self.client_id, self.secret)

    @property
    def offered(self) -> App | None:
        """The client with the secret that is to be proven."""
        return None if self.candidate is None else App(self.client_id, self.candidate)


class AppShelf(Protocol):
    """Keeps registered clients. Every method raises what `SecretStore` raises."""

    async def held(self, name: str) -> HeldApp | None:
        """Return a client by its name as a credential: `apps/<provider>/<app>`; None if there is none."""

    async def put(self, name: str, app: HeldApp) -> HeldApp:
        """Replace the document that `app` was made of; return what is stored now. Raises `StaleSecretError`."""


class Proof(Protocol):
    """Shows whether a provider knows an app's secret, by one call that changes nothing."""

    async def __call__(self, app: App) -> None:
        """Return if it does.

        Raises:
            GrantRefusedError: it does not.
            TransientError: nobody can know yet.
        """
