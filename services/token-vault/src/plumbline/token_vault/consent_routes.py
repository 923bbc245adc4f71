"""The operators' routes for connecting and disconnecting accounts."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from plumbline.common.errors import SuiteError, TransientError
from plumbline.common.operator import answer, refusal
from plumbline.token_vault.consenting import (
    Connecting,
    Outcome,
    Seat,
    UnknownConnectionError,
    UnknownProviderError,
)
from plumbline.token_vault.disconnecting import Disconnecting, UnknownAccountError
from plumbline.token_vault.domain import App, Consent

STATUSES = {"missing-scopes": 403, "store-away": 503, "provider-away": 503, "answer-lost": 502}
"""What HTTP says to outcomes with nothing stored; to any other of them 422."""


class ConsentRoutes:
    """Operators' routes over consents, service accounts and the end of grants."""

    def __init__(self, connecting: Connecting, disconnecting: Disconnecting) -> None:
        """Serve the use cases."""
        self._connecting = connecting
        self._disconnecting = disconnecting

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            Route("/connections/{name}/{provider}/consent", _told(self.link), methods=["POST"]),
            Route("/connections/{name}/{provider}/code", _told(self.complete), methods=["POST"]),
            Route("/connections/{name}/{provider}/service-account", _told(self.admit), methods=["POST"]),
            Route("/accounts/{account:path}/disconnect", _told(self.disconnect), methods=["POST"]),
        ]

    async def link(self, request: Request) -> Response:
        """`POST /connections/{name}/{provider}/consent`: where a person agrees."""
        asked = _Asked.model_validate_json(await request.body())
        seat = await self._seat(request, asked)
        consent = asked.consent()
        if asked.reconnects:
            consent = replace(consent, reconnects=seat.connection.quickbooks.realm)
        link = await self._connecting.link(seat, consent, asked.supplied())
        return answer({"account": seat.account, "app": seat.app, "link": link})

    async def complete(self, request: Request) -> Response:
        """`POST /connections/{name}/{provider}/code`: the code that the person's browser brought back."""
        handed = _Code.model_validate_json(await request.body())
        seat = await self._seat(request, handed)
        return _ended(
            await self._connecting.complete(seat, handed.consent(), code=handed.code, realm=handed.realm)
        )

    async def admit(self, request: Request) -> Response:
        """`POST /connections/{name}/{provider}/service-account`: connect an app that asks nobody; Procore has such."""
        asked = _Admission.model_validate_json(await request.body())
        return _ended(await self._connecting.admit(await self._seat(request, asked), asked.supplied()))

    async def disconnect(self, request: Request) -> Response:
        """`POST /accounts/{account}/disconnect`: end a grant at the provider, for good."""
        account = request.path_params["account"]
        return answer({"account": account, "done": await self._disconnecting.disconnect(account)})

    async def _seat(self, request: Request, asked: "_Admission") -> Seat:
        name, provider = request.path_params["name"], request.path_params["provider"]
        return await self._connecting.seat(name, provider, app=asked.app_name)


class _App(BaseModel):
    model_config = ConfigDict(extra="forbid")
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = Field(min_length=1)


class _Admission(BaseModel):
    model_config = ConfigDict(extra="forbid")
    app_name: str | None = None
    app: _App | None = None

    def supplied(self) -> App | None:
        return App(self.app.client_id, self.app.client_secret) if self.app else None


class _Consent(_Admission):
    redirect_uri: str
    state: SecretStr
    verifier: SecretStr

    def consent(self) -> Consent:
        return Consent(self.redirect_uri, self.state, self.verifier)


class _Asked(_Consent):
    reconnects: bool = False


class _Code(_Consent):
    code: SecretStr = Field(min_length=1)
    realm: str | None = None


def _ended(outcome: Outcome) -> Response:
    if outcome.is_stored:
        return answer(outcome)
    return refusal(STATUSES.get(outcome.code, 422), outcome.code, outcome.detail)


def _told(route: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Return a route that answers what it raises by a stable code and a sentence."""

    async def guarded(request: Request) -> Response:
        try:
            return await route(request)
        except ValidationError as error:
            # Only the place: the error carries what was sent.
            place = ".".join(map(str, error.errors(include_url=False, include_input=False)[0]["loc"]))
            return refusal(422, "not-understood", f"What was sent cannot be read: {place or 'its form'}.")
        except (UnknownConnectionError, UnknownProviderError, UnknownAccountError) as error:
            return refusal(404, error.code, error.detail)
        except TransientError as error:
            return refusal(503, error.code, error.detail)
        except SuiteError as error:
            return refusal(422, error.code, error.detail)

    return guarded
