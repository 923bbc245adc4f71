"""The supervisor: readiness, restarts, order, and no orphans."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from plumbline.stack.processes import ProcessDiedError, ProcessNotReadyError, ProcessSpec
from plumbline.stack.supervisor import Supervisor

READY = "import os, time; os.write(int(os.environ['PLUMBLINE_READY_FD']), b'ready\\n');"
SLEEP = READY + "time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEP


def python(code: str, name: str = "child", **settings: object) -> ProcessSpec:
    return ProcessSpec(name=name, argv=[sys.executable, "-c", code], **settings)  # type: ignore[arg-type]  # fields by name


async def test_ready_process_announces_itself(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        assert await supervisor.start(python(SLEEP)) == "ready"


async def test_first_line_on_standard_output_may_be_the_announcement(tmp_path: Path) -> None:
    code = "import sys, time; print('hello', flush=True); print('aside', file=sys.stderr, flush=True); time.sleep(60)"
    async with Supervisor(tmp_path) as supervisor:
        assert await supervisor.start(python(code, announces_on_stdout=True)) == "hello"
    assert "hello" not in (tmp_path / "child.log").read_text()


async def test_process_gets_its_environment_beside_ours(tmp_path: Path) -> None:
    code = READY.replace("b'ready\\n'", "(os.environ['GREETING'] + os.environ['PATH'] + '\\n').encode()")
    async with Supervisor(tmp_path) as supervisor:
        announced = await supervisor.start(python(code + "time.sleep(60)", env={"GREETING": "hello "}))
    assert announced == f"hello {os.environ['PATH']}"


async def test_death_before_ready_quotes_the_log_of_this_life_only(tmp_path: Path) -> None:
    (tmp_path / "child.log").write_text("an older life\n")
    async with Supervisor(tmp_path) as supervisor:
        with pytest.raises(ProcessDiedError, match="the reason") as caught:
            await supervisor.start(python("raise SystemExit('the reason')"))
    assert "status 1" in str(caught.value)
    assert "an older life" not in str(caught.value)


async def test_process_that_never_gets_ready_is_reported_and_stopped(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        with pytest.raises(ProcessNotReadyError, match="child was not ready"):
            await supervisor.start(python("import time; time.sleep(60)", ready_timeout_s=0.3))
        pid = supervisor.pid("child")
    assert not psutil.pid_exists(pid)


async def test_probe_decides_when_there_is_one(tmp_path: Path) -> None:
    answers = iter([False, False, True])

    async def probe() -> bool:
        return next(answers)

    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(python("import time; time.sleep(60)", probe=probe))
    assert list(answers) == []


async def test_death_during_the_probe_is_noticed(tmp_path: Path) -> None:
    async def probe() -> bool:
        return False

    async with Supervisor(tmp_path) as supervisor:
        with pytest.raises(ProcessDiedError):
            await supervisor.start(python("raise SystemExit(3)", probe=probe))


async def test_killed_process_lives_again(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(python(SLEEP))
        first = supervisor.pid("child")
        supervisor.kill("child")
        await supervisor.ready("child")
        assert supervisor.pid("child") != first
        assert supervisor.restarts("child") == 1


async def test_process_that_fails_to_come_back_is_tried_again(tmp_path: Path) -> None:
    counter = tmp_path / "lives"
    code = f"import pathlib; p = pathlib.Path({str(counter)!r}); n = len(p.read_text()) if p.exists() else 0;"
    code += f"p.write_text('x' * (n + 1)); exec({SLEEP!r} if n in (0, 3) else 'raise SystemExit(1)')"
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(python(code))
        supervisor.kill("child")
        await supervisor.ready("child")
        assert supervisor.restarts("child") == 3


async def test_loss_of_a_process_that_cannot_restart_ends_the_watch(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(python(SLEEP, "survivor"))
        await supervisor.start(python(SLEEP, restart=False))
        supervisor.kill("child")
        with pytest.raises(ProcessDiedError, match="child ended with status -9"):
            await supervisor.watch()


async def test_processes_stop_in_reverse_order(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    code = "import signal; signal.signal(signal.SIGTERM, lambda *_: (open({0!r}, 'a').write({1!r}), os._exit(0)));"
    async with Supervisor(tmp_path) as supervisor:
        for name in ("1", "2", "3"):
            await supervisor.start(python("import os;" + code.format(str(journal), name) + SLEEP, name))
    assert journal.read_text() == "321"


async def test_stubborn_process_is_killed_after_its_grace(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(python(STUBBORN, grace_s=0.2))
        pid = supervisor.pid("child")
    assert not psutil.pid_exists(pid)


async def test_cancelled_start_leaves_nothing(tmp_path: Path) -> None:
    seen = asyncio.Event()

    async def probe() -> bool:
        seen.set()
        return False

    async def begin() -> None:
        async with supervisor:
            await supervisor.start(python("import time; time.sleep(60)", probe=probe))

    supervisor = Supervisor(tmp_path)
    task = asyncio.create_task(begin())
    await seen.wait()
    task.cancel()
    await asyncio.wait([task])
    assert not psutil.pid_exists(supervisor.pid("child"))


async def test_failure_of_one_of_a_group_stops_the_others(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        with pytest.raises(ProcessDiedError, match="bad ended"):
            await supervisor.start_together(python(SLEEP, "good"), python("raise SystemExit(1)", "bad"))
        pid = supervisor.pid("good")
    assert not psutil.pid_exists(pid)


async def test_name_is_used_once(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(python(SLEEP))
        with pytest.raises(ValueError, match="a name of its own"):
            await supervisor.start(python(SLEEP))


async def test_one_shot_that_fails_is_an_error(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    await supervisor.run(python("print('fine')", "good"))
    with pytest.raises(ProcessDiedError, match="not so fine"):
        await supervisor.run(python("raise SystemExit('not so fine')", "bad"))


SUPERVISED = f"""
import asyncio, sys
from pathlib import Path
from plumbline.stack.processes import ProcessSpec
from plumbline.stack.supervisor import Supervisor

async def main():
    async with Supervisor(Path(sys.argv[1])) as supervisor:
        for name in ("a", "b"):
            await supervisor.start(ProcessSpec(name=name, argv=[sys.executable, "-c", {SLEEP!r}]))
        print(supervisor.pid("a"), supervisor.pid("b"), flush=True)
        await supervisor.watch()

asyncio.run(main())
"""


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
async def test_ended_supervisor_leaves_no_orphan(tmp_path: Path, sent: signal.Signals) -> None:
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SUPERVISED, str(tmp_path),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert owner.stdout is not None
    children = [psutil.Process(int(pid)) for pid in (await owner.stdout.readline()).split()]
    assert len(children) == 2
    owner.send_signal(sent)
    await owner.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, children, timeout=10)
    assert alive == []
