"""The calls of QuickBooks Online's Accounting API v3 that Plumbline makes.

Writes take the caller's exact bytes and return a `Reply`; reads return records, or raise.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import quote

import httpx

from plumbline.common.errors import WaitError
from plumbline.common.http import NoAnswerError, NotSentError, PartnerAnswer
from plumbline.common.secrets.tokens import TokenSource
from plumbline.quickbooks.answers import THROTTLE_WAIT, Document, document_in, record_of, reply_to
from plumbline.quickbooks.errors import QuickBooksFaultError, QuickBooksUnavailableError
from plumbline.quickbooks.models import CompanyInfo, Customer, Invoice, Payment, Preferences
from plumbline.quickbooks.record import Record
from plumbline.quickbooks.replies import NotSent, RefusedAtGate, Reply, Unknown
from plumbline.quickbooks.transport import Transport, Turn

R = TypeVar("R", bound=Record)

_NO_PARAMS: Mapping[str, str] = MappingProxyType({})


def quoted(value: str) -> str:
    r"""Return a value as a literal of the query language: quotes are escaped as `\'`, never doubled."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


class QuickBooksClient:
    """Reads and writes one company (realm); safe to use from many tasks.

    Reads raise, and so can be retried as they are:
        NoLiveTokenError: wait; there is no token, or two in a row were refused.
        QuickBooksThrottledError: wait; holds the connection.
        QuickBooksUnavailableError: transient; no usable answer.
        QuickBooksForbiddenError: needs a person.
        QuickBooksFaultError: permanent; carries the fault.
        QuickBooksUnreadableError: permanent; the answer has another shape than documented.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        tokens: TokenSource,
        *,
        realm_id: str,
        deadline_s: float,
        turn: Turn,
        throttle_wait: timedelta = THROTTLE_WAIT,
    ) -> None:
        """Speak for one realm.

        Args:
            http: a `partner_client` whose base URL is QuickBooks' API host; the caller closes it.
            tokens: access tokens of the realm's grant.
            realm_id: the company.
            deadline_s: absolute limit of one call, in seconds, from its first byte sent.
            turn: waits for the realm's turn before a request is repeated with a newer token; the caller
                itself waits for the turn of each call.
            throttle_wait: how long to leave the realm alone after a 429 that names no time.
        """
        self._realm_id = realm_id
        self._throttle_wait = throttle_wait
        self._transport = Transport(http, tokens, realm_id=realm_id, deadline_s=deadline_s, turn=turn)

    async def post(
        self, entity: str, body: bytes, *, request_id: str, params: Mapping[str, str] = _NO_PARAMS
    ) -> Reply:
        """Write, sending exactly these bytes; never raises for what QuickBooks or the network does.

        The same bytes under the same request id have one effect: QuickBooks repeats its first answer
        (Intuit, Basic field definitions). How long it remembers an id is not documented.
        A 401 is answered by a newer token and one more sending, within the same deadline.

        Args:
            entity: the path's last part, in lower case: `invoice`, `payment`.
            body: JSON, in UTF-8.
            request_id: at most 50 characters, unique in the realm over all operations.
            params: such as `{"operation": "void"}`, or `{"operation": "update", "include": "void"}` for
                a payment.
        """
        return await self._write(entity, f"/{entity}", body, {**params, "requestid": request_id})

    async def send_invoice(self, invoice_id: str, send_to: str | None, *, request_id: str) -> Reply:
        """Have QuickBooks mail an invoice, to its own address or another; never raises, like `post`.

        Not known to honour request ids: sending again may mail again. Read the invoice's `email_status`
        before, and after an unknown outcome.
        """
        params = {"requestid": request_id} | ({"sendTo": send_to} if send_to else {})
        path = f"/invoice/{quote(invoice_id, safe='')}/send"
        return await self._write("invoice", path, b"", params, content_type="application/octet-stream")

    async def invoice(self, invoice_id: str) -> Invoice | None:
        """Return an invoice; None if it was deleted or never existed."""
        return await self._by_id(Invoice, "invoice", invoice_id)

    async def payment(self, payment_id: str) -> Payment | None:
        """Return a payment; None if it was deleted or never existed."""
        return await self._by_id(Payment, "payment", payment_id)

    async def customer(self, customer_id: str) -> Customer | None:
        """Return a customer, active or not; None if there is none."""
        return await self._by_id(Customer, "customer", customer_id)

    async def invoice_by_number(self, number: str) -> list[Invoice]:
        """Return the invoices with this number, whatever the case of its letters, as QuickBooks compares.

        More than one where the company does not check for duplicates. A query may lag behind a write.
        """
        statement = f"select * from Invoice where DocNumber = {quoted(number)}"  # noqa: S608 - not SQL, and quoted
        rows = await self.query(statement)
        found = [record_of(Invoice, row) for row in rows]
        return [invoice for invoice in found if (invoice.doc_number or "").lower() == number.lower()]

    async def query(self, statement: str) -> list[Document]:
        """Return the rows of one query, at most 1,000 of them; values in it must be `quoted`.

        Without MAXRESULTS QuickBooks gives 100 rows. Names that are inactive are left out.
        """
        answer = await self._read("/query", {"query": statement})
        held = self._document("queryresponse", answer).values()
        return next((rows for rows in held if isinstance(rows, list)), [])

    async def company_info(self) -> CompanyInfo:
        """Return what QuickBooks knows of the company."""
        answer = await self._read(f"/companyinfo/{self._realm_id}")
        return record_of(CompanyInfo, self._document("companyinfo", answer))

    async def preferences(self) -> Preferences:
        """Return the company's preferences."""
        return record_of(Preferences, self._document("preferences", await self._read("/preferences")))

    async def _write(
        self,
        entity: str,
        path: str,
        body: bytes,
        params: Mapping[str, str],
        *,
        content_type: str = "application/json",
    ) -> Reply:
        try:
            answer = await self._transport.send(
                "POST", path, params=params, body=body, content_type=content_type
            )
        except NotSentError as error:
            return NotSent(error.detail)
        except NoAnswerError as error:
            return Unknown(error.detail)
        except WaitError as error:
            return RefusedAtGate("token", error.retry_after)
        return reply_to(entity, answer, throttle_wait=self._throttle_wait)

    async def _by_id(self, model: type[R], entity: str, object_id: str) -> R | None:
        answer = await self._read(f"/{entity}/{quote(object_id, safe='')}")
        try:
            return record_of(model, self._document(entity, answer))
        except QuickBooksFaultError as error:
            if error.fault.code == 610:
                return None
            raise

    def _document(self, entity: str, answer: PartnerAnswer) -> Document:
        return document_in(entity, answer, throttle_wait=self._throttle_wait)

    async def _read(self, path: str, params: Mapping[str, str] = _NO_PARAMS) -> PartnerAnswer:
        try:
            return await self._transport.send("GET", path, params=params)
        except (NotSentError, NoAnswerError) as error:
            raise QuickBooksUnavailableError(error.detail) from error
