"""How a command ends when something is wrong that a person can put right: in a sentence, not a trace of calls."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from plumbline.common.errors import SuiteError
from plumbline.common.settings import KafkaSettings, ServiceSettings

_PREFIXES = {KafkaSettings.__name__: KafkaSettings.model_config["env_prefix"]}


@contextmanager
def plain_endings() -> Iterator[None]:
    """End the process with exit code 1 and a line per thing that is wrong: `code: what to do`.

    Settings are named as the environment names them; their values are never printed.
    """
    try:
        yield
    except SuiteError as error:
        sys.exit(f"{error.code}: {error.detail}")
    except ValidationError as error:
        prefix = _PREFIXES.get(error.title, ServiceSettings.model_config["env_prefix"])
        lines = [
            f"settings: {prefix}{'.'.join(map(str, e['loc'])).upper() or '…'}: {e['msg']}"
            for e in error.errors(include_input=False, include_url=False)
        ]
        sys.exit("\n".join(lines))
