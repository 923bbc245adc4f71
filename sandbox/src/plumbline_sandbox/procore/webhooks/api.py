"""The webhooks v2.0 endpoints, the same tree under a company and under a project."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call
from plumbline_sandbox.procore.conventions import (
    invalid,
    list_v2,
    moment,
    not_found,
    read_object,
    with_headers,
)
from plumbline_sandbox.procore.state import Procore
from plumbline_sandbox.procore.webhooks import resources
from plumbline_sandbox.procore.webhooks.hooks import Attempt, Delivery, Hook, Trigger, canonical_version

NAMESPACE = re.compile(r"[a-z0-9-]+")
"""What a namespace may look like."""

BULK_MAX = 500
"""Most triggers of one bulk call."""

STATUSES = ("active", "disabled")
"""Statuses of a hook; a disabled one keeps its deliveries back."""

_FILTERED_STATUS = {"succeeded": "delivered"}


class Webhooks:
    """Hooks, triggers, deliveries and the list of resources."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._hooks = procore.hooks

    def hooks(self, call: Call) -> Answer:
        """`GET .../webhooks/hooks`, filtered by `namespace` and `payload_version`."""
        query = call.request.query
        namespace, version = query.get("namespace"), query.get("payload_version")
        rows = [
            hook
            for hook in self._hooks.of_scope(**self._scope(call))
            if (namespace is None or hook.namespace == namespace)
            and (version is None or canonical_version(hook.payload_version) == canonical_version(version))
        ]
        page, headers = list_v2(call.request, rows)
        return with_headers(json_answer(200, {"data": [hook.as_json() for hook in page]}), headers)

    def show(self, call: Call) -> Answer:
        """`GET .../webhooks/hooks/{id}`."""
        return json_answer(200, {"data": self._hook(call).as_json()})

    def create(self, call: Call) -> Answer:
        """`POST .../webhooks/hooks`: destination, payload version and namespace are required."""
        body = read_object(call.request)
        values = hook_values(call.path, {"destination_headers": {}, **body})
        hook = self._hooks.add(**self._scope(call), **values)
        return json_answer(201, {"data": hook.as_json()}, committed=True)

    def update(self, call: Call) -> Answer:
        """`PATCH .../webhooks/hooks/{id}`: any of the fields of create, and `status`."""
        hook = self._hook(call)
        body = read_object(call.request)
        current = {
            "payload_version": hook.payload_version,
            "namespace": hook.namespace,
            "destination_url": hook.destination_url,
            "destination_headers": hook.destination_headers,
        }
        status = body.get("status", hook.status)
        if status not in STATUSES:
            raise invalid(call.path, {"status": ["is not included in the list"]})
        for name, value in hook_values(call.path, current | body).items():
            setattr(hook, name, value)
        hook.status = status
        self._hooks.touch(hook)
        self._procore.deliveries.wake()
        return json_answer(200, {"data": hook.as_json()}, committed=True)

    def delete(self, call: Call) -> Answer:
        """`DELETE .../webhooks/hooks/{id}`: the triggers go with it."""
        self._hooks.remove(self._hook(call))
        self._procore.deliveries.wake()
        return Answer(204, committed=True)

    def triggers(self, call: Call) -> Answer:
        """`GET .../webhooks/hooks/{hook}/triggers`."""
        hook = self._hook(call)
        page, headers = list_v2(call.request, list(hook.triggers.values()))
        return with_headers(json_answer(200, {"data": [hook.trigger_json(row) for row in page]}), headers)

    def add_trigger(self, call: Call) -> Answer:
        """`POST .../webhooks/hooks/{hook}/triggers`; the body is flat."""
        hook = self._hook(call)
        wish = read_object(call.request)
        if complaints := trigger_complaints(hook, wish):
            raise invalid(call.path, complaints)
        trigger = self._add(hook, wish)
        return json_answer(201, {"data": hook.trigger_json(trigger)}, committed=True)

    def delete_trigger(self, call: Call) -> Answer:
        """`DELETE .../webhooks/hooks/{hook}/triggers/{id}`."""
        hook = self._hook(call)
        if hook.triggers.pop(call.record_id(), None) is None:
            raise not_found(call.path)
        return Answer(204, committed=True)

    def add_triggers(self, call: Call) -> Answer:
        """`POST .../triggers/bulk`: 201 when all were added, 207 when some were not."""
        hook = self._hook(call)
        added: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for wish in bulk_body(call):
            complaints = trigger_complaints(hook, wish)
            if complaints:
                failed.append(
                    {"code": 422, "message": "Validation failed", "trigger": wish, "errors": complaints}
                )
            else:
                added.append(hook.trigger_json(self._add(hook, wish)))
        return _mixed(201, added, failed)

    def delete_triggers(self, call: Call) -> Answer:
        """`DELETE .../triggers/bulk` with a list of ids: 200, or 207 when some are unknown."""
        hook = self._hook(call)
        gone: list[str] = []
        failed: list[str] = []
        for trigger_id in map(str, bulk_body(call)):
            found = hook.triggers.pop(int(trigger_id), None) if trigger_id.isdecimal() else None
            (failed if found is None else gone).append(trigger_id)
        return _mixed(200, gone, failed)

    def deliveries(self, call: Call) -> Answer:
        """`GET .../webhooks/hooks/{hook}/deliveries`, newest first."""
        hook = self._hook(call)
        rows = [row for row in reversed(hook.log) if _asked_for(row, call)]
        page, headers = list_v2(call.request, rows)
        return with_headers(json_answer(200, {"data": [_delivery_json(row) for row in page]}), headers)

    def resources(self, call: Call) -> Answer:
        """`GET .../webhooks/resources?payload_version=`."""
        version = call.request.query.get("payload_version", "")
        if canonical_version(version) not in resources.PAYLOAD_VERSIONS:
            raise invalid(call.path, {"payload_version": ["is missing or unknown"]}, 400)
        of_project = self._scope(call)["project_id"] is not None
        rows = resources.PROJECT_RESOURCES if of_project else resources.COMPANY_RESOURCES
        return json_answer(200, {"data": [row.as_json(canonical_version(version)) for row in rows]})

    def _scope(self, call: Call) -> Any:
        if "project" in call.params:
            project = call.project(self._procore)
            if project.company_id != call.company_id():
                raise not_found(call.path)
            return {"company_id": project.company_id, "project_id": project.id}
        return {"company_id": call.company_id(), "project_id": None}

    def _hook(self, call: Call) -> Hook:
        hook = self._hooks.find(call.record_id("hook"), **self._scope(call))
        if hook is None:
            raise not_found(call.path)
        return hook

    def _add(self, hook: Hook, wish: Mapping[str, Any]) -> Trigger:
        return self._hooks.add_trigger(hook, wish["resource_name"], str(wish["event_type"]).lower())


def hook_values(path: str, body: Mapping[str, Any]) -> Any:
    """Return the fields of a hook by their v2.0 names.

    Raises:
        RefusedError: 422, one of them is missing or invalid.
    """
    complaints: dict[str, list[str]] = {}
    values = {name: body.get(name) for name in ("payload_version", "namespace", "destination_url")}
    for name, right in _HOOK_RULES.items():
        value = values[name]
        if not isinstance(value, str) or not value:
            complaints[name] = ["can't be blank"]
        elif not right(value):
            complaints[name] = ["is invalid"]
    headers = body.get("destination_headers")
    if not isinstance(headers, dict) or not all(isinstance(text, str) for text in headers.values()):
        complaints["destination_headers"] = ["is invalid"]
    if complaints:
        raise invalid(path, complaints)
    return {**values, "destination_headers": headers}


_HOOK_RULES: Mapping[str, Callable[[str], bool]] = {
    "payload_version": lambda text: canonical_version(text) in resources.PAYLOAD_VERSIONS,
    "namespace": lambda text: NAMESPACE.fullmatch(text) is not None,
    # Procore insists on https; a sandbox on one machine also delivers to http.
    "destination_url": lambda text: text.startswith(("http://", "https://")),
}


def trigger_complaints(hook: Hook, wish: Any) -> dict[str, list[str]]:
    """Return what is wrong with a wished trigger, by field; empty when nothing is."""
    if not isinstance(wish, dict):
        return {"base": ["is not an object"]}
    resource = resources.find(wish.get("resource_name"), of_project=hook.project_id is not None)
    if resource is None:
        return {"resource_name": ["is not included in the list"]}
    event_type = str(wish.get("event_type", "")).lower()
    if event_type not in resource.actions:
        return {"event_type": ["is not included in the list"]}
    if hook.wants(resource.name, event_type):
        return {"base": ["trigger already exists"]}
    return {}


def bulk_body(call: Call) -> list[Any]:
    """Return the array of a bulk call.

    Raises:
        RefusedError: 400, the body is no array; 413, it is too long.
    """
    try:
        wishes = call.request.json()
    except ValueError as broken:
        raise invalid(call.path, {"base": ["request body is not valid JSON"]}, 400) from broken
    if not isinstance(wishes, list):
        raise invalid(call.path, {"base": ["request body must be an array"]}, 400)
    if len(wishes) > BULK_MAX:
        raise invalid(call.path, {"base": [f"no more than {BULK_MAX} at once"]}, 413)
    return wishes


def _mixed(status: int, succeeded: Iterable[Any], failed: list[Any]) -> Answer:
    data: dict[str, Any] = {"succeeded": list(succeeded)}
    if failed:
        data["failed"] = failed
    return json_answer(207 if failed else status, {"data": data}, committed=bool(data["succeeded"]))


def _asked_for(delivery: Delivery, call: Call) -> bool:
    query = call.request.query
    status = query.get("filter[status]")
    event = delivery.event
    if status is not None and delivery.status != _FILTERED_STATUS.get(status, status):
        return False
    if query.get("filter[resource_name]", event["resource_name"]) != event["resource_name"]:
        return False
    if query.get("filter[event_type]", event["event_type"]).lower() != event["event_type"]:
        return False
    return (
        _start(query.get("filter[start]"), call) <= delivery.queued_at < _end(query.get("filter[end]"), call)
    )


def _start(text: str | None, call: Call) -> datetime:
    return datetime.min.replace(tzinfo=UTC) if text is None else _day(text, call)


def _end(text: str | None, call: Call) -> datetime:
    """Return the end of a filter's last day, which is part of the range."""
    return datetime.max.replace(tzinfo=UTC) if text is None else _day(text, call) + timedelta(days=1)


def _day(text: str, call: Call) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time.min, UTC)
    except ValueError as malformed:
        raise invalid(call.path, {"filter": ["is not a date"]}, 400) from malformed


def _delivery_json(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": str(delivery.id),
        "status": delivery.status,
        "payload": delivery.event,
        "delivery_attempts": [_attempt_json(attempt) for attempt in delivery.attempts],
    }


def _attempt_json(attempt: Attempt) -> dict[str, Any]:
    return {
        "id": str(attempt.id),
        "success": attempt.success,
        "response_status": attempt.status,
        "response_body": attempt.body,
        "response_headers": attempt.headers,
        "started_at": moment(attempt.started_at),
        "completed_at": moment(attempt.completed_at),
    }
