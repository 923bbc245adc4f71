"""The verdict on a race: from the provider's journal, the stored documents and what the callers got, and nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.campaigns.race.cases import Case, Queue, Trouble, Vendor

Call = Mapping[str, Any]
"""A token call in the sandbox's journal."""

GRANT_TYPES: Mapping[Vendor, str] = {
    Vendor.SERVICE_ACCOUNT: "client_credentials",
    Vendor.PERSON: "refresh_token",
    Vendor.QUICKBOOKS: "refresh_token",
}
"""How each grant is renewed."""

SLACK_S = 8.0
"""So much longer than their patience callers may have waited, on a busy machine."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is left of a race."""

    calls: Sequence[Call]
    """Token calls that the keepers made, in order."""
    grant: Mapping[str, str]
    """The grant's document."""
    access: Mapping[str, str]
    """The copy that services read."""
    reports: Sequence[Mapping[str, Any]]
    """What came of the callers of each process that lived to tell."""
    events: Sequence[Mapping[str, Any]]
    """What was told on `credentials.events.v1`."""
    refreshes: bool
    """Whether the provider still takes what is stored: the grant goes on."""
    access_holds: bool
    """Whether the provider takes the access token that is stored."""
    is_met: bool
    """Whether the trouble was met."""
    first_version: int


def judge(case: Case, evidence: Evidence) -> list[str]:
    """Return what is wrong, in sentences; nothing if all is well."""
    return [
        *_trouble(case, evidence),
        *_calls(case, evidence),
        *_stored(case, evidence),
        *_callers(case, evidence),
        *_events(case, evidence),
    ]


def calls_max(trouble: Trouble) -> int:
    """Return how many calls the provider may see: one, and one more after an answer that nobody has."""
    return 2 if trouble.loses or trouble.overtakes else 1


def is_dead(evidence: Evidence) -> bool:
    """Say whether the grant's document says that the grant is dead."""
    return "cause" in evidence.grant


def _trouble(case: Case, evidence: Evidence) -> Iterator[str]:
    if not evidence.is_met:
        yield f"nothing met the trouble: {case.trouble.name}"


def _calls(case: Case, evidence: Evidence) -> Iterator[str]:
    made = [call for call in evidence.calls if call["outcome"] != "revoked"]
    most = calls_max(case.trouble)
    if not 1 <= len(made) <= most:
        told = ", ".join(str(call["outcome"]) for call in made)
        yield f"{len(made)} token calls for one expiry, at most {most} may be: {told}"
    kinds = {call["grant_type"] for call in made} - {"revoke", GRANT_TYPES[case.vendor]}
    if kinds:
        yield f"it was renewed by {', '.join(sorted(kinds))}"
    if len(made) != len(evidence.calls) or any(c.get("grant_type") == "revoke" for c in made):
        yield "the grant was revoked at the provider"


def _stored(case: Case, evidence: Evidence) -> Iterator[str]:
    if is_dead(evidence):
        if not case.may_die:
            yield "the grant is dead, and nothing was lost"
        elif evidence.refreshes:
            yield "the grant is called dead, and the provider takes it"
        elif evidence.grant["cause"] != "answer-lost":
            yield f"the grant died of a lost answer, and its cause is said to be {evidence.grant['cause']}"
        return
    if not evidence.refreshes:
        yield "the stored grant is not the newest: the provider refuses it"
    if not evidence.access_holds:
        yield "the stored access token is not accepted"
    if int(evidence.grant["version"]) <= evidence.first_version:
        yield f"the token was not renewed: version {evidence.grant['version']}"
    if any(name.startswith("intent") for name in evidence.grant):
        yield "an intent was left open"
    if "uncertain" in evidence.grant:
        yield "the grant is called uncertain, and it was renewed"
    for name in ("access_token", "version"):
        if evidence.grant.get(name) != evidence.access.get(name):
            yield f"what is lent is not what is stored: {name}"


def _callers(case: Case, evidence: Evidence) -> Iterator[str]:
    for report in evidence.reports:
        if (without := report["without"]) and not is_dead(evidence):
            yield f"{sum(without.values())} callers got no token: {'; '.join(without)}"
        if stale := [v for v in report["got"] if int(v) <= evidence.first_version]:
            yield f"callers got version {stale[0]}, which had ended"
        if refused := [status for status in report["statuses"].values() if status != 200]:
            yield f"the provider answered {refused[0]} to a token that callers got"
        if report["longest_s"] > case.patience_s + SLACK_S:
            yield f"a caller waited {report['longest_s']:.1f} s"
        if sum(report["got"].values()) + sum(without.values()) != case.callers:
            yield "a caller came to no end"


def _events(case: Case, evidence: Evidence) -> Iterator[str]:
    if case.queue is Queue.NONE:
        return  # what was told is remembered beside the work table: without a common one, each tells of it
    told = [event["change"] for event in evidence.events if event["change"] in {"dead", "recovered"}]
    if told.count("dead") > 1:
        yield f"its death was told {told.count('dead')} times"
    if not is_dead(evidence) and told[-1:] == ["dead"]:
        yield "it was told dead, and it lives"
