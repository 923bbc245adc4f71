"""The directory of authorities: one YAML file."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from plumbline.common.connections import ConfigurationError
from plumbline.compliance.domain.authorities import AuthorityDirectory, faults


def load_directory(path: Path) -> AuthorityDirectory:
    """Return the authorities of a file.

    Raises:
        ConfigurationError: needs a person; names everything that is wrong with it.
    """
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        directory = AuthorityDirectory.model_validate(said)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        told = [
            _told(fault["loc"], fault["msg"], said)
            for fault in error.errors(include_url=False, include_input=False)
        ]
        raise ConfigurationError("\n".join([f"{path} cannot be used:", *told])) from error
    if problems := tuple(faults(directory)):
        raise ConfigurationError("\n".join([f"{path} cannot be used:", *problems]))
    return directory


def _told(place: tuple[int | str, ...], message: str, said: object) -> str:
    """Name an authority by its id where it has one."""
    match place, said:
        case ("authorities", int(number), *rest), {"authorities": list(rows)} if isinstance(
            rows[number], dict
        ):
            return f"{rows[number].get('id', f'authorities.{number}')}: {'.'.join(map(str, rest))}: {message}"
        case _:
            return f"{'.'.join(map(str, place))}: {message}"
