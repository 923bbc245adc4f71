"""Settings: what may be set, and what no setting may break."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from plumbline.common.secrets.webhooks import REFRESH_MAX_S
from plumbline.ingest.handlers.route import Limits
from plumbline.ingest.settings import Settings
from plumbline.ingest.testing import LIMITS


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


def test_notification_is_answered_before_intuit_gives_us_up() -> None:
    assert settings().quickbooks_publish_timeout_s + REFRESH_MAX_S < 3.0
    with pytest.raises(ValidationError, match="quickbooks_publish_timeout_s"):
        settings(quickbooks_publish_timeout_s=2.0)


def test_largest_notification_of_intuit_is_taken() -> None:
    assert settings().quickbooks_limits == replace(LIMITS, body_bytes=2 * 1024 * 1024)
    assert settings(quickbooks_body_bytes_max=9).quickbooks_limits.body_bytes == 9


def test_limits_of_webhooks_may_be_set() -> None:
    assert settings().limits == LIMITS
    assert settings(body_bytes_max=9, body_timeout_s=0.5, in_flight_max=3).limits == Limits(9, 0.5, 3)


def test_largest_webhook_fits_into_kafka_as_a_dead_letter() -> None:
    with pytest.raises(ValidationError, match="body_bytes_max"):
        settings(body_bytes_max=768 * 1024)  # a third more in base64, and Kafka takes 1 MB by default
