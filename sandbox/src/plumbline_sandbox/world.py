"""Everything one sandbox consists of; there are no globals."""

import random
from collections.abc import Mapping

from plumbline_sandbox.awslambda.state import Lambda
from plumbline_sandbox.clock import Clock
from plumbline_sandbox.commandlog import CommandLog
from plumbline_sandbox.faults import Faults
from plumbline_sandbox.jira.state import Jira
from plumbline_sandbox.journal import Journal
from plumbline_sandbox.latency import Latency
from plumbline_sandbox.limits import Limits
from plumbline_sandbox.payments.state import Payments
from plumbline_sandbox.payments.webhooks import PaymentWebhooks
from plumbline_sandbox.procore.state import Procore
from plumbline_sandbox.quickbooks.state import QuickBooks
from plumbline_sandbox.slack.pressing import Pressing
from plumbline_sandbox.slack.state import Slack
from plumbline_sandbox.storage.state import Storage


class World:
    """One sandbox: time, journal, faults, limits, and every vendor's state.

    Args:
        seed: Two worlds of one seed have the same ids, secrets and data.
        journal: Where everything is written, with the clock it goes by; None: an empty one.
    """

    def __init__(self, seed: int = 1, journal: Journal | None = None) -> None:
        self.seed = seed
        self.journal = journal or Journal(Clock())
        self.clock = self.journal.clock
        self.faults = Faults(self.journal)
        self.limits = Limits(self.journal)
        self.latency = Latency(random.Random(seed), self.journal)
        self.storage = Storage(self.clock, random.Random(f"storage {seed}").randbytes(32))
        self.procore = Procore(self.clock, self.journal, self.faults, self.storage, seed)
        self.quickbooks = QuickBooks(self.clock, self.journal, self.faults, seed)
        # Seeds of their own: no secret of one vendor is part of another's.
        self.slack = Slack(self.clock, self.journal, random.Random(f"slack {seed}"))
        self.pressing = Pressing(self.slack, self.journal)
        self.jira = Jira(self.clock, self.journal, self.faults, random.Random(f"jira {seed}"))
        self.payments = Payments(self.clock, self.journal, random.Random(f"payments {seed}"))
        self.payment_webhooks = PaymentWebhooks(self.payments, self.clock, self.journal, self.faults)
        self.awslambda = Lambda(self.clock, self.journal, random.Random(f"lambda {seed}"))
        self.ports: Mapping[str, int] = {}
        """Where each application listens; nowhere in a laboratory."""
        self.log: CommandLog | None = None
        """Where requests are written down so that they outlive the process; None: nowhere."""

    async def aclose(self) -> None:
        """Stop delivering webhooks; what is queued stays undelivered."""
        await self.procore.deliveries.aclose()
        await self.quickbooks.webhooks.aclose()
        await self.payment_webhooks.aclose()
        await self.pressing.aclose()
        self.awslambda.close()
