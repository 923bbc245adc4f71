"""The gate's edges: the rows that it works, QuickBooks' results, and operators' routes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from plumbline.common.clock import Clock
from plumbline.common.connections import Connections
from plumbline.common.contracts.ledger import LedgerResult
from plumbline.common.database import Connection, Pool
from plumbline.common.edge import Received, Record
from plumbline.common.errors import PermanentError, SuiteError
from plumbline.common.operator import answer, refusal
from plumbline.common.reconciling.loop import Handler
from plumbline.common.reconciling.marks import Mark
from plumbline.common.reconciling.store import mark, resume
from plumbline.compliance.adapters.gate.payables import QUERIES, escrow_of
from plumbline.compliance.domain.gate import bills, expiry, payable
from plumbline.compliance.domain.gate.money import InBooks, Settlement, SettlementRefusedError
from plumbline.compliance.domain.gate.overrides import OverrideRefusedError, Wish
from plumbline.compliance.domain.gate.policy import GatePolicy
from plumbline.compliance.service.billing import Billing
from plumbline.compliance.service.expiring import Expiring
from plumbline.compliance.service.gate import Gate
from plumbline.compliance.service.invoice_search import SWEEP, InvoiceSearch
from plumbline.compliance.service.payable_words import PayableWords

_STATE: TypeAdapter[payable.State] = TypeAdapter(payable.State)


def gate_work(
    search: InvoiceSearch, gate: Gate, billing: Billing, expiring: Expiring
) -> Mapping[str, Handler]:
    """Return what works the gate's rows, by how their keys begin."""
    return {
        SWEEP: search.work,
        payable.PREFIX: gate.work,
        bills.PREFIX: billing.work,
        expiry.PREFIX: expiring.work,
    }


def held_work(gate: Gate, billing: Billing, expiring: Expiring) -> Mapping[str, Handler]:
    """Return what works the gate's rows while Procore must be left alone: all that can be said without it."""
    return {
        payable.PREFIX: gate.work_held,
        bills.PREFIX: billing.work,
        expiry.PREFIX: expiring.work,
    }


async def let_go_on(database: Connection, policy: GatePolicy, *, now: datetime) -> None:
    """Resume the bills that waited for a vendor that is linked by now; safe to repeat."""
    for name, company in policy.connections.items():
        for vendor_id in company.books.vendors if company.books else ():
            event = bills.link_event(name, vendor_id)
            await resume(database, event=event, cause=f"linked {now.isoformat()}", now=now)


def recording_results(clock: Clock) -> Record[LedgerResult]:
    """Return what keeps QuickBooks' word about bills of ours, and makes their payables due; safe to repeat."""

    async def on_ledger_results(connection: Connection, batch: Sequence[Received[LedgerResult]]) -> None:
        ours = [
            one.message
            for one in batch
            if one.message.kind == "bill" and one.message.source.startswith(payable.PREFIX)
        ]
        marks = [Mark(one.source, one.connection, _cause(one)) for one in ours]
        await mark(connection, marks, now=clock.now())
        for one in ours:
            await connection.execute(
                QUERIES["show_bill"],
                one.source,
                one.version,
                one.confirmed_at,
                _shown(one).model_dump_json(),
            )

    return on_ledger_results


def _cause(result: LedgerResult) -> str:
    return f"ledger {result.version} {result.state} {result.confirmed_at.isoformat()}"


def _shown(result: LedgerResult) -> InBooks:
    return InBooks(
        version=result.version,
        # QuickBooks knows no void of a bill; a word that is new to us is no permission to pay.
        state=result.state if result.state in {"open", "paid", "deleted"} else "absent",
        total_cents=result.total_cents,
        balance_cents=result.balance_cents,
        number=result.number,
        confirmed_at=result.confirmed_at,
    )


class By(BaseModel):
    """Who does it."""

    by: str


class GateRoutes:
    """Operators' routes over payables."""

    def __init__(self, *, connections: Connections, gate: Gate, words: PayableWords, pool: Pool) -> None:
        """Serve payables of `connections` through the use cases."""
        self._connections = connections
        self._gate = gate
        self._words = words
        self._pool = pool

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            Route("/payables", self.find),
            Route("/payables/{key:path}/settlement", self.settle, methods=["POST"]),
            Route("/payables/{key:path}", self.show),
            Route("/gate/outlook", self.outlook),
            Route("/gate/overrides", self.overrides, methods=["GET"]),
            Route("/gate/overrides", self.let_pass, methods=["POST"]),
            Route("/gate/overrides/{id}/withdraw", self.withdraw, methods=["POST"]),
        ]

    async def find(self, request: Request) -> Response:
        """`GET /payables?state=&connection=`: payables as they were told last, the most money first."""
        state = request.query_params.get("state")
        try:
            wanted = None if state is None else _STATE.validate_python(state)
        except ValidationError:
            return refusal(
                422, "unknown-state", "A payable is draft, held, approved, released, paid or void."
            )
        connection = request.query_params.get("connection")
        if connection is not None and self._connections.get(connection) is None:
            return refusal(404, "unknown-connection", f"There is no connection {connection}.")
        found = await self._gate.find(connection=connection, state=wanted)
        return answer({"payables": [one.model_dump(mode="json") for one in found]})

    async def show(self, request: Request) -> Response:
        """`GET /payables/{key}`: what is owed, what it needs, what is in escrow, and its story."""
        key = request.path_params["key"]
        told = await self._gate.tell(key)
        if told is None:
            return refusal(404, "unknown-payable", f"Nothing is known of {key} here.")
        return answer({**told, "escrow": [dict(row) for row in await escrow_of(self._pool, key)]})

    async def settle(self, request: Request) -> Response:
        """`POST /payables/{key}/settlement` with the bank's reference, day and amount; safe to repeat."""
        try:
            told = Settlement.model_validate_json(await request.body())
            kept = await self._words.settle(request.path_params["key"], told)
        except ValidationError as error:
            return _unreadable("not-a-settlement", error)
        except SettlementRefusedError as error:
            return _refused(error.reason, error)
        return answer(kept.model_dump(mode="json"))

    async def outlook(self, request: Request) -> Response:
        """`GET /gate/outlook?connection=&project=&vendor=`: what the next invoice will need, before it is sent."""
        given = request.query_params
        try:
            told = await self._gate.outlook(
                given.get("connection", ""), given.get("project", ""), given.get("vendor", "")
            )
        except PermanentError as error:
            return refusal(422, error.code, error.detail)
        except SuiteError as error:
            return refusal(503, error.code, error.detail)
        return answer(told)

    async def overrides(self, request: Request) -> Response:
        """`GET /gate/overrides?connection=`: what people let pass and did not take back."""
        found = await self._words.overrides(request.query_params.get("connection"))
        return answer({"overrides": [one.model_dump(mode="json") for one in found]})

    async def let_pass(self, request: Request) -> Response:
        """`POST /gate/overrides`: let something pass, for a reason and until a day; safe to repeat."""
        try:
            given, keys = await self._words.let_pass(Wish.model_validate_json(await request.body()))
        except ValidationError as error:
            return _unreadable("not-an-override", error)
        except OverrideRefusedError as error:
            return _refused(error.reason, error)
        return answer({"override": given.model_dump(mode="json"), "payables": keys})

    async def withdraw(self, request: Request) -> Response:
        """`POST /gate/overrides/{id}/withdraw` with who does it: let it pass no more."""
        try:
            override_id = str(UUID(request.path_params["id"]))
            who = By.model_validate_json(await request.body())
            keys = await self._words.withdraw(override_id, by=who.by)
        except ValidationError as error:
            return _unreadable("not-a-withdrawal", error)
        except ValueError:
            return refusal(404, "unknown-override", "An override has an id like those that are listed.")
        except OverrideRefusedError as error:
            return _refused(error.reason, error)
        return answer({"payables": keys})


def _unreadable(code: str, error: ValidationError) -> Response:
    problems = error.errors(include_url=False, include_input=False, include_context=False)[:3]
    told = "; ".join(
        f"{'.'.join(map(str, one['loc']))}: {_said(one['msg'])}".lstrip(": ") for one in problems
    )
    return refusal(422, code, told)


def _said(message: str) -> str:
    return message.removeprefix("Value error, ")


def _refused(code: str, error: PermanentError) -> Response:
    return refusal(404 if code.startswith("unknown-") else 409, code, error.detail)
