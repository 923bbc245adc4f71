"""The files that people write: the status map and lists of links."""

import csv
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from plumbline.common.connections import ConfigurationError
from plumbline.mapper.domain.links import Link
from plumbline.mapper.domain.status_map import StatusMap, StatusRule

_RULES = TypeAdapter(list[StatusRule])


def load_status_map(config_dir: Path) -> StatusMap:
    """Read `status-map.yaml`.

    Raises:
        ConfigurationError: needs a person; names the file, the row and what is wrong there.
    """
    path = config_dir / "status-map.yaml"
    try:
        rules = _RULES.validate_python(yaml.safe_load(path.read_text(encoding="utf-8"))["rows"])
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise ConfigurationError(f"{path}: row {_first_problem(error)}") from error
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path} is no status map: {error}") from error
    return StatusMap(rules)


def read_links(path: Path) -> list[Link]:
    """Read links from a CSV file with the columns connection, kind, source, quickbooks_id and name.

    Raises:
        ConfigurationError: needs a person; names the file, the line and what is wrong there.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [_link(path, number, row) for number, row in enumerate(csv.DictReader(file), start=2)]
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path} is no CSV file in UTF-8: {error}") from error


def _link(path: Path, number: int, row: dict[str, str]) -> Link:
    try:
        return Link.model_validate({name: (value or "").strip() for name, value in row.items() if name})
    except ValidationError as error:
        raise ConfigurationError(f"{path} line {number}: {_first_problem(error)}") from error


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
