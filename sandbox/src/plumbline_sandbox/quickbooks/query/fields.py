"""Properties that queries may name, and how their values compare."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "text", "number", "day", "moment", "flag"]
"""How a property compares: ids only for equality, texts without case, numbers and times by value."""


@dataclass(frozen=True, slots=True)
class Field:
    """One property that can be asked for. `path` is dotted; references compare by their value."""

    path: str
    kind: Kind = "text"
    sortable: bool = False
    within: str = ""
    """A list property: the path then starts at its entries, and one that matches is enough."""


METADATA_FIELDS = {
    "Id": Field("Id", "id", sortable=True),
    "MetaData.CreateTime": Field("MetaData.CreateTime", "moment", sortable=True),
    "MetaData.LastUpdatedTime": Field("MetaData.LastUpdatedTime", "moment", sortable=True),
}
"""What every entity can be asked by."""
