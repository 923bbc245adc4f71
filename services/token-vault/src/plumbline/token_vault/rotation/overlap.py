"""How one value of a webhook secret follows another without a true webhook being refused: pure rules.

```
current ──begin──▶ current, next ──promote──▶ current, previous ──settle──▶ current, previous (until) ──drop──▶ current
```
`next` is accepted before anybody shows it, `previous` after nobody does. What is between two steps survives every
death, for each is one write of the document; whoever looks at it finds the next one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import SecretStr

from plumbline.common.secrets.webhooks import WebhookSecret


@dataclass(frozen=True, slots=True)
class Terms:
    """How patient a rotation is."""

    heard_within: timedelta
    """A replica that was not heard of for so long has ended."""
    overlap: timedelta
    """How long the former value is accepted once nobody should show it any more."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one replica of ingest has reported last: up to which version it accepts, and why no newer one."""

    version: int
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known beside the document."""

    now: datetime
    rotate: bool
    """Whether the present value is to be replaced: by age, or because a person asked."""
    replicas: Mapping[str, Heard]
    """The replicas that were heard of within the terms."""
    hooks: Mapping[str, int]
    """By webhook, which version it shows; 0 where that was never reported. Empty where nobody shows the value."""
    signed: int = 0
    """The newest version by which a notification was signed."""


@dataclass(frozen=True, slots=True)
class Begin:
    """A value has to be made, and stored as `next`."""


@dataclass(frozen=True, slots=True)
class Store:
    """The document has to become this one."""

    secret: WebhookSecret


@dataclass(frozen=True, slots=True)
class Hold:
    """The rotation cannot go on, and this sentence says what holds it up."""

    why: str


@dataclass(frozen=True, slots=True)
class Rest:
    """There is nothing to do; None until the present value is old."""

    until: datetime | None = None


Step = Begin | Store | Hold | Rest


def step_of_bearer(secret: WebhookSecret, situation: Situation, terms: Terms) -> Step:
    """Return what is next for the value that Procore's webhooks show."""
    if secret.since is None:
        return Store(replace(secret, since=situation.now))
    if secret.next is not None:
        return _accepted_everywhere(secret, situation, terms) or Store(promoted(secret))
    if secret.previous is not None:
        return _shown_everywhere(secret, situation) or _overlapping(secret, situation, terms)
    return Begin() if situation.rotate else Rest()


def step_of_signature(secret: WebhookSecret, situation: Situation, terms: Terms) -> Step:
    """Return what is next for the token that Intuit signs by: no API changes it, so `next` is what a person gave."""
    if secret.since is None:
        return Store(_dated(secret, situation.now))
    if secret.next is not None:
        if situation.signed < secret.newest:
            return Hold(
                "No notification signed by the new token has come yet. Let it sign in Intuit's developer portal, and "
                "send a test event from there."
            )
        return Store(promoted(secret))
    if secret.previous is not None:
        return _overlapping(secret, situation, terms)
    return Rest()


def begun(secret: WebhookSecret, value: SecretStr, *, now: datetime) -> WebhookSecret:
    """Return the document in which a value is accepted that nobody shows yet."""
    return replace(secret, next=value, next_since=now)


def promoted(secret: WebhookSecret) -> WebhookSecret:
    """Return the document in which the next value is the present one, and the present one the former."""
    assert secret.next is not None
    return replace(
        secret,
        current=secret.next,
        number=secret.number + 1,
        since=secret.next_since,
        next=None,
        next_since=None,
        previous=secret.current,
        previous_until=None,
    )


def _accepted_everywhere(secret: WebhookSecret, situation: Situation, terms: Terms) -> Hold | None:
    assert secret.next_since is not None
    if situation.now < secret.next_since + terms.heard_within:
        return Hold(f"Every replica of ingest is given {_words(terms.heard_within)} to report.")
    if not situation.replicas:
        return Hold(f"No replica of ingest was heard of for {_words(terms.heard_within)}.")
    lagging = [
        f"{name} ({heard.trouble})" if heard.trouble else name
        for name, heard in sorted(situation.replicas.items())
        if heard.version < secret.newest
    ]
    return Hold(f"The new value is not accepted yet by {', '.join(lagging)}.") if lagging else None


def _shown_everywhere(secret: WebhookSecret, situation: Situation) -> Hold | None:
    lagging = sorted(name for name, version in situation.hooks.items() if version < secret.number)
    if not lagging:
        return None
    return Hold(f"The former value is shown still by {', '.join(lagging)}: ingest-hooks has to get there.")


def _overlapping(secret: WebhookSecret, situation: Situation, terms: Terms) -> Step:
    until = secret.previous_until
    if until is None:
        return Store(replace(secret, previous_until=situation.now + terms.overlap))
    if situation.now < until:
        return Rest(until)
    return Store(replace(secret, previous=None, previous_until=None))


def _dated(secret: WebhookSecret, now: datetime) -> WebhookSecret:
    if secret.previous is None or secret.next is not None:
        return replace(secret, since=now)
    # From before ages were kept: the newer of two is not known to sign yet, so it is the next one.
    return replace(
        secret, current=secret.previous, since=now, next=secret.current, next_since=now, previous=None
    )


def _words(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:g} min"
