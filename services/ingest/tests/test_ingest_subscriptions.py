"""Subscriptions, without I/O: which hook is kept, what is repaired, what it does not hear of yet."""

from typing import Any

import pytest
from pydantic import SecretStr

from plumbline.ingest.domain.authorization import is_the_sender
from plumbline.ingest.domain.subscription import (
    EVENT_TYPES,
    RESOURCES,
    Wanted,
    chosen,
    missing_triggers,
    repair_of,
    twins,
)
from plumbline.procore.hooks import Hook, Trigger

URL = "https://ingest.example/webhooks/procore/lone-star"
ELSEWHERE = "https://old.example/webhooks/procore/lone-star"
WANTED = Wanted(URL, SecretStr("Bearer our-secret"), version=1)


def hook(hook_id: str = "1", **changes: Any) -> Hook:
    said = {
        "id": hook_id,
        "namespace": "plumbline",
        "destination_url": URL,
        "payload_version": "v2.0",
        "status": "active",
        "destination_headers": {"Authorization": "********ecret"},
    }
    return Hook.model_validate({**said, **changes})


def trigger(resource_name: str, event_type: str) -> Trigger:
    return Trigger.model_validate({"id": "1", "resource_name": resource_name, "event_type": event_type})


def test_working_hook_of_an_older_version_is_left_alone() -> None:
    assert not repair_of(hook(), WANTED).needed


@pytest.mark.parametrize(
    "spelled",
    [
        {"destination_url": "https://INGEST.example/webhooks/procore/lone-star/"},
        {"destination_headers": {"authorization": "*****ecret"}},
        {"status": "Active"},
    ],
)
def test_hook_that_procore_spells_otherwise_is_left_alone(spelled: dict[str, Any]) -> None:
    assert not repair_of(hook(**spelled), WANTED).needed


def test_disabled_hook_with_another_address_and_secret_is_repaired() -> None:
    found = hook(status="disabled", destination_url=ELSEWHERE, destination_headers=None)
    repair = repair_of(found, WANTED)
    assert (repair.destination_url, repair.authorization, repair.status) == (
        URL,
        WANTED.authorization,
        "active",
    )
    assert len(repair.in_words()) == 3
    assert "our-secret" not in repr(repair) + str(repair.in_words())


def test_changed_secret_is_seen_by_its_tail() -> None:
    assert (
        repair_of(hook(), Wanted(URL, SecretStr("Bearer another-one"), version=2)).authorization is not None
    )


@pytest.mark.parametrize(
    ("hooks", "kept"),
    [
        ([], None),
        ([hook("9", destination_url=ELSEWHERE)], "9"),
        ([hook("8", destination_url=ELSEWHERE), hook("9")], "9"),
        ([hook("8", status="disabled"), hook("9")], "9"),
        ([hook("7", destination_url=ELSEWHERE), hook("9", status="disabled")], "9"),
        ([hook("10"), hook("9")], "9"),
    ],
)
def test_hook_kept_points_to_us_then_works_then_is_the_oldest(hooks: list[Hook], kept: str | None) -> None:
    for order in (hooks, hooks[::-1]):
        found = chosen(order, WANTED)
        assert (found and found.id) == kept


def test_twin_delivers_to_us_too_and_another_installation_does_not() -> None:
    kept, twin, other = hook("1"), hook("2", destination_url=URL + "/"), hook("3", destination_url=ELSEWHERE)
    assert twins([kept, twin, other], kept, WANTED) == [twin]


def test_missing_triggers_are_found_whatever_the_casing() -> None:
    present = [trigger("Payment Applications", "CREATED"), trigger("payment applications", "Update")]
    missing = missing_triggers(present)
    assert ("Payment Applications", "create") not in missing
    assert ("Payment Applications", "update") not in missing
    assert ("Payment Applications", "delete") in missing
    assert len(missing) == len(RESOURCES) * len(EVENT_TYPES) - 2


@pytest.mark.parametrize(
    ("shown", "is_believed"),
    [
        (b"Bearer Right", True),
        (b"bearer Right", True),
        (b"BEARER Right", True),
        (b"Bearer Former", True),
        (b"Bearer right", False),
        (b"Bearer Right ", False),
        (b"Right", False),
        (b"Bearer ", False),
        (b"Bearer", False),
        (b"", False),
        (b"\xff\xfe", False),
    ],
)
def test_sender_is_believed_whatever_the_case_of_the_scheme_alone(shown: bytes, *, is_believed: bool) -> None:
    accepted = (SecretStr("Bearer Right"), SecretStr("Bearer Former"))
    assert is_the_sender(shown, accepted) is is_believed


def test_secret_without_a_scheme_is_compared_as_it_is() -> None:
    assert is_the_sender(b"Secret", [SecretStr("Secret")])
    assert not is_the_sender(b"secret", [SecretStr("Secret")])


@pytest.mark.parametrize("shown", [b"", b"bearer " + 43 * b"-", b"Bearer Right"])
def test_nobody_is_believed_where_nothing_is_accepted(shown: bytes) -> None:
    assert not is_the_sender(shown, ())
