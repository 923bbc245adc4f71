"""AWS Lambda: the runtime API as a runtime speaks it, and invocations."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from sandbox_rules import rule

from plumbline_sandbox.laboratory import Laboratory

RUNTIME = "AWS Lambda developer guide, Using the Lambda runtime API for custom runtimes"
INVOKE = "AWS Lambda API reference, Invoke"
QUOTAS = "AWS Lambda developer guide, Lambda quotas"

PATH = "/2018-06-01/runtime"


async def invoke(lab: Laboratory, event: Any, kind: str = "RequestResponse") -> httpx.Response:
    return await lab.awslambda.post(
        "/2015-03-31/functions/normalise/invocations", json=event, headers={"x-amz-invocation-type": kind}
    )


async def following(lab: Laboratory) -> tuple[str, Any, httpx.Headers]:
    answer = await lab.awslambda.get(f"{PATH}/invocation/next")
    assert answer.status_code == 200, answer.text
    return answer.headers["lambda-runtime-aws-request-id"], answer.json(), answer.headers


@rule(
    "The runtime gets an event with request id, deadline, ARN and trace id, and answers by the id.", RUNTIME
)
async def test_event_goes_to_the_runtime_and_back(lab: Laboratory) -> None:
    lab.world.clock.scale(0)
    called = asyncio.create_task(invoke(lab, {"hours": "8.0"}))
    request_id, event, headers = await following(lab)
    assert event == {"hours": "8.0"}
    assert int(headers["lambda-runtime-deadline-ms"]) == int((lab.world.clock.time() + 3) * 1000)
    assert headers["lambda-runtime-invoked-function-arn"].endswith(":function:normalise")
    assert headers["lambda-runtime-trace-id"].startswith("Root=1-")
    told = await lab.awslambda.post(f"{PATH}/invocation/{request_id}/response", json={"minutes": 480})
    assert (told.status_code, told.json()) == (202, {"status": "OK"})
    answer = await called
    assert (answer.status_code, answer.json()) == (200, {"minutes": 480})
    assert answer.headers["x-amz-executed-version"] == "$LATEST"
    assert "x-amz-function-error" not in answer.headers


@rule("The next event is waited for, however long it takes.", RUNTIME)
async def test_runtime_waits_for_an_event(lab: Laboratory) -> None:
    waiting = asyncio.create_task(following(lab))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert (await invoke(lab, {"n": 1}, "Event")).status_code == 202
    assert (await waiting)[1] == {"n": 1}


@rule("An error of the function is told by status 200 and `X-Amz-Function-Error`.", INVOKE)
async def test_function_error(lab: Laboratory) -> None:
    called = asyncio.create_task(invoke(lab, {}))
    request_id, _, _ = await following(lab)
    error = {"errorMessage": "no hours", "errorType": "ValueError", "stackTrace": []}
    told = await lab.awslambda.post(f"{PATH}/invocation/{request_id}/error", json=error)
    assert told.status_code == 202
    answer = await called
    assert (answer.status_code, answer.json()) == (200, error)
    assert answer.headers["x-amz-function-error"] == "Unhandled"


@rule("A runtime that cannot start says so; what waits fails.", RUNTIME)
async def test_init_error(lab: Laboratory) -> None:
    await invoke(lab, {}, "Event")
    error = {"errorMessage": "no module", "errorType": "Runtime.ImportModuleError"}
    headers = {"lambda-runtime-function-error-type": "Runtime.ImportModuleError"}
    told = await lab.awslambda.post(f"{PATH}/init/error", json=error, headers=headers)
    assert told.status_code == 202
    commits = [e.facts["action"] for e in lab.world.journal.since(0) if e.facts.get("entity") == "invocation"]
    assert commits == ["failed"]


@rule(
    "A function that is not done in time has timed out; its late answer has an invalid request id.", RUNTIME
)
async def test_timeout(lab: Laboratory) -> None:
    await lab.control.post("/control/lambda/settings", json={"timeout_s": 0.05})
    called = asyncio.create_task(invoke(lab, {}))
    request_id, _, _ = await following(lab)
    answer = await called
    assert answer.headers["x-amz-function-error"] == "Unhandled"
    assert "Task timed out after 0.05 seconds" in answer.json()["errorMessage"]
    late = await lab.awslambda.post(f"{PATH}/invocation/{request_id}/response", json={})
    assert (late.status_code, late.json()["errorType"]) == (400, "InvalidRequestID")


@rule("An unknown request id is a 400, and so is a second answer.", RUNTIME)
async def test_second_answer_is_refused(lab: Laboratory) -> None:
    await invoke(lab, {}, "Event")
    request_id, _, _ = await following(lab)
    for expected in (202, 400):
        told = await lab.awslambda.post(f"{PATH}/invocation/{request_id}/response", json={})
        assert told.status_code == expected
    assert (await lab.awslambda.post(f"{PATH}/invocation/none/error", json={})).status_code == 400


@rule("A response of more than 6 MB is refused with 413, and the invocation fails.", QUOTAS)
async def test_large_response(lab: Laboratory) -> None:
    called = asyncio.create_task(invoke(lab, {}))
    request_id, _, _ = await following(lab)
    content = json.dumps("x" * (6 * 1024 * 1024 + 200)).encode()
    told = await lab.awslambda.post(f"{PATH}/invocation/{request_id}/response", content=content)
    assert (told.status_code, told.json()["errorType"]) == (413, "RequestEntityTooLarge")
    assert (await called).json()["errorType"] == "Function.ResponseSizeTooLarge"


@rule("Type `Event` is answered 202 at once, `DryRun` 204; a body that is no JSON is a 400.", INVOKE)
async def test_invocation_types(lab: Laboratory) -> None:
    event = await invoke(lab, {"n": 1}, "Event")
    assert (event.status_code, event.content) == (202, b"")
    assert (await invoke(lab, {}, "DryRun")).status_code == 204
    broken = await lab.awslambda.post("/2015-03-31/functions/normalise/invocations", content=b"{")
    assert (broken.status_code, broken.headers["x-amzn-errortype"]) == (400, "InvalidRequestContentException")


@rule(
    "Events go to the runtime in the order of their invocation.",
    "Inferred from one runtime per environment",
    inferred=True,
)
async def test_order_of_events(lab: Laboratory) -> None:
    for number in range(3):
        await invoke(lab, number, "Event")
    assert [(await following(lab))[1] for _ in range(3)] == [0, 1, 2]


async def test_newer_runtime_takes_the_place_of_one_that_waits(lab: Laboratory) -> None:
    old = asyncio.create_task(lab.awslambda.get(f"{PATH}/invocation/next"))
    await asyncio.sleep(0)
    new = asyncio.create_task(following(lab))
    assert (await old).status_code == 403
    await invoke(lab, {"n": 1}, "Event")
    assert (await new)[1] == {"n": 1}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_unknown_path(lab: Laboratory, method: str) -> None:
    assert (await lab.awslambda.request(method, f"{PATH}/nothing")).status_code == 404


async def test_outcomes_stand_in_the_journal(lab: Laboratory) -> None:
    for kind in ("response", "error"):
        await invoke(lab, {}, "Event")
        request_id, _, _ = await following(lab)
        await lab.awslambda.post(f"{PATH}/invocation/{request_id}/{kind}", json={})
    commits = [e.facts["action"] for e in lab.world.journal.since(0) if e.facts.get("entity") == "invocation"]
    assert commits == ["succeeded", "failed"]


async def test_throttled_invocation(lab: Laboratory) -> None:
    lab.world.faults.add({"name": "throttle", "match": {"provider": "lambda"}, "times": 1})
    answer = await invoke(lab, {})
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (429, "TooManyRequestsException")
