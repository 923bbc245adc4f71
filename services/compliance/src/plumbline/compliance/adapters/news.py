"""What compliance tells of documents: its messages, made of what is stored with them."""

from datetime import datetime

from plumbline.common.contracts.cloudevents import Outgoing, outgoing
from plumbline.common.contracts.documents import (
    DispatchHeld,
    DispatchTicket,
    DocumentDecided,
    DocumentReceived,
    Said,
)
from plumbline.common.contracts.topics import (
    DISPATCH_HELD,
    DOCUMENTS_DECIDED,
    DOCUMENTS_RECEIVED,
    dispatch_topic,
)
from plumbline.compliance.domain.document import clean_name
from plumbline.compliance.domain.judging import Ticket
from plumbline.compliance.ports.documents import Step
from plumbline.compliance.ports.intake import Arrival

SOURCE = "compliance"
"""Who speaks."""


def received(arrival: Arrival, document: str, now: datetime) -> Outgoing:
    """Tell that a paper was stored."""
    message = DocumentReceived(
        document=document,
        connection=arrival.connection,
        source=arrival.source,
        source_record=arrival.source_record,
        file_name=clean_name(arrival.file_name),
        company_id=arrival.company_id,
        project_id=arrival.project_id,
        vendor_id=arrival.vendor_id,
        payable=arrival.payable,
        at=now,
    )
    return outgoing(
        DOCUMENTS_RECEIVED, message.key, message, source=SOURCE, at=now, event_id=f"received/{document}"
    )


def decided(step: Step) -> Outgoing:
    """Tell what a paper is now, and what the rules say of it."""
    after = step.after
    message = DocumentDecided(
        document=after.document,
        connection=after.connection,
        version=after.version,
        kind=after.kind,
        state=after.state,
        tags=after.tags,
        decisions=tuple(
            Said(rule=one.rule, outcome=one.outcome.value, sentence=one.sentence) for one in after.decisions
        ),
        rule_set=after.rule_set,
        inputs=after.inputs,
        expires_on=after.expires_on,
        company_id=after.company_id,
        project_id=after.project_id,
        vendor_id=after.vendor_id,
        payable=after.payable,
        near_duplicate_of=after.near_duplicate_of,
        withdrawn_at=after.withdrawn_at,
        at=step.at,
    )
    return outgoing(
        DOCUMENTS_DECIDED,
        message.key,
        message,
        source=SOURCE,
        at=step.at,
        event_id=f"{after.document}/{after.version}",
        traceparent=step.traceparent,
    )


def ticket_given(step: Step, ticket: Ticket) -> Outgoing:
    """Tell a desk that a paper is there for it."""
    return _ticket(step, ticket, withdrawn=False)


def ticket_withdrawn(step: Step, ticket: Ticket) -> Outgoing:
    """Tell a desk that a paper is its no more."""
    return _ticket(step, ticket, withdrawn=True)


def held(step: Step, code: str) -> Outgoing:
    """Tell that a paper goes to no desk, and why."""
    after = step.after
    message = DispatchHeld(
        document=after.document,
        connection=after.connection,
        project_id=after.project_id,
        kind=after.kind,
        code=code,
        sentence=step.why_held,
        rule_set=after.rule_set,
        at=step.at,
    )
    return outgoing(
        DISPATCH_HELD,
        message.key,
        message,
        source=SOURCE,
        at=step.at,
        event_id=f"{after.document}/{after.version}/held",
        traceparent=step.traceparent,
    )


def _ticket(step: Step, ticket: Ticket, *, withdrawn: bool) -> Outgoing:
    after = step.after
    # A paper without a project has no region, so no route gives it a desk.
    message = DispatchTicket.model_validate(
        {
            "ticket": ticket.ticket,
            "document": after.document,
            "connection": after.connection,
            "company_id": after.company_id,
            "project_id": after.project_id,
            "kind": after.kind or "unknown",
            "region": ticket.desk.region,
            "trade": ticket.desk.trade,
            "desk": ticket.desk.desk,
            "file_name": after.file_name,
            "tags": after.tags,
            "sentence": ticket.sentence,
            "replaces": ticket.replaces,
            "withdrawn": withdrawn,
            "rule_set": ticket.rule_set,
            "at": step.at,
        }
    )
    return outgoing(
        dispatch_topic(ticket.desk.region),
        message.key,
        message,
        source=SOURCE,
        at=step.at,
        event_id=f"{ticket.ticket}/withdrawn" if withdrawn else ticket.ticket,
        traceparent=step.traceparent,
    )
