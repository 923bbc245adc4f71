"""`projects.yaml`: what we know of projects and vendors that Procore does not."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from plumbline.common.connections import ConfigurationError
from plumbline.compliance.domain.projects import Sheets


def load_sheets(config_dir: Path) -> Sheets:
    """Read `projects.yaml`; without the file nothing is known but what Procore says.

    Raises:
        ConfigurationError: needs a person; names the file, the place and what is wrong there.
    """
    path = config_dir / "projects.yaml"
    if not path.exists():
        return Sheets()
    try:
        return Sheets.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ConfigurationError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is no YAML: {' '.join(str(error).split())}") from error
