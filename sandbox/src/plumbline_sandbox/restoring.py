"""Making a world again from what was asked of an earlier one."""

import time
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Protocol

from plumbline_sandbox.commandlog import CommandLog, Item, UnusableDataError, request_of
from plumbline_sandbox.http import Answer, Request
from plumbline_sandbox.journal import Entry
from plumbline_sandbox.world import World


class Executor(Protocol):
    """An application as the past meets it: without credentials to check, limits and faults."""

    async def execute(self, request: Request) -> Answer:
        """Execute a request that was admitted once."""


async def restore(world: World, log: CommandLog, executors: Mapping[str, Executor]) -> Mapping[str, int]:
    """Execute again, in a world just seeded, all that the log holds; return where it was served last.

    The clock must be held; it is released in the end. Fault rules that were in force are withdrawn:
    they belong to an experiment, not to the books.

    Args:
        world: Seeded as the log says it began.
        log: Read, not written.
        executors: Who executes, by provider.

    Raises:
        UnusableDataError: A request is answered otherwise than it was: the data comes from a
            version of the sandbox that had other rules.
    """
    entries = _recall(world, log.items())
    lived_s, ports = time.time(), {}
    for item in log.items():
        if "entry" in item or "began" in item:
            continue
        lived_s = (item.get("started") or item)["real_s"]
        if "started" in item:
            ports = item["started"]["ports"]
            _start(world, item["started"])
        else:
            await _ask_again(world, item, executors[item["asked"]["provider"]])
    world.faults.clear()
    world.faults.totals = Counter(entry.facts["name"] for entry in entries if entry.kind == "fault")
    for entry in entries:
        world.journal.restore(entry)
    world.clock.release(passed_s=max(0.0, time.time() - lived_s))
    world.procore.deliveries.wake()
    world.quickbooks.webhooks.wake()
    return ports


def _recall(world: World, items: Iterable[Item]) -> list[Entry]:
    """Return the journal, having told the vendors which webhooks need not be sent again."""
    entries = [Entry.from_json(item["entry"]) for item in items if "entry" in item]
    for entry in entries:
        if entry.kind in {"webhook-attempt", "webhook-discarded"}:
            if entry.facts["provider"] == "procore":
                world.procore.deliveries.recall(entry)
            elif entry.facts["provider"] == "quickbooks":
                world.quickbooks.webhooks.recall(entry)
    return entries


def _start(world: World, started: Item) -> None:
    world.clock.hold(started["at_s"])
    world.storage.port = started["ports"]["storage"]
    world.faults.clear()


async def _ask_again(world: World, item: Item, executor: Executor) -> None:
    request = request_of(item["asked"])
    world.clock.hold(item["at_s"])
    answer = await executor.execute(request)
    # The control API tells of fault counts, which do not come back.
    same_body = request.facts["provider"] == "control" or zlib.crc32(answer.body) == item["crc"]
    if answer.status != item["status"] or not same_body:
        was, now = item["status"], answer.status
        raise UnusableDataError(
            f"{request.method} {request.path} was answered {was}, and is now answered {now} or otherwise: "
            "the data was made by a sandbox with other rules"
        )
