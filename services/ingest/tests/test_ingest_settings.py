"""Settings: what may be set, and what no setting may break."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from plumbline.ingest.settings import Settings


def settings(**changes: Any) -> Settings:
    needed: dict[str, Any] = {
        "env": "test",
        "replica": "ingest-1",
        "database_url": SecretStr("postgresql://nowhere"),
        "config_dir": Path("config"),
        "operator_token_file": Path("token"),
        "public_url": "https://ingest.example",
        "procore_url": "https://procore.example",
    }
    return Settings(**{**needed, **changes})


def test_kafka_is_given_up_before_procore_gives_us_up() -> None:
    assert settings().publish_timeout_s == 3.0
    with pytest.raises(ValidationError, match="publish_timeout_s"):
        settings(publish_timeout_s=5.0)
