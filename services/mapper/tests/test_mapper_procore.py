"""How the mapper asks Procore: what it remembers, and what an invisible record is."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr

from plumbline.common.secrets.tokens import LiveToken
from plumbline.mapper.adapters.procore import ProcoreDirectory, ProcoreInvoices
from plumbline.procore import ProcoreClient, ProcoreUnavailableError

PROJECT = {"id": 1001, "name": "Depot Lofts"}
CONTRACT = {"id": 2001, "status": "Approved"}


class Tokens:
    """A token that is never refused."""

    async def live_token(self) -> LiveToken:
        return LiveToken(SecretStr("access"), 1, datetime.now(UTC) + timedelta(hours=1))

    async def replace(self, refused: LiveToken, *, was_good: bool = False) -> LiveToken:
        raise AssertionError("nothing was refused")


class Procore:
    """Answers every path from a table, and counts."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.status = 200
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer), base_url="http://procore.test")
        self.clients = {"texas": ProcoreClient(http, Tokens(), company_id=4001, deadline_s=5.0)}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(request.url.path)
        body = PROJECT if "/projects/" in request.url.path else CONTRACT
        return httpx.Response(self.status, json=body if self.status == 200 else {"errors": "no"})


async def test_projects_and_contracts_are_asked_for_once_while_they_are_remembered() -> None:
    procore = Procore()
    directory = ProcoreDirectory(procore.clients, remembered_s=60.0)

    names = {(await directory.project("texas", 1001)).name for _ in range(3)}
    contracts = {(await directory.prime_contract("texas", 1001, 2001)).id for _ in range(3)}

    assert (names, contracts) == ({"Depot Lofts"}, {2001})
    assert procore.paths == ["/rest/v1.0/projects/1001", "/rest/v1.0/prime_contract/2001"]


async def test_what_is_forgotten_is_asked_for_again() -> None:
    procore = Procore()
    directory = ProcoreDirectory(procore.clients, remembered_s=0.0)

    for _ in range(2):
        await directory.project("texas", 1001)

    assert len(procore.paths) == 2


async def test_an_error_is_not_remembered() -> None:
    procore = Procore()
    directory = ProcoreDirectory(procore.clients, remembered_s=60.0)
    procore.status = 500
    with pytest.raises(ProcoreUnavailableError):
        await directory.project("texas", 1001)
    procore.status = 200

    assert (await directory.project("texas", 1001)).id == 1001


async def test_a_record_that_procore_does_not_show_is_none() -> None:
    procore = Procore()
    procore.status = 404
    invoices = ProcoreInvoices(procore.clients)

    assert await invoices.payment_application("texas", 1001, 7001) is None
    assert await invoices.contract_payment("texas", 1001, 501) is None


async def test_an_outage_is_not_taken_for_an_invisible_record() -> None:
    procore = Procore()
    procore.status = 503

    with pytest.raises(ProcoreUnavailableError):
        await ProcoreInvoices(procore.clients).payment_application("texas", 1001, 7001)
