"""The file of policies, as people write it."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from plumbline.common.connections import ConfigurationError, Connections
from plumbline.compliance.domain.gate.policy import GatePolicy, faults


def load_gate(config_dir: Path, connections: Connections) -> GatePolicy:
    """Read `gate.yaml`.

    Raises:
        ConfigurationError: needs a person; names the file, the places and what is wrong there.
    """
    path = config_dir / "gate.yaml"
    try:
        policy = GatePolicy.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ConfigurationError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is no YAML: {error}") from error
    wrong = list(faults(policy, connections))
    if wrong:
        raise ConfigurationError(f"{path}: {'; '.join(wrong)}")
    return policy
