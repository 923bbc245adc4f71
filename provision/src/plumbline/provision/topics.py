"""Every topic: those of the register, and one for each region that a route of the rules sends papers to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, StringConstraints, ValidationError

from plumbline.common.connections import ConfigurationError
from plumbline.common.contracts.topics import TOPICS, Topic, dispatch_topic


class _Desk(BaseModel):
    region: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}-[a-z0-9]{2,3}$")]


class _Route(BaseModel):
    desk: _Desk | None = None


class _Rules(BaseModel):
    routes: tuple[_Route, ...] = ()


def all_topics(config_dir: Path) -> tuple[Topic, ...]:
    """Return the register's topics and those of the regions.

    Raises:
        ConfigurationError: needs a person; a file of rules cannot be read, or a region is no part of a topic's name.
    """
    found = {route.desk.region for route in _routes(config_dir / "rules") if route.desk}
    return (*TOPICS, *map(dispatch_topic, sorted(found)))


def _routes(folder: Path) -> list[_Route]:
    return [route for file in sorted(folder.glob("*.yaml")) for route in _read(file).routes]


def _read(file: Path) -> _Rules:
    try:
        return _Rules.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except (OSError, ValueError, ValidationError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from error
