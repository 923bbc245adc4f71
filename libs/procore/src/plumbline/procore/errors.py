"""What Procore's answers mean to Plumbline when they are not what was asked for."""

from plumbline.common.errors import NeedsHumanError, PermanentError, TransientError, WaitError


class ProcoreUnavailableError(TransientError):
    """Procore gave no usable answer: a 5xx, a web page, half an answer or none."""


class ProcoreThrottledError(WaitError):
    """Procore asked for patience (429 or 503); every call of the company has to wait."""


class ProcoreInvisibleError(TransientError):
    """Procore shows no such record: it is absent, or invisible to this account.

    Procore answers 404 for both, so one 404 never proves a deletion. The caller decides what it means.
    """


class ProcoreForbiddenError(NeedsHumanError):
    """Procore does not let this account do that: its permissions or installation must change."""


class ProcoreRefusedError(PermanentError):
    """Procore refused the request as it stands (400, 406, 409, 422 and the like)."""


class ProcoreUnreadableError(PermanentError):
    """Procore's answer lacks something Plumbline needs, or holds it in another shape."""


class ProcoreFileTooLargeError(PermanentError):
    """A file in Procore has more bytes than are taken."""
