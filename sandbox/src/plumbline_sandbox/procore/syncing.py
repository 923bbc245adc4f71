"""Sync actions: many records created or changed by one call (Procore docs, using sync actions)."""

import json
from collections.abc import Callable

from plumbline_sandbox.http import Answer, RefusedError, json_answer
from plumbline_sandbox.procore.call import Call
from plumbline_sandbox.procore.conventions import invalid
from plumbline_sandbox.procore.state import Row

SYNC_MAX = 1000
"""Most rows of one call."""


class UnsyncedError(Exception):
    """One row of a sync call is not taken, and this is wrong with it, by field."""

    def __init__(self, complaints: dict[str, list[str]]) -> None:
        super().__init__(complaints)
        self.complaints = complaints


def synced(call: Call, body: Row, one: Callable[[Row], Row]) -> Answer:
    """Take the rows of `updates` one by one: always 200, with what was done and what was wrong.

    Raises:
        RefusedError: 400, there is no list of updates; 422, it is too long.
    """
    updates = body.get("updates")
    if not isinstance(updates, list) or not all(isinstance(row, dict) for row in updates):
        raise invalid(call.path, {"updates": ["is not a list"]}, 400)
    if len(updates) > SYNC_MAX:
        raise invalid(call.path, {"updates": [f"no more than {SYNC_MAX} at once"]})
    entities: list[Row] = []
    errors: list[Row] = []
    for wish in updates:
        try:
            entities.append(one(wish))
        except UnsyncedError as wrong:
            errors.append({**wish, "errors": wrong.complaints})
        except RefusedError as refused:
            errors.append({**wish, "errors": json.loads(refused.answer.body)["errors"]})
    return json_answer(200, {"entities": entities, "errors": errors}, committed=bool(entities))
