"""The client's calls: what goes over the wire, and what each answer becomes."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
import structlog

from plumbline.common.errors import WaitError
from plumbline.common.http import partner_client
from plumbline.common.secrets.tokens import NoLiveTokenError
from plumbline.common.testing.far_side import Heard, Play, Tokens, answering, far_side
from plumbline.quickbooks.client import QuickBooksClient, quoted
from plumbline.quickbooks.errors import (
    QuickBooksFaultError,
    QuickBooksForbiddenError,
    QuickBooksThrottledError,
    QuickBooksUnavailableError,
    QuickBooksUnreadableError,
)
from plumbline.quickbooks.models import Invoice
from plumbline.quickbooks.replies import Confirmed, NotSent, RefusedAtGate, Rejected, Reply, Unknown

INVOICE: dict[str, Any] = {
    "Id": "145",
    "SyncToken": "0",
    "DocNumber": "TX01-1",
    "TotalAmt": 1234.50,
    "Balance": 1234.50,
    "CustomerRef": {"value": "1"},
    "Line": [],
}
WHOLE = answering(200, json.dumps({"Invoice": INVOICE, "time": "t"}).encode())
BYTES = b'{"DocNumber":"TX01-1","Amount":10.10}'


def fault(status: int, code: int, detail: str = "") -> Play:
    error = {"Message": "m", "Detail": detail, "code": str(code), "element": ""}
    body = {"Fault": {"Error": [error], "type": "ValidationFault"}}
    return answering(status, json.dumps(body).encode(), content_type="application/json")


class Turns:
    """Counts turns; raises what it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.taken = 0
        self._error = error

    async def __call__(self) -> None:
        self.taken += 1
        if self._error is not None:
            raise self._error


async def played(
    *plays: Play,
    call: Callable[[QuickBooksClient], Any],
    tokens: Tokens | None = None,
    turn: Turns | None = None,
    deadline_s: float = 10.0,
    **options: Any,
) -> tuple[Any, list[Heard]]:
    async with far_side(*plays) as (url, heard), partner_client(url) as http:
        client = QuickBooksClient(
            http, tokens or Tokens(), realm_id="77", deadline_s=deadline_s, turn=turn or Turns(), **options
        )
        return await call(client), heard


async def written(*plays: Play, **options: Any) -> tuple[Reply, list[Heard]]:
    reply, heard = await played(*plays, call=lambda c: c.post("invoice", BYTES, request_id="r-1"), **options)
    return reply, heard


async def test_write_sends_its_bytes_as_they_are_under_its_request_id() -> None:
    # Intuit, Basic field definitions: requestid is a query parameter; Minor versions: 75 is the lowest.
    reply, heard = await written(WHOLE)
    assert isinstance(reply, Confirmed)
    (request,) = heard
    sent = httpx.URL(request.target)
    assert (request.method, sent.path, request.body) == ("POST", "/v3/company/77/invoice", BYTES)
    assert dict(sent.params) == {"requestid": "r-1", "minorversion": "75"}
    assert request.headers["authorization"] == "Bearer access-1"


async def test_amounts_are_decimal_to_the_digit() -> None:
    body = b'{"Invoice": {"Id": "1", "TotalAmt": 0.1000000000000000055511151231257827}}'
    reply, _ = await written(answering(200, body))
    assert isinstance(reply, Confirmed)
    assert reply.document["TotalAmt"] == Decimal("0.1000000000000000055511151231257827")


@pytest.mark.parametrize(
    ("play", "kind"),
    [
        (fault(400, 6140), Rejected),
        (fault(200, 2020), Rejected),  # a fault may come with a 200 (batch items, captures)
        (fault(500, 6140), Rejected),  # a code that we know is believed
        (fault(500, 6999), Unknown),
        (fault(400, 10000), Unknown),
        (answering(500), Unknown),
        (answering(503, b"<html>Service Unavailable</html>"), Unknown),
        (answering(200, b'{"Invoice": {"Id": "145"'), Unknown),
        (answering(200, b'{"Invoice": {}}'), Unknown),
        (answering(200, b'{"Invoice": {"Id": null}}'), Unknown),
        (answering(200, b'{"Invoice": {"Id": "1", "TotalAmt": NaN}}'), Unknown),
        (answering(200, b"[" * 100_000), Unknown),
        (answering(302, b"", location="https://elsewhere.example"), Unknown),
        (fault(403, 3100), RefusedAtGate),
        (answering(429), RefusedAtGate),
    ],
)
async def test_only_a_final_word_of_the_service_ends_a_write(play: Play, kind: type[Reply]) -> None:
    reply, heard = await written(play)
    assert isinstance(reply, kind)
    assert len(heard) == 1  # nothing is sent again behind the caller's back


@pytest.mark.parametrize(
    ("retry_after", "waits"),
    [(None, 5.0), ("7", 7.0), ("soon", 5.0), ("9" * 40, 5.0), ("999999", 3600.0), ("-1", 5.0)],
)
async def test_throttled_write_waits_as_asked_or_as_configured(retry_after: str | None, waits: float) -> None:
    headers = {} if retry_after is None else {"retry_after": retry_after}
    reply, _ = await written(answering(429, b"", **headers), throttle_wait=timedelta(seconds=5))
    assert reply == RefusedAtGate("throttled", timedelta(seconds=waits))


async def test_refused_token_is_replaced_and_the_repetition_takes_a_turn() -> None:
    turn, tokens = Turns(), Tokens()
    reply, heard = await written(answering(401), WHOLE, tokens=tokens, turn=turn)
    assert isinstance(reply, Confirmed)
    assert [r.headers["authorization"] for r in heard] == ["Bearer access-1", "Bearer access-2"]
    assert heard[0].body == heard[1].body == BYTES
    assert (turn.taken, tokens.refused) == (1, [1])


async def test_token_that_quickbooks_took_before_was_good() -> None:
    tokens = Tokens(newest=4)

    async def four(client: QuickBooksClient) -> None:
        for number in range(4):
            await client.post("invoice", BYTES, request_id=f"r-{number}")

    no, never = answering(401), answering(500)
    await played(WHOLE, no, WHOLE, never, no, never, no, WHOLE, call=four, tokens=tokens)
    assert (tokens.refused, tokens.were_good) == ([1, 2], [True, True])


async def test_repetition_without_a_turn_is_not_sent_and_the_write_stands_at_the_gate() -> None:
    busy = WaitError("busy", retry_after=timedelta(seconds=2))
    reply, heard = await written(answering(401), WHOLE, turn=Turns(busy))
    assert reply == RefusedAtGate("token", timedelta(seconds=2))
    assert len(heard) == 1


async def test_two_refused_tokens_in_a_row_are_told_to_the_source() -> None:
    tokens = Tokens(newest=9)
    reply, heard = await written(answering(401), tokens=tokens)
    assert isinstance(reply, RefusedAtGate)
    assert reply.kind == "token"
    assert (len(heard), tokens.refused) == (2, [1, 2])


async def test_nothing_is_sent_without_a_token_or_a_connection() -> None:
    reply, heard = await written(WHOLE, tokens=Tokens(newest=0))
    assert isinstance(reply, RefusedAtGate)
    assert heard == []
    async with partner_client("http://127.0.0.1:9") as http:
        client = QuickBooksClient(http, Tokens(), realm_id="77", deadline_s=1, turn=Turns())
        assert isinstance(await client.post("invoice", BYTES, request_id="r"), NotSent)


async def test_silence_after_sending_leaves_the_outcome_unknown() -> None:
    async def silence(_: Any) -> None:
        await asyncio.Event().wait()

    reply, heard = await written(silence, deadline_s=0.2)
    assert isinstance(reply, Unknown)
    assert len(heard) == 1


async def test_mail_goes_to_the_address_given_and_ids_stay_in_their_path() -> None:
    _, heard = await played(
        WHOLE, call=lambda c: c.send("invoice", "145/../1?x", "ap@owner.example", request_id="r")
    )
    sent = httpx.URL(heard[0].target)
    assert sent.raw_path.split(b"?")[0] == b"/v3/company/77/invoice/145%2F..%2F1%3Fx/send"
    assert (sent.params["sendTo"], heard[0].headers["content-type"]) == (
        "ap@owner.example",
        "application/octet-stream",
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.send("invoice", "145", None, request_id="r"),
        lambda c: c.upload(
            b'{"FileName": "a.pdf", "ContentType": "application/pdf"}', b"%PDF", request_id="r"
        ),
    ],
)
async def test_what_has_an_effect_each_time_is_not_repeated_with_a_newer_token(
    call: Callable[[QuickBooksClient], Any],
) -> None:
    # Seen: 401 after the effect. Neither mails nor uploads are known to honour request ids.
    tokens = Tokens(newest=9)
    reply, heard = await played(answering(401), call=call, tokens=tokens)
    assert isinstance(reply, Unknown)
    assert (len(heard), tokens.refused) == (1, [1])


async def test_invoice_is_read_and_absence_is_none() -> None:
    invoice, _ = await played(WHOLE, call=lambda c: c.read(Invoice, "145"))
    assert (invoice.id, invoice.total_amt) == ("145", Decimal("1234.5"))
    absent, _ = await played(fault(400, 610), call=lambda c: c.read(Invoice, "145"))
    assert absent is None


@pytest.mark.parametrize(
    ("play", "error"),
    [
        (answering(429), QuickBooksThrottledError),
        (fault(403, 3100), QuickBooksForbiddenError),
        (fault(400, 4000), QuickBooksFaultError),
        (answering(500), QuickBooksUnavailableError),
        (answering(200, b"{}"), QuickBooksUnavailableError),
        (answering(200, b'{"Invoice": {"Id": "145"}}'), QuickBooksUnreadableError),
        (answering(401), NoLiveTokenError),
    ],
)
async def test_reads_raise_what_can_be_acted_on(play: Play, error: type[Exception]) -> None:
    with pytest.raises(error):
        await played(play, call=lambda c: c.read(Invoice, "145"))


async def test_unknown_fields_are_reported_once_and_dropped() -> None:
    body = json.dumps({"Invoice": {**INVOICE, "BrandNewField": 1}}).encode()
    with structlog.testing.capture_logs() as logs:
        invoice, _ = await played(answering(200, body), call=lambda c: c.read(Invoice, "145"))
    assert invoice.doc_number == "TX01-1"
    assert [line["field"] for line in logs if "field" in line] == ["BrandNewField"]


async def test_number_is_looked_up_quoted_and_compared_again() -> None:
    rows = {"QueryResponse": {"Invoice": [INVOICE, {**INVOICE, "Id": "9", "DocNumber": "other"}]}}
    found, heard = await played(
        answering(200, json.dumps(rows).encode()),
        call=lambda c: c.documents("Invoice", {"DocNumber": "tx01-1"}),
    )
    assert [invoice["Id"] for invoice in found] == ["145"]
    assert httpx.URL(heard[0].target).params["query"] == (
        "select * from Invoice where DocNumber = 'tx01-1' maxresults 1000"
    )


def test_literals_are_quoted_as_the_query_language_wants() -> None:
    # Intuit, Query operations: a quote is escaped by a backslash, never doubled.
    assert quoted("O'Brien") == r"'O\'Brien'"
    assert quoted("a\\") == r"'a\\'"


async def test_time_that_no_year_holds_is_unreadable_and_no_crash() -> None:
    stamped = {**INVOICE, "MetaData": {"CreateTime": "0001-01-01T00:00:00+14:00", "LastUpdatedTime": "x"}}
    body = json.dumps({"Invoice": stamped}).encode()
    with pytest.raises(QuickBooksUnreadableError):
        await played(answering(200, body), call=lambda c: c.read(Invoice, "145"))
