"""The policy of credentials, `credentials.yaml`: how old each kind may become, and when people are reminded."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from plumbline.common.connections import ConfigurationError

OLDEST_DAYS = 30
"""No long-lived credential may become older."""

FILE = "credentials.yaml"
"""Its name in the folder of the configuration."""


def _falling(days: tuple[int, ...]) -> tuple[int, ...]:
    if list(days) != sorted(set(days), reverse=True):
        raise ValueError("write the days falling, each once: [30, 14, 7, 2]")
    return days


Days = Annotated[tuple[Annotated[int, Field(ge=0)], ...], AfterValidator(_falling)]
"""Days before an end, falling."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AccessPolicy(_Section):
    """When access tokens are renewed, as shares of their life; spread between the two."""

    renew_from: float = Field(default=0.60, gt=0.0, lt=1.0)
    renew_until: float = Field(default=0.75, gt=0.0, lt=1.0)

    @model_validator(mode="after")
    def _from_before_until(self) -> "AccessPolicy":
        if self.renew_from >= self.renew_until:
            raise ValueError("`renew_from` must be less than `renew_until`")
        return self


class KindPolicy(_Section):
    """How old a credential of a kind may become that is rotated without anybody's help."""

    maximum_age_days: int = Field(default=OLDEST_DAYS, ge=1, le=OLDEST_DAYS)

    @property
    def maximum_age(self) -> timedelta:
        """The same as a duration."""
        return timedelta(days=self.maximum_age_days)


class GrantPolicy(KindPolicy):
    """Refresh grants: renewed with their access tokens, but for some of which the consent itself ends."""

    remind_before_end_days: Days = (30, 14, 7, 2)
    """How many days before the end of a grant a person is reminded to connect again."""

    @property
    def near_its_end(self) -> timedelta:
        """From when on a grant is about to expire: the first reminder."""
        return timedelta(days=max(self.remind_before_end_days, default=0))


class SuppliedPolicy(KindPolicy):
    """Credentials that no API rotates: a person is reminded, and supplies the new value."""

    remind_before_days: Days = (7, 2, 0)
    """How many days before the maximum age."""

    @model_validator(mode="after")
    def _reminds_within_the_age(self) -> "SuppliedPolicy":
        if any(days > self.maximum_age_days for days in self.remind_before_days):
            raise ValueError("a reminder must come within the maximum age: name `remind_before_days`, too")
        return self


class Policy(_Section):
    """What `credentials.yaml` says; what is left out has the default."""

    access: AccessPolicy = AccessPolicy()
    grants: GrantPolicy = GrantPolicy()
    webhooks: KindPolicy = KindPolicy()
    """Bearer values of Procore's webhooks."""
    apps: SuppliedPolicy = SuppliedPolicy()
    """Client secrets."""
    verifier_tokens: SuppliedPolicy = SuppliedPolicy()
    """Of Intuit's webhooks."""
    keys: KindPolicy = KindPolicy()
    """The key file of the embedded secret store."""


def load_policy(config_dir: Path) -> Policy:
    """Read `credentials.yaml`; where there is none, the defaults hold.

    Raises:
        ConfigurationError: needs a person; names the file, the place and what is wrong there.
    """
    path = config_dir / FILE
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Policy.model_validate({} if said is None else said)
    except FileNotFoundError:
        return Policy()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} cannot be read as YAML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ConfigurationError(f"{path} {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
