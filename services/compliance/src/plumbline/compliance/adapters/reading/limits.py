"""How much reading one file may take."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a file may be, and what its reader may use.

    The defaults are more than honest papers take. At worst the readers' processes use `places` times `memory_bytes`.
    """

    content_bytes: int = 25 * MIB
    pages: int = 200
    memory_bytes: int = 1024 * MIB
    """Address space of the reader's process."""
    processor_s: int = 10
    wall_s: float = 15.0
    answer_bytes: int = 16 * MIB
    """What was read, as JSON."""
    places: int = 2
    """Files read at once; more wait."""
