"""awslambdaric: AWS's own runtime interface client runs a handler against the runtime API."""

import os
import subprocess
import sys

import pytest
import requests

HANDLER = """
def handle(event, context):
    if event.get("bad"):
        raise ValueError("bad event")
    return {"got": event, "left": context.get_remaining_time_in_millis() > 0}
"""


@pytest.fixture
def function(sandbox, tmp_path):
    (tmp_path / "timecards.py").write_text(HANDLER)
    environment = {
        **os.environ,
        "AWS_LAMBDA_RUNTIME_API": sandbox["lambda"]["runtime_api"],
        "AWS_LAMBDA_FUNCTION_NAME": "timecards",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "LAMBDA_TASK_ROOT": str(tmp_path),
    }
    command = [sys.executable, "-m", "awslambdaric", "timecards.handle"]
    runtime = subprocess.Popen(command, cwd=tmp_path, env=environment)
    yield sandbox["lambda"]["url"] + "/2015-03-31/functions/timecards/invocations"
    runtime.kill()
    runtime.wait()


def test_handler_answers_and_fails(sandbox, function):
    settings = sandbox["control_url"] + "/control/lambda/settings"
    requests.post(settings, json={"timeout_s": 20}, timeout=5).raise_for_status()
    good = requests.post(function, json={"hours": "8.0"}, timeout=30)
    assert good.json() == {"got": {"hours": "8.0"}, "left": True}
    bad = requests.post(function, json={"bad": True}, timeout=30)
    assert bad.headers["x-amz-function-error"] == "Unhandled"
    assert bad.json()["errorType"] == "ValueError"
