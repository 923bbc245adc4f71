"""The Lambda runtime API (2018-06-01) and the Invoke action as one ASGI application.

Sources: AWS Lambda developer guide, using the Lambda runtime API for custom runtimes; Lambda API
reference, Invoke.
"""

from typing import Any

from typing_extensions import override

from plumbline_sandbox.awslambda.state import Invocation, Lambda, Outcome
from plumbline_sandbox.http import Answer, RefusedError, Request, json_answer
from plumbline_sandbox.partner import Params, Partner
from plumbline_sandbox.server import App
from plumbline_sandbox.world import World

PAYLOAD_MAX = 6 * 1024 * 1024 + 100
"""Most bytes of an event or a response (Lambda quotas: 6 MB, synchronous)."""

ERROR_TYPE = "lambda-runtime-function-error-type"
"""Header in which a runtime tells the kind of an error."""


def build(world: World) -> App:
    """Return Lambda as an ASGI application."""
    return App(world, LambdaProvider(world.awslambda))


class LambdaProvider(Partner):
    """Lambda's half of the shared server. The runtime API asks for no credentials."""

    name = "lambda"

    def __init__(self, state: Lambda) -> None:
        runtime = "/2018-06-01/runtime"
        super().__init__(
            [
                ("GET", f"{runtime}/invocation/next", self._next),
                ("POST", f"{runtime}/invocation/{{id}}/response", self._response),
                ("POST", f"{runtime}/invocation/{{id}}/error", self._error),
                ("POST", f"{runtime}/init/error", self._init_error),
                ("POST", "/2015-03-31/functions/{function}/invocations", self._invoke),
            ]
        )
        self._lambda = state

    @override
    def absent(self, request: Request) -> RefusedError:
        return RefusedError(Answer(404, b"404 page not found\n", {"content-type": "text/plain"}))

    @override
    def refused_token(self) -> Answer:
        return _failure(403, "Forbidden", "ForbiddenException")

    @override
    def throttled(self, retry_after_s: int) -> Answer:
        body = {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "Type": "User"}
        answer = json_answer(429, {**body, "message": "Rate Exceeded."})
        answer.headers |= {"retry-after": str(retry_after_s), "x-amzn-errortype": "TooManyRequestsException"}
        return answer

    async def _next(self, request: Request, _: Params) -> Answer:
        """`GET /runtime/invocation/next`: waits for an event."""
        invocation = await self._lambda.next()
        if invocation is None:
            raise RefusedError(_failure(403, "State transition is not allowed", "InvalidStateTransition"))
        headers = {
            "content-type": "application/json",
            "lambda-runtime-aws-request-id": invocation.id,
            "lambda-runtime-deadline-ms": str(invocation.deadline_ms),
            "lambda-runtime-invoked-function-arn": _arn(invocation.function),
            "lambda-runtime-trace-id": f"Root=1-{invocation.id[:8]}-{invocation.id[-12:]}{'0' * 12};Sampled=0",
        }
        return Answer(200, invocation.payload, headers)

    def _response(self, request: Request, params: Params) -> Answer:
        """`POST /runtime/invocation/{id}/response`."""
        invocation = self._given(params["id"])
        if len(request.body) > PAYLOAD_MAX:
            text = f"Exceeded maximum allowed payload size ({PAYLOAD_MAX} bytes)."
            failed = _failure(413, text, "RequestEntityTooLarge")
            body = json_answer(200, {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": text}).body
            self._lambda.settle(invocation, Outcome(body, "Unhandled"))
            raise RefusedError(failed)
        self._lambda.settle(invocation, Outcome(request.body))
        return _accepted()

    def _error(self, request: Request, params: Params) -> Answer:
        """`POST /runtime/invocation/{id}/error`: `{"errorMessage", "errorType", "stackTrace"}`."""
        self._lambda.settle(self._given(params["id"]), Outcome(request.body, "Unhandled"))
        return _accepted()

    def _init_error(self, request: Request, _: Params) -> Answer:
        """`POST /runtime/init/error`: the function cannot start."""
        self._lambda.fail_all(Outcome(request.body, "Unhandled"))
        return _accepted()

    async def _invoke(self, request: Request, params: Params) -> Answer:
        """`POST /functions/{name}/invocations`: waits for the outcome, or with type `Event` does not."""
        if len(request.body) > PAYLOAD_MAX:
            text = f"Request must be smaller than {PAYLOAD_MAX} bytes for the InvokeFunction operation"
            raise RefusedError(_named(413, "RequestTooLargeException", text))
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        if kind == "DryRun":
            return Answer(204)
        try:
            if request.body:
                request.json()
        except ValueError as broken:
            text = "Could not parse request body into json"
            raise RefusedError(_named(400, "InvalidRequestContentException", text)) from broken
        invocation = self._lambda.invoke(params["function"], request.body or b"{}")
        if kind == "Event":
            return Answer(202, committed=True)
        outcome = await self._lambda.outcome(invocation)
        headers = {"content-type": "application/json", "x-amz-executed-version": "$LATEST"}
        if outcome.error is not None:
            headers["x-amz-function-error"] = outcome.error
        return Answer(200, outcome.payload, headers, committed=True)

    def _given(self, request_id: str) -> Invocation:
        invocation = self._lambda.given(request_id)
        if invocation is None:
            raise RefusedError(_failure(400, "Invalid request ID", "InvalidRequestID"))
        return invocation


def _arn(function: str) -> str:
    return f"arn:aws:lambda:us-east-2:123456789012:function:{function}"


def _accepted() -> Answer:
    return json_answer(202, {"status": "OK"}, committed=True)


def _failure(status: int, message: str, kind: str) -> Answer:
    return json_answer(status, {"errorMessage": message, "errorType": kind})


def _named(status: int, name: str, message: str) -> Answer:
    body: dict[str, Any] = {"Type": "User", "message": message}
    return json_answer(status, body, x_amzn_errortype=name)
