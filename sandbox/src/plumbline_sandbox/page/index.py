"""The first page: both vendors' companies, what goes wrong, and what time it is; or what was looked for."""

from collections.abc import Iterator
from decimal import Decimal

from plumbline_sandbox.markup import Markup, el
from plumbline_sandbox.page.kinds import (
    CHANGE_ORDERS,
    COLUMNS,
    OWNER_INVOICES,
    Shelf,
    Vendor,
    companies,
    shelves,
)
from plumbline_sandbox.page.parts import button, choice, form
from plumbline_sandbox.page.switches import switches
from plumbline_sandbox.page.tables import look_up, records
from plumbline_sandbox.world import World

VENDORS: dict[Vendor, str] = {"procore": "Procore", "quickbooks": "QuickBooks"}
"""Both vendors, as people call them."""

MAIN_KINDS: dict[Vendor, tuple[str, ...]] = {
    "procore": (OWNER_INVOICES.name, CHANGE_ORDERS.name, "contract_payments", "prime_contracts", "projects"),
    "quickbooks": ("Invoice", "Payment", "Customer", "Bill", "BillPayment", "Vendor"),
}
"""What is shown of a company first, and even if there is nothing of it."""

STEPS = {"one minute": 60, "one hour": 3600, "one day": 86_400, "31 days": 31 * 86_400, "100 days": 8_640_000}
"""How far the clock can be stepped."""

SCALES = {"stands still": 0.0, "real time": 1.0, "a minute a second": 60.0, "an hour a second": 3600.0}
"""How fast the clock can run."""


def overview(world: World) -> list[Markup]:
    """Return the sections of the first page."""
    return [
        *(
            el("section", el("h2", name), el("div", list(_cards(world, vendor)), class_="cards"), id=vendor)
            for vendor, name in VENDORS.items()
        ),
        el("section", el("h2", "Clock"), _clock(world), id="clock"),
        el("section", el("h2", "Faults"), switches(world), id="faults"),
    ]


def findings(world: World, look_for: str) -> Markup:
    """Return every record in whose row a text stands, by company and kind."""
    found = [
        table
        for vendor in VENDORS
        for company_id in companies(world, vendor)
        for shelf in shelves(world, vendor, company_id).values()
        for table, count in [records(shelf, look_for)]
        if count
    ]
    nothing = el("p", f"No record of any company shows “{look_for}” in its row.")
    return el("section", found or nothing, id="found")


def _cards(world: World, vendor: Vendor) -> Iterator[Markup]:
    for company_id, name in companies(world, vendor).items():
        of_company = shelves(world, vendor, company_id)
        word = "company" if vendor == "procore" else "realm"
        yield el(
            "article",
            el("h3", name),
            el("p", f"{word} {company_id}", class_="soft"),
            el("p", _standing(of_company)),
            el("ul", list(_links(vendor, of_company)), class_="kinds"),
            class_=f"card {vendor}",
        )


def _links(vendor: Vendor, of_company: dict[str, Shelf]) -> Iterator[Markup]:
    main = MAIN_KINDS[vendor]
    for name in dict.fromkeys((*main, *of_company)):
        count = of_company[name].count()
        if count or name in main:
            yield kind_link(of_company[name], count)
    yield el("li", el("a", f"all {len(of_company)} kinds", href=of_company[main[0]].path))


def kind_link(shelf: Shelf, count: int, *, here: bool = False) -> Markup:
    """Return a link to a shelf, with how much stands on it."""
    current = "page" if here else None
    link = el("a", f"{shelf.title} ", el("b", count), href=shelf.path, aria_current=current)
    return el("li", link, class_=None if count else "empty")


def _standing(of_company: dict[str, Shelf]) -> str:
    """Return in a sentence how a company's billing stands."""
    if OWNER_INVOICES.name in of_company:
        invoices = list(of_company[OWNER_INVOICES.name].items())
        approved = [one.body["payment_due"] for one in invoices if "approve" not in one.acts]
        return f"{len(approved)} of {len(invoices)} owner invoices approved: {sum(approved, Decimal(0)):,.2f} due"
    names = COLUMNS["quickbooks"]["#Open"]
    owed = [Decimal(look_up(one.body, names) or 0) for one in of_company["Invoice"].items()]
    return f"{sum(1 for one in owed if one)} of {len(owed)} invoices open: {sum(owed, Decimal(0)):,.2f} owed"


def _clock(world: World) -> Markup:
    now = f"{world.clock.now():%Y-%m-%d %H:%M:%S} UTC"
    pace = next(
        (name for name, factor in SCALES.items() if factor == world.clock.factor),
        f"{world.clock.factor:g} times real time",
    )
    return el(
        "div",
        el("p", "It is ", el("time", now, id="now"), f", and time runs: {pace}."),
        el("p", "What ages (tokens, retries, limits, request ids) goes by this clock.", class_="soft"),
        el(
            "div",
            form("/page/clock", choice("Step by", "step", STEPS, "one hour"), button("Step")),
            form("/page/clock", choice("Let it run", "scale", SCALES, pace), button("Set")),
            class_="row",
        ),
    )
