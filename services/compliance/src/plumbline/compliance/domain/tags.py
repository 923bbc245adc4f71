"""What is written on a paper of ours about where it belongs."""

from typing import Annotated

from pydantic import StringConstraints

from plumbline.compliance.domain.reading import Fact

ROOM_BYTES = 4096
"""What a copy has more than the paper that is kept, whatever its tags: so its size is known before it is made."""

Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,79}$")]
"""A tag's value: no commas, for keywords are told apart by them."""


class Tags(Fact):
    """The tags of one paper."""

    region: Word | None = None
    """`us-tx`."""
    trade: Word | None = None
    kind: Word | None = None
    ticket: Word | None = None
    dispatch_ready: bool = False

    def words(self) -> tuple[str, ...]:
        """Return them as keywords: `region:us-tx`, `dispatch_ready`."""
        named = [f"{name}:{value}" for name in _NAMES if (value := getattr(self, name)) is not None]
        return (*named, *(("dispatch_ready",) if self.dispatch_ready else ()))

    @staticmethod
    def is_word(word: str) -> bool:
        """Say whether a keyword is a tag."""
        return word == "dispatch_ready" or word.partition(":")[0] in _NAMES


_NAMES = ("region", "trade", "kind", "ticket")


def copy_bytes(kept_bytes: int, made_version: int | None) -> int:
    """Return the size of what leaves of a paper; `made_version` is the version of one that we made, None of any other."""
    return kept_bytes if made_version is None else kept_bytes + ROOM_BYTES


def copy_etag(document: str, made_version: int | None) -> str:
    """Return what tells one copy of a paper from another: tags change with the version of a paper that we made."""
    return f'"{document}"' if made_version is None else f'"{document}-{made_version}"'
