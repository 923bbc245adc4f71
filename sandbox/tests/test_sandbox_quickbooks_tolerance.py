"""What QuickBooks takes although no document says so: published clients send it to companies every day."""

from sandbox_rules import rule

from plumbline_sandbox.laboratory import Laboratory

PYTHON_QUICKBOOKS = "python-quickbooks 0.9.12, its tests against a live company"


@rule("`select *, Name` is read like `select *`.", PYTHON_QUICKBOOKS, inferred=True)
async def test_more_columns_beside_the_star_change_nothing(lab: Laboratory) -> None:
    plain, more = [await lab.query(f"select {what} from Item") for what in ("*", "*, Sku")]
    assert more.json()["QueryResponse"] == plain.json()["QueryResponse"]
    refused = await lab.query("select *, from Item")
    assert refused.json()["Fault"]["Error"][0]["code"] == "4000"


@rule("A quantity and a price of zero stand for none; the amount counts.", PYTHON_QUICKBOOKS, inferred=True)
async def test_amount_counts_where_quantity_and_price_are_zero(lab: Laboratory) -> None:
    (customer, *_), (item, *_) = [
        (await lab.query(f"select * from {family}")).json()["QueryResponse"][family]
        for family in ("Customer", "Item")
    ]
    detail = {"ItemRef": {"value": item["Id"]}, "Qty": 0, "UnitPrice": 0}
    line = {"Amount": 100.25, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    made = await lab.books("POST", "/invoice", {"CustomerRef": {"value": customer["Id"]}, "Line": [line]})
    assert made.json()["Invoice"]["TotalAmt"] == 100.25
