"""The webhooks v1.0 endpoints: deprecated, and what the guides still show.

Sources: Procore docs, set up webhooks; Procore reference, Hooks, Triggers, Deliveries. They keep
the same hooks as v2.0 under other names. The scope stands in the body or the query, as
`company_id` or `project_id`, one or the other.
"""

from typing import Any

from plumbline_sandbox.http import Answer, json_answer
from plumbline_sandbox.procore.call import Call, Endpoint
from plumbline_sandbox.procore.conventions import INTEGER, invalid, moment, not_found, part, read_object
from plumbline_sandbox.procore.state import Procore, Row
from plumbline_sandbox.procore.webhooks import resources
from plumbline_sandbox.procore.webhooks.api import STATUSES, bulk_body, hook_values, trigger_complaints
from plumbline_sandbox.procore.webhooks.hooks import Delivery, Hook, Trigger, canonical_version
from plumbline_sandbox.procore.webhooks.resources import Resource

PAGE_SIZE = 100
"""Deliveries of a page when the caller does not say."""

DELIVERY_STATUSES = {
    "any": {"enqueued", "retrying", "delivered", "discarded"},
    "successful": {"delivered"},
    "failing": {"retrying"},
    "discarded": {"discarded"},
}
"""What the filter of deliveries means in statuses of v2.0."""

_OUTCOMES = {"delivered": "ok", "retrying": "retried", "discarded": "discarded"}


class WebhooksV1:
    """Hooks, triggers, deliveries and resources under `/rest/v1.0/webhooks`."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._hooks = procore.hooks

    def hooks(self, call: Call) -> Answer:
        """`GET .../hooks?company_id=|project_id=`; `namespace=*` lists all of them, as no namespace does."""
        query = call.request.query
        namespace, version = query.get("namespace", "*"), query.get("api_version")
        rows = [
            hook_json(hook)
            for hook in self._hooks.of_scope(**self._scope(call, {}))
            if namespace in {"*", hook.namespace}
            and (version is None or canonical_version(version) == canonical_version(hook.payload_version))
        ]
        return json_answer(200, rows)

    def show(self, call: Call) -> Answer:
        """`GET .../hooks/{id}`."""
        return json_answer(200, hook_json(self._hook(call, {})))

    def create(self, call: Call) -> Answer:
        """`POST .../hooks`: `{"company_id"|"project_id", "hook": {...}}`."""
        body = read_object(call.request)
        scope = self._scope(call, body)
        hook = self._hooks.add(**scope, **self._values(call, body, {"destination_headers": {}}))
        hook.owner_id = call.grant.user.id
        return json_answer(201, hook_json(hook), committed=True)

    def update(self, call: Call) -> Answer:
        """`PATCH .../hooks/{id}`."""
        body = read_object(call.request)
        hook = self._hook(call, body)
        current = {
            "api_version": hook.payload_version,
            "namespace": hook.namespace,
            "destination_url": hook.destination_url,
            "destination_headers": hook.destination_headers,
        }
        for name, value in self._values(call, body, current).items():
            setattr(hook, name, value)
        self._hooks.touch(hook)
        return json_answer(200, hook_json(hook), committed=True)

    def delete(self, call: Call) -> Answer:
        """`DELETE .../hooks/{id}`: answers 200, where v2.0 answers 204."""
        hook = self._hook(call, {})
        self._hooks.remove(hook)
        self._procore.deliveries.wake()
        return json_answer(200, hook_json(hook), committed=True)

    def triggers(self, call: Call) -> Answer:
        """`GET .../hooks/{hook}/triggers`."""
        hook = self._hook(call, {})
        return json_answer(200, [trigger_json(hook, row) for row in hook.triggers.values()])

    def add_trigger(self, call: Call) -> Answer:
        """`POST .../hooks/{hook}/triggers`: `{"company_id", "api_version", "trigger": {...}}`."""
        body = read_object(call.request)
        hook = self._hook(call, body)
        wish = part(body, "trigger", call.path)
        version = str(body.get("api_version", ""))
        complaints = trigger_complaints(hook, wish)
        if canonical_version(version) not in resources.PAYLOAD_VERSIONS:
            complaints["api_version"] = ["is missing or unknown"]
        if complaints:
            raise invalid(call.path, complaints)
        return json_answer(201, trigger_json(hook, self._add(hook, wish)), committed=True)

    def delete_trigger(self, call: Call) -> Answer:
        """`DELETE .../hooks/{hook}/triggers/{id}`."""
        hook = self._hook(call, {})
        trigger = hook.triggers.pop(call.record_id(), None)
        if trigger is None:
            raise not_found(call.path)
        return json_answer(200, trigger_json(hook, trigger), committed=True)

    def add_triggers(self, call: Call) -> Answer:
        """`POST .../triggers/bulk`: 200 when all were added, 207 when some were not."""
        hook = self._hook(call, {})
        added: list[Row] = []
        failed: list[Row] = []
        for wish in bulk_body(call):
            if complaints := trigger_complaints(hook, wish):
                failed.append(
                    {"code": 422, "message": "Validation failed", "trigger": wish, "errors": complaints}
                )
            else:
                added.append(trigger_json(hook, self._add(hook, wish)))
        body: Row = {"success": added} | ({"failed": failed} if failed else {})
        return json_answer(207 if failed else 200, body, committed=bool(added))

    def deliveries(self, call: Call) -> Answer:
        """`GET .../hooks/{hook}/deliveries`: newest first, paged by the last event id.

        The reference spells the filter `filters[status]`, the guide `filter[status]`.
        """
        hook = self._hook(call, {})
        query = call.request.query
        status = query.get("filters[status]", query.get("filter[status]", "any"))
        if status not in DELIVERY_STATUSES:
            raise invalid(call.path, {"filters[status]": ["is invalid"]}, 400)
        start, size = query.get("page_start"), query.get("page_size", str(PAGE_SIZE))
        if not INTEGER.fullmatch(size) or (start is not None and not INTEGER.fullmatch(start)):
            raise invalid(call.path, {"page_size": ["is not a number"]}, 400)
        rows = [
            delivery_json(row)
            for row in reversed(hook.log)
            if row.status in DELIVERY_STATUSES[status] and (start is None or row.event["id"] < int(start))
        ]
        return json_answer(200, rows[: int(size)])

    def resources(self, call: Call) -> Answer:
        """`GET .../resources?company_id=|project_id=`; that a row names its resource by `name` is inferred."""
        rows = self._resources(call)
        told = [
            {
                "api_version": "v2",
                "product_category": row.category,
                "tools": row.tool,
                "name": row.name,
                "except": [action for action in resources.ALL if action not in row.actions],
                **{action: action for action in row.actions},
            }
            for row in rows
        ]
        return json_answer(200, told)

    def versions(self, call: Call) -> Answer:
        """`GET .../resources/api_versions`."""
        self._resources(call)
        return json_answer(200, [version.removesuffix(".0") for version in resources.PAYLOAD_VERSIONS])

    def _resources(self, call: Call) -> tuple[Resource, ...]:
        of_project = self._scope(call, {})["project_id"] is not None
        return resources.PROJECT_RESOURCES if of_project else resources.COMPANY_RESOURCES

    def _scope(self, call: Call, body: Row) -> Any:
        told = {**call.request.query, **body}
        if ("company_id" in told) == ("project_id" in told):
            raise invalid(call.path, {"base": ["either company_id or project_id must be given"]}, 400)
        if "company_id" in told:
            return {"company_id": call.company_id(body), "project_id": None}
        project = call.project(self._procore, body)
        return {"company_id": project.company_id, "project_id": project.id}

    def _hook(self, call: Call, body: Row) -> Hook:
        name = "hook" if "hook" in call.params else "id"
        hook = self._hooks.find(call.record_id(name), **self._scope(call, body))
        if hook is None:
            raise not_found(call.path)
        return hook

    def _values(self, call: Call, body: Row, current: Row) -> Any:
        values = current | part(body, "hook", call.path)
        if values.get("status", STATUSES[0]) not in STATUSES:
            raise invalid(call.path, {"status": ["is not included in the list"]})
        return hook_values(call.path, {**values, "payload_version": values.get("api_version")})

    def _add(self, hook: Hook, wish: Row) -> Trigger:
        return self._hooks.add_trigger(hook, wish["resource_name"], str(wish["event_type"]).lower())


def hook_json(hook: Hook) -> Row:
    """Return a hook as v1.0 shows it: ids are numbers, and there is no status."""
    told = hook.as_json()
    return {
        "id": hook.id,
        "api_version": hook.payload_version,
        "namespace": hook.namespace,
        "destination_url": hook.destination_url,
        "destination_headers": told["destination_headers"],
        "owned_by_company_id": hook.company_id if hook.project_id is None else None,
        "owned_by_project_id": hook.project_id,
        "owned_by_user_id": hook.owner_id,
    }


def trigger_json(hook: Hook, trigger: Trigger) -> Row:
    """Return a trigger as v1.0 shows it: the action in capitals, in the present tense."""
    return {
        "id": trigger.id,
        "webhook_hook_id": hook.id,
        "resource_name": trigger.resource_name,
        "resource_id": None,
        "event_type": trigger.event_type.upper(),
        "company_id": hook.company_id if hook.project_id is None else None,
        "project_id": hook.project_id,
        "user_id": hook.owner_id,
    }


def delivery_json(delivery: Delivery) -> Row:
    """Return a delivery with its last attempt."""
    attempt = delivery.attempts[-1] if delivery.attempts else None
    answered = attempt is not None and attempt.status is not None
    return {
        "event": delivery.event,
        "event_id": delivery.event["id"],
        "outcome": _OUTCOMES.get(delivery.status),
        "response_status": attempt and attempt.status,
        "response_body": attempt.body if attempt and answered else None,
        "response_error": None if attempt is None or answered else attempt.body,
        "response_headers": attempt.headers if attempt else {},
        "started_at": attempt and moment(attempt.started_at),
        "completed_at": attempt and moment(attempt.completed_at),
    }


def endpoints(procore: Procore) -> list[Endpoint]:
    """Return the endpoints of webhooks v1.0."""
    webhooks = WebhooksV1(procore)
    base = "/rest/v1.0/webhooks"
    hook = f"{base}/hooks/{{hook}}"
    return [
        ("GET", f"{base}/hooks", webhooks.hooks),
        ("POST", f"{base}/hooks", webhooks.create),
        ("GET", f"{base}/hooks/{{id}}", webhooks.show),
        ("PATCH", f"{base}/hooks/{{id}}", webhooks.update),
        ("DELETE", f"{base}/hooks/{{id}}", webhooks.delete),
        ("GET", f"{hook}/triggers", webhooks.triggers),
        ("POST", f"{hook}/triggers", webhooks.add_trigger),
        ("POST", f"{hook}/triggers/bulk", webhooks.add_triggers),
        ("DELETE", f"{hook}/triggers/{{id}}", webhooks.delete_trigger),
        ("GET", f"{hook}/deliveries", webhooks.deliveries),
        ("GET", f"{base}/resources", webhooks.resources),
        ("GET", f"{base}/resources/api_versions", webhooks.versions),
    ]
