"""Why a file is not taken, and what whoever sent it can do; the reasons are stable."""

from typing import Literal, get_args

from plumbline.compliance.ports.reading import RefusedPaperError

Reason = Literal[
    "placeholder",
    "empty",
    "too-large",
    "unknown-type",
    "two-types",
    "encrypted",
    "too-many-pages",
    "too-much-inside",
    "unreadable",
]

REASONS: tuple[Reason, ...] = get_args(Reason)

_SENTENCES: dict[Reason, str] = {
    "placeholder": "The file stands for one that was not downloaded. Open it in its folder, and send what was downloaded.",
    "empty": "The file is empty. Send it again.",
    "too-large": "The file is larger than what is taken. Scan it with fewer dots per inch, or send its parts one by one.",
    "unknown-type": "The file is of no type that is taken. Send a PDF, a PNG or JPEG picture, or a CSV table.",
    "two-types": "The file is of two types at once, so two programs would show two papers. "
    "Print it to a new PDF, and send that.",
    "encrypted": "The file is encrypted. Save a copy without a password, and send that.",
    "too-many-pages": "The file has more pages than are read. Send the papers in it as files of their own.",
    "too-much-inside": "The file holds more than any paper does. Print it to a new PDF, and send that.",
    "unreadable": "No reader could read the file within its limits. Print it to a new PDF, and send that; "
    "or a person reads it.",
}


def refused(reason: Reason) -> RefusedPaperError:
    """Return the error that says it."""
    return RefusedPaperError(reason, _SENTENCES[reason])
