"""The query language: what can be asked, what is refused, and what is found."""

import httpx
import pytest
from sandbox_books import Books, codes, fault
from sandbox_rules import rule

QUERY = "Intuit, Query operations and syntax"
ERRORS = "Intuit, Error codes; captured answers"


async def names(books: Books, where: str = "", tail: str = "") -> list[str]:
    """Return the names of the customers that a condition finds, in the order of the answer."""
    answer = await books.lab.query(f"select * from Customer {f'where {where}' if where else ''} {tail}")
    assert answer.status_code == 200, answer.text
    return [c["DisplayName"] for c in answer.json()["QueryResponse"].get("Customer", [])]


async def ask(books: Books, statement: str) -> httpx.Response:
    return await books.lab.query(statement)


@pytest.fixture
async def fruit(books: Books) -> Books:
    for name in ("Apple", "Banana", "Cherry", "Date"):
        await books.write("Customer", {"DisplayName": name, "CompanyName": "Fruit"})
    return books


@rule("An answer has the entities, startPosition and maxResults, the number of those shown.", QUERY)
async def test_shape(fruit: Books) -> None:
    body = (await ask(fruit, "select * from Customer where CompanyName = 'Fruit'")).json()
    assert set(body) == {"QueryResponse", "time"}
    response = body["QueryResponse"]
    assert (response["startPosition"], response["maxResults"], len(response["Customer"])) == (1, 4, 4)


@rule("Nothing found is an empty QueryResponse.", QUERY)
async def test_nothing_found(fruit: Books) -> None:
    body = (await ask(fruit, "select * from Customer where DisplayName = 'Fig'")).json()
    assert body["QueryResponse"] == {}


@rule("COUNT(*) answers totalCount alone.", QUERY)
async def test_count(fruit: Books) -> None:
    body = (await ask(fruit, "select count(*) from Customer where CompanyName = 'Fruit'")).json()
    assert body["QueryResponse"] == {"totalCount": 4}


@rule("Keywords, names and compared texts ignore case.", QUERY)
async def test_case(fruit: Books) -> None:
    body = (await ask(fruit, "SELECT * FROM CUSTOMER WHERE displayname = 'aPPLE'")).json()
    assert [c["DisplayName"] for c in body["QueryResponse"]["Customer"]] == ["Apple"]


@rule("AND joins conditions; IN takes a list; LIKE takes % for any text.", QUERY)
@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("DisplayName in ('Apple', 'Date', 'Fig')", ["Apple", "Date"]),
        ("DisplayName like '%an%'", ["Banana"]),
        ("DisplayName like 'C%'", ["Cherry"]),
        ("DisplayName like 'Appl'", []),
        ("CompanyName = 'Fruit' and DisplayName > 'Banana'", ["Cherry", "Date"]),
        ("CompanyName = 'Fruit' and DisplayName >= 'Banana' and DisplayName < 'Date'", ["Banana", "Cherry"]),
        ("CompanyName = 'Fruit' and DisplayName <= 'Apple'", ["Apple"]),
    ],
)
async def test_conditions(fruit: Books, where: str, found: list[str]) -> None:
    assert await names(fruit, where, "orderby DisplayName") == found


@rule(r"A quote inside a text is written \'.", QUERY)
async def test_quote(books: Books) -> None:
    await books.write("Customer", {"DisplayName": "O'Hara"})
    assert await names(books, r"DisplayName = 'O\'Hara'") == ["O'Hara"]


@rule("Two quotes in a row are no escape: 4000.", ERRORS)
async def test_doubled_quote(books: Books) -> None:
    assert codes(await ask(books, "select * from Customer where DisplayName = 'O''Hara'")) == ["4000"]


@rule("ORDERBY and ORDER BY sort, ASC unless DESC is said, by several properties.", QUERY)
@pytest.mark.parametrize("clause", ["orderby DisplayName desc", "ORDER BY CompanyName ASC, DisplayName DESC"])
async def test_order(fruit: Books, clause: str) -> None:
    found = await names(fruit, "CompanyName = 'Fruit'", clause)
    assert found == ["Date", "Cherry", "Banana", "Apple"]


@rule("STARTPOSITION counts from 1, MAXRESULTS bounds the page.", QUERY)
async def test_page(fruit: Books) -> None:
    found = await names(fruit, "CompanyName = 'Fruit'", "orderby DisplayName startposition 2 maxresults 2")
    assert found == ["Banana", "Cherry"]
    assert await names(fruit, "CompanyName = 'Fruit'", "startposition 5") == []


@rule("A page has 100 rows unless MAXRESULTS says otherwise, and never more than 1000.", QUERY)
async def test_page_sizes(books: Books) -> None:
    for number in range(130):
        await books.write("Customer", {"DisplayName": f"Customer {number:03}"})
    assert len(await names(books)) == 100
    assert len(await names(books, "DisplayName like 'Customer%'", "maxresults 1000")) == 130
    refused = fault(await ask(books, "select * from Customer maxresults 1001"))
    assert refused["code"] == "4001"


@rule("Numbers out of range are 4001, in words.", ERRORS)
@pytest.mark.parametrize("tail", ["startposition 0", "maxresults 0"])
async def test_figures_out_of_range(books: Books, tail: str) -> None:
    refused = fault(await ask(books, f"select * from Customer {tail}"))
    assert refused["code"] == "4001"
    assert refused["Detail"] == "QueryValidationError: value 0 is too small. Min allowed value is 1"


@rule("There is no OR, JOIN, GROUP BY, != or list of properties: 4000.", QUERY)
@pytest.mark.parametrize(
    "statement",
    [
        "select * from Customer where DisplayName = 'a' or DisplayName = 'b'",
        "select * from Customer join Invoice",
        "select * from Customer group by CompanyName",
        "select * from Customer where DisplayName != 'a'",
        "select Id, DisplayName from Customer",
        "select * from Customer where",
        "select * from Customer where DisplayName = 'open",
        "select * Customer",
        "",
    ],
)
async def test_not_in_the_language(books: Books, statement: str) -> None:
    refused = fault(await ask(books, statement))
    assert refused["code"] == "4000"
    assert refused["Detail"].startswith("QueryParserError: Encountered")


@rule("An unknown entity or property, or one that cannot be asked for, is 4001.", ERRORS)
@pytest.mark.parametrize(
    "statement",
    [
        "select * from Nonsense",
        "select * from Customer where Nonsense = '1'",
        "select * from Invoice where PrivateNote = 'ours'",
        "select * from Invoice where TotalAmt > 'many'",
        "select * from Invoice where TxnDate > 'yesterday'",
    ],
)
async def test_cannot_be_asked(books: Books, statement: str) -> None:
    refused = fault(await ask(books, statement))
    assert refused["code"] == "4001"
    assert refused["Detail"].startswith("QueryValidationError: ")


@rule("Null is a text of one space: it finds what has no value.", QUERY)
async def test_null(fruit: Books) -> None:
    await fruit.write("Customer", {"DisplayName": "Elderberry"})
    found = await names(fruit, "CompanyName = ' ' and DisplayName in ('Elderberry', 'Apple')")
    assert found == ["Elderberry"]


FILTERABLE = {
    "DocNumber": "'F-1'",
    "CustomerRef": "'{customer}'",
    "ProjectRef": "'777'",
    "TxnDate": "'{TxnDate}'",
    "DueDate": "'{DueDate}'",
    "Balance": "'12.5'",
    "TotalAmt": "'12.5'",
    "Id": "'{Id}'",
    "MetaData.CreateTime": "'{created}'",
    "MetaData.LastUpdatedTime": "'{created}'",
}


@rule(
    "An invoice is found by number, customer, project, dates, balance, total, id and times.",
    "Intuit, Invoice, filterable",
)
@pytest.mark.parametrize("name", FILTERABLE)
async def test_filterable(books: Books, name: str) -> None:
    made = await books.invoice(12.5, DocNumber="F-1", ProjectRef={"value": "777"})
    facts = {**made, "customer": books.customer, "created": made["MetaData"]["CreateTime"]}
    value = FILTERABLE[name].format(**facts)
    answer = (await ask(books, f"select * from Invoice where {name} = {value} maxresults 1000")).json()
    assert made["Id"] in [found["Id"] for found in answer["QueryResponse"]["Invoice"]]


@rule(
    "Notes, custom fields, links, memos and mail states are not filterable (4001): the number must identify.",
    "Intuit, Invoice, filterable",
)
@pytest.mark.parametrize(
    "name", ["PrivateNote", "CustomField", "LinkedTxn", "CustomerMemo", "EmailStatus", "Line"]
)
async def test_not_filterable(books: Books, name: str) -> None:
    refused = fault(await ask(books, f"select * from Invoice where {name} = 'x'"))
    assert refused["code"] == "4001"
    assert refused["Detail"] == f"QueryValidationError: Property {name} not found for Entity Invoice"


@rule(
    "A page is cut out of what is there at the moment: what is deleted between two pages shifts the rest.",
    QUERY,
    inferred=True,
)
async def test_pages_are_no_snapshot(books: Books) -> None:
    for number in range(4):
        await books.write("Transfer", transfer(books, number + 1))
    first = (await ask(books, "select * from Transfer startposition 1 maxresults 2")).json()["QueryResponse"]
    await books.delete("Transfer", first["Transfer"][0])
    second = (await ask(books, "select * from Transfer startposition 3 maxresults 2")).json()["QueryResponse"]
    assert [t["Amount"] for t in first["Transfer"]] == [1, 2]
    assert [t["Amount"] for t in second["Transfer"]] == [4], "the third is told on neither page"


@rule("A count counts what the condition finds.", QUERY)
async def test_count_of_a_condition(fruit: Books) -> None:
    found = (
        await ask(
            fruit, "select count(*) from Customer where CompanyName = 'Fruit' and DisplayName like '%e'"
        )
    ).json()
    assert found["QueryResponse"] == {"totalCount": 2}


@rule("Id can be compared by = and IN only.", QUERY)
async def test_id(fruit: Books) -> None:
    first = (await ask(fruit, "select * from Customer where DisplayName = 'Apple'")).json()
    apple = first["QueryResponse"]["Customer"][0]["Id"]
    assert await names(fruit, f"Id = '{apple}'") == ["Apple"]
    assert await names(fruit, f"Id in ('{apple}', '99999')") == ["Apple"]
    assert codes(await ask(fruit, f"select * from Customer where Id > '{apple}'")) == ["4001"]


@rule("Switch: Id is no longer sortable (4001).", "Intuit, e-mail of November 2025", inferred=True)
async def test_sorting_by_id(fruit: Books) -> None:
    statement = "select * from Customer where CompanyName = 'Fruit' orderby Id desc"
    found = (await ask(fruit, statement)).json()["QueryResponse"]["Customer"]
    assert [c["DisplayName"] for c in found] == ["Date", "Cherry", "Banana", "Apple"]
    fruit.configure(id_sortable=False)
    refused = fault(await ask(fruit, statement))
    assert (refused["code"], refused["Detail"]) == (
        "4001",
        "QueryValidationError: Property Id is not sortable",
    )


@rule("Numbers may be quoted or not, and compare as numbers.", QUERY)
@pytest.mark.parametrize("value", ["9", "'9'", "'9.00'"])
async def test_numbers(books: Books, value: str) -> None:
    for amount in (9, 10, 100):
        await books.invoice(amount)
    answer = (
        await ask(
            books, f"select * from Invoice where TotalAmt > {value} and TotalAmt < '1000' orderby TotalAmt"
        )
    ).json()
    assert [i["TotalAmt"] for i in answer["QueryResponse"]["Invoice"]] == [10, 100]


@rule("References compare by their value, times by moment.", QUERY)
async def test_references_and_times(books: Books) -> None:
    invoice = await books.invoice(10)
    of_customer = f"CustomerRef = '{books.customer}' and TxnDate = '{invoice['TxnDate']}'"
    late = "MetaData.LastUpdatedTime >= '2020-01-01T00:00:00-08:00'"
    found = (await ask(books, f"select * from Invoice where {of_customer} and {late}")).json()
    assert [i["Id"] for i in found["QueryResponse"]["Invoice"]] == [invoice["Id"]]


@rule("Inactive names are left out unless the query asks for Active.", QUERY)
async def test_inactive(fruit: Books) -> None:
    answer = (await ask(fruit, "select * from Customer where DisplayName = 'Date'")).json()
    await fruit.change("Customer", answer["QueryResponse"]["Customer"][0], Active=False)
    assert len(await names(fruit, "CompanyName = 'Fruit'")) == 3
    assert len(await names(fruit, "CompanyName = 'Fruit' and Active in (true, false)")) == 4
    assert len(await names(fruit, "CompanyName = 'Fruit' and Active = false")) == 1


@rule(
    "A statement may be posted as the body, as application/text.",
    "node-quickbooks and python-quickbooks, query",
)
async def test_posted_statement(fruit: Books) -> None:
    realm = fruit.lab.realms[0]
    answer = await fruit.lab.quickbooks.post(
        f"/v3/company/{realm.id}/query",
        content=b"select * from Customer where DisplayName = 'Apple'",
        headers={"authorization": f"Bearer {realm.access_token}", "content-type": "application/text"},
    )
    assert [c["DisplayName"] for c in answer.json()["QueryResponse"]["Customer"]] == ["Apple"]


@rule("Switch: queries lag behind changes, reads by id do not.", ".NET SDK issue 366", inferred=True)
async def test_index_lag(books: Books) -> None:
    books.lab.world.quickbooks.configure(books.realm_id, index_lag_s=5)
    invoice = await books.invoice(10, DocNumber="LAG-1")
    assert (await books.read("Invoice", invoice["Id"]))["DocNumber"] == "LAG-1"
    statement = "select * from Invoice where DocNumber = 'LAG-1'"
    assert (await ask(books, statement)).json()["QueryResponse"] == {}
    books.lab.world.clock.step(5)
    await books.change("Invoice", invoice, DocNumber="LAG-2")
    found = (await ask(books, statement)).json()["QueryResponse"]["Invoice"]
    assert [(i["Id"], i["SyncToken"]) for i in found] == [(invoice["Id"], "0")]


def transfer(books: Books, amount: float) -> dict[str, object]:
    ends = {"FromAccountRef": "Checking", "ToAccountRef": "Savings"}
    return {"Amount": amount, **{name: {"value": books.accounts[to]} for name, to in ends.items()}}
