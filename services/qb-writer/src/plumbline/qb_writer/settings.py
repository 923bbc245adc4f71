"""Settings of qb-writer."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, model_validator

from plumbline.common.settings import ServiceSettings
from plumbline.qb_writer.service import Patience


class Settings(ServiceSettings):
    """What qb-writer needs to run, beside what every service needs."""

    quickbooks_url: str = Field(description="Base address of the QuickBooks Online API.")
    call_deadline_s: float = Field(
        default=60.0, description="How long one call to QuickBooks may take in all."
    )
    settle_s: float = Field(
        default=130.0,
        description="From sending to looking an unknown outcome up: QuickBooks may work on a request for 120 s.",
    )
    send_within_s: float = Field(
        default=10.0, description="A write stored longer ago is not sent: it may have been looked up already."
    )
    lease_margin_s: float = Field(
        default=15.0, description="How much longer than one call a record is leased: for the steps around it."
    )
    reads_per_month: int = Field(
        default=500_000,
        ge=1,
        description="Metered calls (everything but writes) that an Intuit app may make in a month, over all its companies.",
    )
    gate_wait_s: float = Field(default=60.0, description="Wait after a 429 or 401 that names no time.")
    payment_look_s: float = Field(
        default=21_600.0,
        description="Between looks for the bookkeeper's payment, one metered call for each invoice that waits for one; "
        "what people did in the books tells of it sooner.",
    )
    invoice_look_s: float = Field(
        default=30.0, description="Between looks for what a record refers to, such as a payment's invoice."
    )
    books_look_s: float = Field(
        default=300.0,
        description="Between looks for what people changed, one metered call each; webhooks tell of it sooner.",
    )
    drift_every_s: float = Field(
        default=300.0, description="From the end of a comparison of a company's books to the next one."
    )
    drift_grace_s: float = Field(
        default=3600.0,
        description="Business time that a change may be under way before it is told as a difference.",
    )
    files_dir: Path | None = Field(default=None, description="Folder of the files that are attached.")
    token_cooldown_s: float = Field(
        default=60.0, description="Rest of an account whose token was refused twice in a row."
    )
    token_wait_s: float = Field(default=10.0, description="How long a call waits for a renewed token.")

    @model_validator(mode="after")
    def _settles_after_the_deadline(self) -> "Settings":
        if self.settle_s <= self.call_deadline_s:
            raise ValueError(
                "settle_s must be longer than call_deadline_s: a call must be over before it is looked up"
            )
        return self

    def patience(self) -> Patience:
        """Return how long the writer waits for what."""
        return Patience(
            settle=timedelta(seconds=self.settle_s),
            gate=timedelta(seconds=self.gate_wait_s),
            payment=timedelta(seconds=self.payment_look_s),
            invoice=timedelta(seconds=self.invoice_look_s),
        )
