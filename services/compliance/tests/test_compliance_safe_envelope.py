"""What an object of the safe is worth without its own key, or in another's place."""

import dataclasses
from typing import Any

import pytest

from plumbline.compliance.domain.envelope import (
    HEADER_BYTES,
    TAG_BYTES,
    SpoiledEnvelopeError,
    Subject,
    keyed_hash,
    seal,
    unseal,
)

SUBJECT = Subject("lone-star-east", "ab" * 32, bytes(range(16)))
KEY, NONCE, CONTENT = b"k" * 32, b"n" * 12, b"a waiver"
BLOB = seal(CONTENT, SUBJECT, key=KEY, nonce=NONCE)


def test_what_was_sealed_is_opened() -> None:
    assert unseal(BLOB, SUBJECT, key=KEY) == CONTENT
    assert len(BLOB) == HEADER_BYTES + len(CONTENT) + TAG_BYTES


def test_empty_paper_is_a_paper() -> None:
    assert unseal(seal(b"", SUBJECT, key=KEY, nonce=NONCE), SUBJECT, key=KEY) == b""


@pytest.mark.parametrize(
    "change", [{"connection": "buckeye"}, {"document": "cd" * 32}, {"key_id": bytes(16)}]
)
def test_it_is_another_papers_even_under_the_same_key(change: dict[str, Any]) -> None:
    with pytest.raises(SpoiledEnvelopeError):
        unseal(BLOB, dataclasses.replace(SUBJECT, **change), key=KEY)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(SpoiledEnvelopeError):
        unseal(BLOB, SUBJECT, key=b"K" * 32)


@pytest.mark.parametrize("place", range(len(BLOB)))
def test_no_bit_of_it_can_be_changed(place: int) -> None:
    spoiled = bytearray(BLOB)
    spoiled[place] ^= 0x80
    with pytest.raises(SpoiledEnvelopeError):
        unseal(bytes(spoiled), SUBJECT, key=KEY)


@pytest.mark.parametrize("length", range(len(BLOB)))
def test_no_part_of_it_is_the_whole(length: int) -> None:
    with pytest.raises(SpoiledEnvelopeError):
        unseal(BLOB[:length], SUBJECT, key=KEY)


def test_object_is_named_by_keyed_hash_and_key() -> None:
    assert SUBJECT.object_name == f"papers/ab/ab/{'ab' * 32}.{bytes(range(16)).hex()}"


def test_equal_papers_under_two_keys_have_nothing_in_common() -> None:
    assert keyed_hash(b"1" * 32, CONTENT) != keyed_hash(b"2" * 32, CONTENT)
