"""What all records read from QuickBooks share: frozen, tolerant of new fields, strict about needed ones."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any

import structlog
from pydantic import AfterValidator, AliasChoices, AwareDatetime, BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_pascal

_log = structlog.get_logger()


TEXT_CHARS_MAX = 1_000_000
"""Longest text of a record; with a limit pydantic also refuses half a surrogate pair, which no UTF-8 holds."""


def _as_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        # Any other error would escape validation, and pass for a bug of ours.
        raise ValueError("a time outside the years 1 to 9999") from error


UtcDatetime = Annotated[AwareDatetime, AfterValidator(_as_utc)]
"""A moment in UTC; QuickBooks writes the company's own offset."""


@lru_cache(maxsize=1024)
def report_unknown_field(model: str, field: str) -> None:
    """Say once per process that QuickBooks sends a field that this model does not have."""
    _log.debug("quickbooks-unknown-field", model=model, field=field)


@lru_cache
def known_names(model: type[BaseModel]) -> frozenset[str]:
    """Return the names by which the fields of a model may be said, gathered once: every record asks for them."""
    names = set(model.model_fields)
    for field in model.model_fields.values():
        match field.validation_alias:
            case str(alias):
                names.add(alias)
            case AliasChoices(choices=choices):
                names.update(choice for choice in choices if isinstance(choice, str))
            case _:
                names.update()
    return frozenset(names)


class Record(BaseModel):
    """A frozen record, its fields in QuickBooks' PascalCase; unknown ones are reported once and dropped."""

    model_config = ConfigDict(
        frozen=True,
        hide_input_in_errors=True,
        validate_by_name=True,
        alias_generator=to_pascal,
        str_max_length=TEXT_CHARS_MAX,
    )

    @model_validator(mode="before")
    @classmethod
    def _report_unknown_fields(cls, said: Any) -> Any:
        if isinstance(said, dict):
            for name in said.keys() - known_names(cls):
                report_unknown_field(cls.__name__, name)
        return said
