"""Whether to look again: a hint that has come is served only once its change shows."""

from datetime import UTC, datetime

import pytest

from plumbline.mapper.domain.sighting import Look, Sighting

CREATED, UPDATED = "webhook 01CREATED", "webhook 01UPDATED"


def seen(*causes: str, looks: int = 0) -> Sighting:
    return Sighting(
        "1/2/payment-applications/3", "east", "h1", datetime(2026, 11, 1, tzinfo=UTC), causes, looks
    )


@pytest.mark.parametrize(
    ("before", "causes", "content_hash", "awaits"),
    [
        (seen(CREATED), (CREATED, UPDATED), "h1", True),
        (seen(CREATED), (CREATED, UPDATED, CREATED), "h1", True),  # the first one came once more behind it
        (seen(CREATED), (CREATED, UPDATED), "h2", False),
        (seen(CREATED, UPDATED), (CREATED, UPDATED), "h1", False),
        (seen(CREATED), (CREATED, "operator 7"), "h1", False),
        (seen(CREATED, looks=1), (CREATED,), "h1", True),
        (None, (CREATED,), "h1", False),
    ],
)
def test_look_awaits_the_news_that_a_new_hint_tells_of(
    before: Sighting | None, causes: tuple[str, ...], content_hash: str, awaits: bool
) -> None:
    assert Look(before, causes, content_hash).awaits_news is awaits
