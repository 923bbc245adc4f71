"""The policy of credentials: typed, linted when it is loaded, shipped with its defaults."""

from datetime import timedelta
from pathlib import Path

import pytest

from plumbline.common.connections import ConfigurationError
from plumbline.token_vault.policy import Policy, load_policy

SHIPPED = Path(__file__).parents[3] / "config"


def test_shipped_policy_says_what_holds_without_it() -> None:
    assert load_policy(SHIPPED) == Policy()
    assert (SHIPPED / "credentials.yaml").exists()


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    policy = load_policy(tmp_path)
    assert (policy.access.renew_from, policy.access.renew_until) == (0.60, 0.75)
    assert policy.webhooks.maximum_age == timedelta(days=30)
    assert policy.grants.remind_before_end_days == (30, 14, 7, 2)


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    (tmp_path / "credentials.yaml").write_text("webhooks: {maximum_age_days: 7}\n")
    policy = load_policy(tmp_path)
    assert policy.webhooks.maximum_age_days == 7
    assert policy.apps == Policy().apps


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (
            "webhooks: {maximum_age_days: 31}",
            "webhooks.maximum_age_days: Input should be less than or equal to 30",
        ),
        ("keys: {maximum_age_days: 0}", "keys.maximum_age_days: Input should be greater than or equal to 1"),
        ("webhook: {}", "webhook: Extra inputs are not permitted"),
        ("webhooks: {max_age: 3}", "webhooks.max_age: Extra inputs are not permitted"),
        ("access: {renew_from: 0.8}", "access: Value error, `renew_from` must be less than `renew_until`"),
        ("access: {renew_until: 1.0}", "access.renew_until: Input should be less than 1"),
        (
            "grants: {remind_before_end_days: [2, 7]}",
            "grants.remind_before_end_days: Value error, write the days falling",
        ),
        ("apps: {maximum_age_days: 6}", "apps: Value error, a reminder must come within the maximum age"),
        (
            "apps: {remind_before_days: [-1]}",
            "apps.remind_before_days.0: Input should be greater than or equal to 0",
        ),
        ("- a list", "Input should be a valid dictionary"),
        ("a: [", "cannot be read as YAML"),
    ],
)
def test_mistake_is_refused_with_its_place(tmp_path: Path, said: str, complaint: str) -> None:
    (tmp_path / "credentials.yaml").write_text(said)
    with pytest.raises(ConfigurationError) as refused:
        load_policy(tmp_path)
    assert complaint in refused.value.detail
    assert "credentials.yaml" in refused.value.detail
