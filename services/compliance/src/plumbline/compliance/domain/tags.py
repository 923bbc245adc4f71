"""What is written on a paper of ours about where it belongs."""

from typing import Annotated

from pydantic import StringConstraints

from plumbline.compliance.domain.reading import Fact

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
