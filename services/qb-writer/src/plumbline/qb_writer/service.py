"""The writer: makes one record of the books true, with one effect however often it is tried."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from plumbline.common.clock import Clock
from plumbline.common.connections import Policies
from plumbline.common.contracts.ledger import DesiredInvoice, DesiredPayment
from plumbline.common.errors import PermanentError
from plumbline.common.http import NotSentError, PartnerTime, partner_time
from plumbline.common.reconciling.loop import Claim
from plumbline.common.reconciling.verdicts import Done, Park, Verdict, Wait
from plumbline.qb_writer.domain.identity import number_candidates
from plumbline.qb_writer.domain.plan import (
    AskPerson,
    AwaitInvoice,
    AwaitPayment,
    Look,
    Nothing,
    Open,
    Step,
    plan_invoice,
    plan_payment,
)
from plumbline.qb_writer.domain.records import Observed, Operation, Record, Write
from plumbline.qb_writer.domain.writes import (
    after_invoice_write,
    after_payment_write,
    compose_invoice_write,
    compose_payment_write,
    confirmed,
    content_of,
    is_ours,
    observing_invoice,
    proves,
    rejected,
)
from plumbline.qb_writer.ports import Announcer, Books, Records
from plumbline.quickbooks.faults import Fault, Reaction
from plumbline.quickbooks.models import Invoice, Payment
from plumbline.quickbooks.replies import Confirmed, NotSent, RefusedAtGate, Rejected, Unknown
