"""Subscriptions: one working hook per project, made, adopted or repaired."""

from typing import Any

from plumbline.ingest.domain.subscription import EVENT_TYPES, RESOURCES, missing_triggers, repair_of
from plumbline.procore.hooks import Hook, Trigger

URL = "https://ingest.example/webhooks/procore/lone-star"


def hook(**changes: Any) -> Hook:
    said = {
        "id": "1",
        "namespace": "plumbline",
        "destination_url": URL,
        "payload_version": "v2.0",
        "status": "active",
        "destination_headers": {"Authorization": "********ecret"},
    }
    return Hook.model_validate({**said, **changes})


def test_working_hook_of_an_older_version_is_left_alone() -> None:
    assert not repair_of(hook(), destination_url=URL, secret="Bearer our-secret").needed


def test_disabled_hook_with_another_address_and_secret_is_repaired() -> None:
    found = hook(status="disabled", destination_url="https://old.example", destination_headers=None)
    repair = repair_of(found, destination_url=URL, secret="Bearer our-secret")
    assert (repair.destination_url, repair.renew_secret, repair.status) == (URL, True, "active")


def test_changed_secret_is_seen_by_its_tail() -> None:
    assert repair_of(hook(), destination_url=URL, secret="Bearer another-one").renew_secret


def test_missing_triggers_are_found_whatever_the_casing() -> None:
    present = [
        Trigger.model_validate({"id": "1", "resource_name": "Payment Applications", "event_type": "CREATED"}),
        Trigger.model_validate({"id": "2", "resource_name": "Payment Applications", "event_type": "UPDATE"}),
    ]
    missing = missing_triggers(present)
    assert ("Payment Applications", "create") not in missing
    assert ("Payment Applications", "delete") in missing
    assert len(missing) == len(RESOURCES) * len(EVENT_TYPES) - 2
