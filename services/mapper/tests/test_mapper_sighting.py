"""Whether to look again: a hint that has come is served only once its change shows."""

from datetime import UTC, datetime, timedelta

import pytest

from plumbline.mapper.domain.sighting import Look, Sighting

DAWN = datetime(2026, 11, 1, tzinfo=UTC)
CREATED, UPDATED = "webhook 01CREATED", "webhook 01UPDATED"


def seen(*causes: str, looks: int = 0) -> Sighting:
    return Sighting("1/2/payment-applications/3", "east", "h1", DAWN, DAWN, causes, looks)


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
    assert Look(before, causes, content_hash, DAWN).awaits_news is awaits


@pytest.mark.parametrize(
    ("before", "content_hash", "after_s", "left_s"),
    [
        (None, "h1", 0, 10),
        (seen(CREATED), "h2", 4, 10),
        (seen(CREATED), "h1", 4, 6),
        (seen(CREATED), "h1", 10, None),
        (seen(CREATED), "h1", 11, None),
    ],
)
def test_record_is_settled_once_it_has_been_as_it_is_for_a_whole_pause(
    before: Sighting | None, content_hash: str, after_s: int, left_s: int | None
) -> None:
    look = Look(before, (CREATED,), content_hash, DAWN + timedelta(seconds=after_s))
    left = None if left_s is None else timedelta(seconds=left_s)
    assert look.until_settled(timedelta(seconds=10)) == left
