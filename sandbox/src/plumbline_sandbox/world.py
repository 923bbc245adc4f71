"""Everything one sandbox consists of; there are no globals."""

import random

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.faults import Faults
from plumbline_sandbox.journal import Journal
from plumbline_sandbox.latency import Latency
from plumbline_sandbox.limits import Limits
from plumbline_sandbox.procore.state import Procore
from plumbline_sandbox.quickbooks.state import QuickBooks


class World:
    """One sandbox: time, journal, faults, limits, and both vendors' state.

    Args:
        seed: Two worlds of one seed have the same ids, secrets and data.
    """

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        self.clock = Clock()
        self.journal = Journal(self.clock)
        self.faults = Faults(self.journal)
        self.limits = Limits()
        self.latency = Latency(random.Random(seed))
        self.procore = Procore(self.clock, self.journal, self.faults, seed)
        self.quickbooks = QuickBooks(self.clock, self.journal, self.faults, seed)

    async def aclose(self) -> None:
        """Stop delivering webhooks; what is queued stays undelivered."""
        await self.procore.deliveries.aclose()
        await self.quickbooks.webhooks.aclose()
