"""The operators' routes over credentials: the table, rotating one, what became of that. No answer holds a value."""

from dataclasses import asdict

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from plumbline.common.errors import SuiteError, TransientError
from plumbline.common.operator import answer, refusal
from plumbline.token_vault.rotation.register import Register, UnknownCredentialError


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    value: SecretStr | None = None


class CredentialRoutes:
    """Routes over the register of credentials."""

    def __init__(self, register: Register) -> None:
        """Serve `register`."""
        self._register = register

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            Route("/credentials", self.table),
            Route("/credentials/{name:path}/rotation", self.rotation),
            Route("/credentials/{name:path}/rotate", self.rotate, methods=["POST"]),
        ]

    async def table(self, _: Request) -> Response:
        """`GET /credentials`: every credential with its age, its due date, and what holds its rotation up."""
        try:
            rows = await self._register.rows()
        except TransientError as error:
            return refusal(503, error.code, error.detail)
        return answer({"credentials": [asdict(row) for row in rows]})

    async def rotation(self, request: Request) -> Response:
        """`GET /credentials/{name}/rotation`: what became of the newest request to rotate it."""
        name = request.path_params["name"]
        found = await self._register.request(name)
        if found is None:
            return refusal(404, "never-asked", f"Nobody has asked for a rotation of {name} yet.")
        return answer({"request": found.id, "outcome": found.outcome, "detail": found.detail})

    async def rotate(self, request: Request) -> Response:
        """`POST /credentials/{name}/rotate`: begin a rotation, with `{"value": …}` where a person brings the new value."""
        name = request.path_params["name"]
        try:
            asked = _Asked.model_validate_json(await request.body() or b"{}")
            opened = await self._register.rotate(name, asked.value)
        except ValidationError:
            # Not quoted: it would carry the value.
            return refusal(422, "not-a-request", 'Send nothing, or {"value": "…"}.')
        except UnknownCredentialError as error:
            return refusal(404, error.code, error.detail)
        except TransientError as error:
            return refusal(503, error.code, error.detail)
        except SuiteError as error:
            return refusal(422, error.code, error.detail)
        return answer({"name": name, "request": opened})
