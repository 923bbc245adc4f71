"""What the bank and people say of payables: money that arrived, and what is let pass."""

from collections.abc import Sequence
from datetime import date

from plumbline.common.clock import Clock
from plumbline.common.connections import Connections
from plumbline.compliance.domain.gate.money import Settlement, SettlementRefusedError, taken
from plumbline.compliance.domain.gate.overrides import Override, OverrideRefusedError, Wish, granted
from plumbline.compliance.domain.gate.policy import GatePolicy
from plumbline.compliance.ports.gate import Money, PayableBook


class PayableWords:
    """Takes what the bank and people say, or refuses it with a reason."""

    def __init__(
        self, *, connections: Connections, policy: GatePolicy, book: PayableBook, money: Money, clock: Clock
    ) -> None:
        """Take words about the payables of these connections."""
        self._connections = connections
        self._policy = policy
        self._book = book
        self._money = money
        self._clock = clock

    async def settle(self, payable: str, told: Settlement) -> Settlement:
        """Keep the bank's word that a payable's money has arrived; the same word again changes nothing.

        Raises:
            SettlementRefusedError: it does not fit what is owed; nothing was kept.
        """
        known = await self._book.known(payable)
        if known is None:
            raise SettlementRefusedError("unknown-payable", f"nothing is known of {payable} here")
        billed = known.billed
        before = (
            await self._book.around(connection=billed.connection, vendor_id=billed.vendor_id, payable=payable)
        ).settlement
        is_void, today = known.said.state == "void", self._today(billed.connection)
        wanted = taken(told, billed, before, is_void=is_void, today=today)
        kept = await self._money.settle(billed.connection, payable, wanted)
        # Another word may have been kept at the same moment: then that one counts, and this one is refused.
        return taken(wanted, billed, kept, is_void=is_void, today=today)

    async def let_pass(self, wish: Wish) -> tuple[Override, Sequence[str]]:
        """Keep an override; return it with the payables that are judged anew because of it.

        Raises:
            OverrideRefusedError: it lacks a reason or an end, or concerns nothing; nothing was kept.
        """
        connection = wish.connection
        if wish.payable is not None:
            known = await self._book.known(wish.payable)
            if known is None:
                raise OverrideRefusedError("unknown-payable", f"nothing is known of {wish.payable} here")
            connection = known.billed.connection
        if connection is None or self._connections.get(connection) is None:
            raise OverrideRefusedError("unknown-connection", f"there is no connection {connection}")
        days_max = self._policy.override_days_max
        given = granted(wish, connection=connection, today=self._today(connection), days_max=days_max)
        return given, await self._money.let_pass(given)

    async def withdraw(self, override_id: str, *, by: str) -> Sequence[str]:
        """End an override now; return the payables that are judged anew because of it.

        Raises:
            OverrideRefusedError: there is no such override, or nobody answers for its end.
        """
        if not by.strip():
            raise OverrideRefusedError("override-needs-a-person", "say who takes it back")
        keys = await self._money.withdraw(override_id, by=by.strip())
        if keys is None:
            raise OverrideRefusedError("unknown-override", f"no override {override_id} is in force")
        return keys

    async def overrides(self, connection: str | None) -> Sequence[Override]:
        """Return the overrides that were not taken back."""
        return await self._money.overrides(connection)

    def _today(self, connection: str) -> date:
        config = self._connections.get(connection)
        assert config is not None
        return self._clock.now().astimezone(config.hours.zone).date()
