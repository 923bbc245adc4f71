"""What comes of a rule: an outcome, and a sentence that a project accountant understands."""

from enum import StrEnum

from plumbline.compliance.domain.reading import Fact


class Outcome(StrEnum):
    """What a decision asks for."""

    IN_ORDER = "pass"
    WARN = "warn"
    """Goes on, and is told."""
    REVIEW = "review"
    """A person looks before it goes on."""
    HOLD = "hold"
    """Waits for something that can still come."""
    REJECT = "reject"
    """This paper will not do; another must be sent."""

    @property
    def blocks(self) -> bool:
        """Say whether the document goes nowhere with it."""
        return self in {Outcome.REVIEW, Outcome.HOLD, Outcome.REJECT}


class Desk(Fact):
    """Where a document belongs."""

    region: str
    """A country and state: `us-tx`."""
    trade: str
    desk: str

    @property
    def topic(self) -> str:
        """Return the topic on which the desks of a region listen."""
        return f"dispatch.{self.region}.v1"


class Decision(Fact):
    """What one rule says of one document; the same facts and rules give the same bytes."""

    rule: str
    outcome: Outcome
    sentence: str
    rule_set: str
    """The hash of the rule set."""
    inputs: str
    """The digest of the facts."""
    desk: Desk | None = None
    """Where a rule of a dispatch group sends the document."""
    held: str = ""
    """The stable code of why such a rule keeps it."""
