"""The shape shared by all message models."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints


def as_utc(moment: datetime) -> datetime:
    """Return an aware time in UTC; `ValueError` if UTC has none for it."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        # Any other error would escape validation, and stop an edge instead of making a dead letter.
        raise ValueError("a time outside the years 1 to 9999") from error


Moment = Annotated[AwareDatetime, AfterValidator(as_utc)]
"""An aware time, kept in UTC."""

_PRINTABLE = r"^[^\x00-\x1f\x7f]+$"  # PostgreSQL's text holds no NUL, and our SQL separates by 0x1f

Identifier = Annotated[str, StringConstraints(max_length=200, pattern=_PRINTABLE)]
"""An id of a partner or of ours; always a string, for partners' ids pass 32 bits."""

RecordKey = Annotated[str, StringConstraints(max_length=1000, pattern=_PRINTABLE)]
"""The key of a record: several identifiers with slashes between them."""

ConnectionName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""The name of a connection: one Procore account's projects and one QuickBooks realm."""


class Contract(BaseModel):
    """A message model: immutable; unknown fields are ignored, so that older readers survive."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_timedelta="float")
