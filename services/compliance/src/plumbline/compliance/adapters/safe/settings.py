"""The settings of the safe."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class SafeSettings(BaseSettings):
    """Where papers are kept, and by whose keys.

    The keys are Vault's where secrets are Vault's. The embedded stack has a key file, which production refuses as it
    refuses embedded secrets.
    """

    model_config = SettingsConfigDict(env_prefix="PLUMBLINE_")

    safe_url: str = Field(
        description="Where papers are kept: `file:///folder`, or `s3://bucket/prefix?endpoint=https://host&region=name`."
    )
    safe_access_key_file: Path | None = Field(
        default=None, description="File with the id of the S3 store's access key."
    )
    safe_secret_key_file: Path | None = Field(default=None, description="File with that key's secret.")
    safe_ca_file: Path | None = Field(
        default=None,
        description="Trust the authorities of this PEM file for the S3 store, beside the public ones.",
    )
    safe_key_file: Path | None = Field(
        default=None, description="Key file that wraps the papers' keys where secrets are embedded."
    )
