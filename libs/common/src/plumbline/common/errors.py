"""Errors, sorted by what happens next.

```
SuiteError
├── TransientError         the same work may succeed later; uses an attempt
│   └── WaitError          the far side asked for patience; uses no attempt
└── PermanentError         will fail as it stands: parked
    └── NeedsHumanError    parked, and a person can say what to do
```

Adapters translate at their own wall. `plumbline.common.reconciling.decide` alone turns an
error into a verdict. Anything that is not a `SuiteError` is a bug.
"""

import re
from datetime import timedelta
from typing import ClassVar

from typing_extensions import override


class SuiteError(Exception):
    """Something went wrong that Plumbline has a name for."""

    code: ClassVar[str] = "suite"

    @override
    def __init_subclass__(cls, **kwargs: object) -> None:
        """Derive the stable code from the class name: `RateLimitedError` is `rate-limited`."""
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            name = cls.__name__.removesuffix("Error")
            cls.code = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()

    def __init__(self, detail: str = "", **fields: object) -> None:
        """Explain what happened.

        Args:
            detail: one sentence for a person; the docstring's first line if left out.
            fields: what a log line should carry; never a secret, never a body.
        """
        self.detail = detail or (type(self).__doc__ or self.code).splitlines()[0]
        self.fields = fields
        super().__init__(self.detail)

    def log_fields(self) -> dict[str, object]:
        """Return what the canonical log line carries about this error."""
        return {"error": self.code, "detail": self.detail, **self.fields}


class TransientError(SuiteError):
    """The same work may succeed later."""

    def __init__(self, detail: str = "", *, retry_after: timedelta | None = None, **fields: object) -> None:
        """Explain what happened, and how long the far side asked to be left alone."""
        super().__init__(detail, **fields)
        self.retry_after = retry_after


class WaitError(TransientError):
    """The far side asked for patience; trying again later uses no attempt."""

    def __init__(
        self,
        detail: str = "",
        *,
        retry_after: timedelta | None = None,
        holds_connection: bool = False,
        **fields: object,
    ) -> None:
        """Explain the wait.

        Args:
            detail: one sentence for a person.
            retry_after: how long to wait; the reconciler's default if left out.
            holds_connection: whether every record of the connection must wait as well.
            fields: what a log line should carry.
        """
        super().__init__(detail, retry_after=retry_after, **fields)
        self.holds_connection = holds_connection


class PermanentError(SuiteError):
    """It will fail again as it stands."""

    resumes_on: str | None = None
    """The name of the event that makes another try worth while, such as a link made."""


class NeedsHumanError(PermanentError):
    """A person must decide or supply something."""

    def __init__(self, detail: str = "", *, resumes_on: str | None = None, **fields: object) -> None:
        """Say in plain words what is missing, and what resumes the record by itself."""
        super().__init__(detail, **fields)
        self.resumes_on = resumes_on
