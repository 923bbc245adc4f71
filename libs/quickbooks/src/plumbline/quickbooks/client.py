"""The calls of QuickBooks Online's Accounting API v3 that Plumbline makes.

Writes take the caller's exact bytes and return a `Reply`; reads return records, or raise.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import quote

import httpx

from plumbline.common.errors import WaitError
from plumbline.common.http import AnswerTooLargeError, NoAnswerError, NotSentError, PartnerAnswer
from plumbline.common.secrets.tokens import TokenSource
from plumbline.quickbooks.answers import THROTTLE_WAIT, Document, document_in, record_of, reply_to, said_in
from plumbline.quickbooks.changes import Changes, Rows, changes_in, count_in, rows_in
from plumbline.quickbooks.errors import (
    QuickBooksFaultError,
    QuickBooksTooMuchError,
    QuickBooksUnavailableError,
)
from plumbline.quickbooks.faults import OBJECT_NOT_FOUND
from plumbline.quickbooks.models import CompanyInfo, Preferences
from plumbline.quickbooks.record import Record
from plumbline.quickbooks.replies import NotSent, RefusedAtGate, Reply, Unknown
from plumbline.quickbooks.transport import Transport, Turn
from plumbline.quickbooks.uploads import of_one_file, upload_form

R = TypeVar("R", bound=Record)

ROWS_MAX = 1000
"""Most rows that a query gives (Intuit, Data queries); it gives 100 if it is not asked for more."""

CHANGED = "MetaData.LastUpdatedTime"
"""The property by which rows are read page by page; ids cannot be sorted by any more."""

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
        QuickBooksTooMuchError: one of these; the answer is longer than we read.
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

    async def send(self, entity: str, entity_id: str, send_to: str | None, *, request_id: str) -> Reply:
        """Have QuickBooks mail an invoice or credit memo, to its own address or another; never raises, like `post`.

        Not known to honour request ids: sending again may mail again. Read the document's `email_status`
        before, and after an unknown outcome; a refused token leaves it unknown too.
        """
        params = {"requestid": request_id} | ({"sendTo": send_to} if send_to else {})
        path = f"/{entity}/{quote(entity_id, safe='')}/send"
        return await self._write(
            entity, path, b"", params, content_type="application/octet-stream", may_repeat=False
        )

    async def upload(self, metadata: bytes, content: bytes, *, request_id: str) -> Reply:
        """Upload one file with its Attachable; never raises, like `post`.

        Not known to honour request ids: look among the attachments of its document before uploading again. A
        refused token leaves the outcome unknown.

        Args:
            metadata: the Attachable in JSON; it names the file and its type.
            content: the file.
            request_id: see `post`.
        """
        content_type, body = upload_form(metadata, content)
        params = {"requestid": request_id}
        return await self._write(
            "attachable", "/upload", body, params, content_type=content_type, may_repeat=False
        )

    async def read(self, model: type[R], entity_id: str) -> R | None:
        """Return an object by its id; None if it was deleted or never existed."""
        document = await self.document(model.__name__.lower(), entity_id)
        return None if document is None else record_of(model, document)

    async def document(self, entity: str, entity_id: str) -> Document | None:
        """Return an object by its id with every field, known to us or not; None if there is none.

        An update that is not sparse clears what it leaves out, so it needs them all.
        """
        answer = await self._read(f"/{entity}/{quote(entity_id, safe='')}")
        try:
            return self._document(entity, answer)
        except QuickBooksFaultError as error:
            if error.fault.code == OBJECT_NOT_FOUND:
                return None
            raise

    async def documents(self, entity: str, where: Mapping[str, str]) -> list[Document]:
        """Return the objects whose properties have these values, whatever the case of letters, as QuickBooks compares.

        A query may lag behind a write: a fresh create may be missing, a fresh change may not show.

        Args:
            entity: such as `Invoice`.
            where: values by property, all of which must hold. Of transactions `DocNumber`, `CustomerRef`,
                `VendorRef` and `TxnDate` can be asked for; notes and links cannot (Intuit, Invoice reference).
        """
        conditions = " and ".join(f"{name} = {quoted(value)}" for name, value in where.items())
        statement = _selecting("*", entity, f"where {conditions} maxresults {ROWS_MAX}")
        return [row for row in await self.query(statement) if _agrees(row, where)]

    async def query(self, statement: str) -> list[Document]:
        """Return the rows of one query, at most 1,000 of them; values in it must be `quoted`.

        Without MAXRESULTS QuickBooks gives 100 rows. Names that are inactive are left out.
        """
        answer = await self._read("/query", {"query": statement})
        held = self._document("queryresponse", answer).values()
        return next((rows for rows in held if isinstance(rows, list)), [])

    async def changes(self, entities: Sequence[str], since: datetime) -> Changes:
        """Return what changed at a moment or later, what was deleted too; changes made just now may be missing.

        Args:
            entities: such as `Invoice`.
            since: at most `LOOK_BACK` ago.
        """
        asked = {"entities": ",".join(entities), "changedSince": since.isoformat()}
        return changes_in(self._said(await self._read("/cdc", asked)), entities)

    async def changed_after(self, entity: str, after: datetime | None, *, rows: int = ROWS_MAX) -> Rows:
        """Return so many of the objects that were changed last after a moment, the longest unchanged first.

        There is no snapshot: what changes between two calls moves to the end. None: from the beginning.
        """
        where = "" if after is None else f"where {CHANGED} > {quoted(after.isoformat())} "
        page = f"{where}orderby {CHANGED} maxresults {rows}"
        return rows_in(await self._ask(_selecting("*", entity, page)), entity)

    async def changed_at(self, entity: str, moment: datetime, *, start: int, rows: int = ROWS_MAX) -> Rows:
        """Return so many of the objects that were changed last at just this moment, from the given place on."""
        page = f"where {CHANGED} = {quoted(moment.isoformat())} startposition {start} maxresults {rows}"
        return rows_in(await self._ask(_selecting("*", entity, page)), entity)

    async def count_changed_at(self, entity: str, moment: datetime) -> int:
        """Return how many objects were changed last at just this moment."""
        where = f"where {CHANGED} = {quoted(moment.isoformat())}"
        return count_in(await self._ask(_selecting("count(*)", entity, where)))

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
        may_repeat: bool = True,
    ) -> Reply:
        try:
            answer = await self._transport.send(
                "POST", path, params=params, body=body, content_type=content_type, may_repeat=may_repeat
            )
        except NotSentError as error:
            return NotSent(error.detail)
        except NoAnswerError as error:
            return Unknown(error.detail)
        except WaitError as error:
            return RefusedAtGate("token", error.retry_after)
        return reply_to(entity, of_one_file(answer), throttle_wait=self._throttle_wait)

    def _document(self, entity: str, answer: PartnerAnswer) -> Document:
        return document_in(entity, answer, throttle_wait=self._throttle_wait)

    def _said(self, answer: PartnerAnswer) -> Document:
        return said_in(answer, throttle_wait=self._throttle_wait)

    async def _ask(self, statement: str) -> Document:
        return self._said(await self._read("/query", {"query": statement}))

    async def _read(self, path: str, params: Mapping[str, str] = _NO_PARAMS) -> PartnerAnswer:
        try:
            return await self._transport.send("GET", path, params=params)
        except AnswerTooLargeError as error:
            raise QuickBooksTooMuchError(error.detail) from error
        except (NotSentError, NoAnswerError) as error:
            raise QuickBooksUnavailableError(error.detail) from error


def _selecting(what: str, entity: str, clauses: str) -> str:
    """Return a statement of the query language; values in it are `quoted`."""
    return f"select {what} from {entity} {clauses}"  # noqa: S608 - not SQL


def _agrees(row: Document, where: Mapping[str, str]) -> bool:
    """Compare again what stands as a text in the row; references and lists are taken at QuickBooks' word."""
    said = ((row.get(name), value) for name, value in where.items())
    return all(text.lower() == value.lower() for text, value in said if isinstance(text, str))
