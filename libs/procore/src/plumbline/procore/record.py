"""What all records read from Procore share: frozen, tolerant of new fields, strict about needed ones."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any

import structlog
from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

_log = structlog.get_logger()


TEXT_CHARS_MAX = 1_000_000
"""Longest text of a record; with a limit pydantic also refuses half a surrogate pair, which no UTF-8 holds."""


def _as_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        # Any other error would escape validation, and pass for a bug of ours.
        raise ValueError("a time outside the years 1 to 9999") from error


UtcDatetime = Annotated[datetime, AfterValidator(_as_utc)]
"""A moment in UTC; Procore's times are UTC even where the zone is left out."""


@lru_cache(maxsize=1024)
def report_unknown_field(model: str, field: str) -> None:
    """Say once per process that Procore sends a field that this model does not have."""
    _log.debug("procore-unknown-field", model=model, field=field)


class Record(BaseModel):
    """A frozen record; fields it does not know are reported once and dropped."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, validate_by_name=True, str_max_length=TEXT_CHARS_MAX
    )

    @model_validator(mode="before")
    @classmethod
    def _report_unknown_fields(cls, said: Any) -> Any:
        if isinstance(said, dict):
            for name in said.keys() - cls._known_names():
                report_unknown_field(cls.__name__, name)
        return said

    @classmethod
    def _known_names(cls) -> set[str]:
        fields = cls.model_fields.items()
        return {alias if isinstance(alias := field.validation_alias, str) else name for name, field in fields}
