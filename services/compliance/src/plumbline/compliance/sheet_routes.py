"""The operators' route that prints a sheet: kept and told of like any other paper, by the source `made`."""

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from plumbline.common.connections import ConfigurationError, Connections
from plumbline.common.errors import NeedsHumanError, SuiteError
from plumbline.compliance.adapters.printing import (
    Order,
    SheetPrinter,
    UnknownFirmError,
    UnknownSheetError,
)
from plumbline.compliance.adapters.rendering import PressBusyError, TemplateFailedError
from plumbline.compliance.adapters.safe.papers import PaperSafe
from plumbline.compliance.bounds import BusyError, body_of
from plumbline.compliance.domain.templates.template import ChangedFormError, UnfitSheetError
from plumbline.compliance.domain.templates.waiver import UnfitWaiverError
from plumbline.compliance.ports.intake import Arrival
from plumbline.compliance.routes import STATUSES, placed, received, refusing
from plumbline.compliance.service.intake import Intake

SHEETS_AT_ONCE = 4
"""Sheets printed or waiting for the press at once; more are asked to come again."""

ORDER_BYTES_MAX = 1024 * 1024
"""The largest order; a payroll of 200 workers has a tenth of it."""


class UnfitOrderError(NeedsHumanError):
    """What is asked for is no order of a sheet."""


_STATUSES: Mapping[type[SuiteError], int] = {
    **STATUSES,
    UnfitOrderError: 422,
    UnknownSheetError: 422,
    UnknownFirmError: 422,
    UnfitSheetError: 422,
    UnfitWaiverError: 422,
    ChangedFormError: 409,
    TemplateFailedError: 409,
    ConfigurationError: 409,
    PressBusyError: 503,
}

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


class SheetAsked(BaseModel):
    """A sheet that is asked for, by whom and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    firm: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")] | None = None
    project_id: Id
    vendor_id: Id | None = None
    payable: str | None = None
    data: dict[str, Any]
    day: date
    who: Said
    why: Said


class SheetRoutes:
    """The route of sheets."""

    def __init__(
        self, *, connections: Connections, printer: SheetPrinter, intake: Intake, safe: PaperSafe
    ) -> None:
        """Print with `printer`, take what is printed in through `intake`, and write down in `safe` who asked."""
        self._connections = connections
        self._printer = printer
        self._intake = intake
        self._safe = safe
        self._places = asyncio.Semaphore(SHEETS_AT_ONCE)

    def routes(self) -> list[BaseRoute]:
        """Return the route, to be mounted at the root."""
        return [Route("/sheets/{connection}", refusing(self.print, _STATUSES), methods=["POST"])]

    async def print(self, request: Request) -> Response:
        """`POST /sheets/{connection}`: print a sheet and keep it.

        201: stored. 200: the same order was printed before. 409 `duplicate-document`: the same bytes came from
        elsewhere before.
        """
        if self._places.locked():
            raise BusyError(f"{SHEETS_AT_ONCE} sheets are being printed; ask for this one again soon.")
        async with self._places:
            asked = await _asked(request)
            config = placed(
                self._connections, request.path_params["connection"], asked.project_id, asked.payable
            )
            content = await self._printer.printed(
                Order(
                    kind=asked.kind,
                    firm=asked.firm,
                    project_id=asked.project_id,
                    day=asked.day,
                    data=asked.data,
                )
            )
            file_name = f"{asked.kind.replace('_', '-')}-{asked.day}.pdf"
            arrival = Arrival(
                connection=config.name,
                source="made",
                source_record=f"made/{asked.project_id}/{file_name}",
                file_name=file_name,
                content=content,
                company_id=config.procore.company_id,
                project_id=asked.project_id,
                vendor_id=asked.vendor_id,
                payable=asked.payable,
            )
            receipt = await self._intake.take(arrival)
            await self._safe.note(config.name, receipt.document, action="print", who=asked.who, why=asked.why)
        return received(receipt, arrival)


async def _asked(request: Request) -> SheetAsked:
    try:
        return SheetAsked.model_validate_json(await body_of(request, bytes_max=ORDER_BYTES_MAX))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UnfitOrderError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:500]) from error
