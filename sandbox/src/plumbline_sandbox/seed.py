"""The default world: a contractor in Texas and one in Ohio, with two QuickBooks companies each."""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from plumbline_sandbox.blueprint import CustomerBlueprint, RealmBlueprint
from plumbline_sandbox.procore.billing_periods import period
from plumbline_sandbox.procore.change_orders.seeding import change_orders, name_statuses
from plumbline_sandbox.procore.furnishing import address, furnish
from plumbline_sandbox.procore.grants import App, Install, User
from plumbline_sandbox.procore.staff import staff
from plumbline_sandbox.procore.state import Company
from plumbline_sandbox.procore.subcontracting import subcontract
from plumbline_sandbox.procore.vendors import BLANK as BLANK_VENDOR
from plumbline_sandbox.quickbooks.seed import SeededRealm
from plumbline_sandbox.world import World

OWNERS = {
    "Lone Star Builders": ("Alamo Plaza Partners", "Bluebonnet Health", "Pecos Logistics"),
    "Buckeye Construction": ("Cuyahoga Schools", "Maumee Retail Group", "Scioto Housing"),
}
"""Each contractor's customers: owners in Procore, customers in QuickBooks."""

PROJECTS = {
    "Lone Star Builders": (
        "Depot Lofts",
        "River Clinic",
        "North Warehouse",
        "Plaza Garage",
        "Care Pavilion",
        "Rail Yard",
    ),
    "Buckeye Construction": (
        "Elm Street School",
        "Harbor Mall",
        "Oak Flats",
        "West Gym",
        "Outlet Row",
        "Pine Court",
    ),
}
"""Each contractor's projects; the first three go to its first QuickBooks company."""

STATES = {"Lone Star Builders": "TX", "Buckeye Construction": "OH"}
"""Where each contractor builds."""

SCHEDULE = (
    ("01-100", "General conditions", "60000.00"),
    ("03-300", "Cast-in-place concrete", "240000.00"),
    ("09-250", "Gypsum board", "120000.00"),
    ("23-050", "HVAC", "180000.00"),
)
"""The original schedule of values of every prime contract: cost code, work, amount."""

MUTE_CUSTOMER = ("Lone Star West", "Pecos Logistics")
"""The one customer without an e-mail address: QuickBooks company and name."""

UNCHECKED_REALM = "Lone Star West"
"""The one QuickBooks company that does not check for duplicate document numbers."""

REALMS = {
    "Lone Star Builders": ("Lone Star East", "Lone Star West"),
    "Buckeye Construction": ("Buckeye North", "Buckeye South"),
}
"""Each contractor's QuickBooks companies."""

FIRST_REALM_ID = 9341453000000001
"""Realm ids are long numbers."""


@dataclass(frozen=True, slots=True)
class SeededCompany:
    """What a client of one Procore company needs to know."""

    company: Company
    app: App


@dataclass(frozen=True, slots=True)
class Seeded:
    """Everything that was made; `description` has every id a scenario needs."""

    companies: tuple[SeededCompany, ...]
    realms: tuple[RealmBlueprint, ...]
    description: dict[str, Any]


def seed(world: World) -> Seeded:
    """Fill an empty world; two worlds of one seed are filled alike."""
    rng = random.Random(world.seed)
    companies: list[SeededCompany] = []
    realms: list[RealmBlueprint] = []
    told: list[dict[str, Any]] = []
    for name, owners in OWNERS.items():
        seeded = _company(world, name, rng)
        companies.append(seeded)
        vendors = {owner: _vendor(world, seeded.company, owner) for owner in owners}
        projects = [
            _project(world, seeded.company, project, vendors, place)
            for place, project in enumerate(PROJECTS[name])
        ]
        for place, realm_name in enumerate(REALMS[name]):
            mine = projects[place * 3 : place * 3 + 3]
            blueprint = _realm(len(realms), realm_name, mine, STATES[name], rng)
            realms.append(blueprint)
            _pair(mine, blueprint, world.quickbooks.seed(blueprint))
        told.append(_told(seeded, projects))
    for seeded, description in zip(companies, told, strict=True):
        project_ids = [int(project["id"]) for project in description["projects"]]
        state = STATES[seeded.company.name]
        description.update(furnish(world.procore, seeded.company, state, project_ids))
    for seeded, description in zip(companies, told, strict=True):
        _populate(world, seeded, description)
    chance = random.Random(f"commitments {world.seed}")
    for seeded, description in zip(companies, told, strict=True):
        state = STATES[seeded.company.name]
        description.update(subcontract(world.procore, seeded.company, state, description, chance))
    everything = {"companies": told, "realms": [{"id": r.id, "name": r.name} for r in realms]}
    return Seeded(tuple(companies), tuple(realms), everything)


def _company(world: World, name: str, rng: random.Random) -> SeededCompany:
    procore = world.procore
    company = Company(procore.new_id(), name, brief_statuses=STATES[name] == "TX")
    procore.companies[company.id] = company
    account = User(
        procore.new_id(), f"{name} integration", f"dmsa@{name.split(maxsplit=1)[0].lower()}.example"
    )
    app = App(rng.randbytes(16).hex(), rng.randbytes(16).hex(), account)
    app.installs[company.id] = Install()
    procore.grants.apps[app.client_id] = app
    return SeededCompany(company, app)


def _populate(world: World, seeded: SeededCompany, description: dict[str, Any]) -> None:
    """Add users and change orders; after everything else, so that no other id depends on them."""
    procore, company, projects = world.procore, seeded.company, description["projects"]
    description["users"] = staff(
        procore, company, seeded.app.user, description["subcontractors"], [int(p["id"]) for p in projects]
    )
    name_statuses(procore, company)
    for place, project in enumerate(projects):
        project["change_orders"] = change_orders(procore, int(project["prime_contract_id"]), place)
        project["change_order_tiers"] = procore.change_order_tiers[int(project["id"])]


def _vendor(world: World, company: Company, name: str) -> int:
    vendor_id = world.procore.new_id()
    world.procore.vendors.insert(
        vendor_id, BLANK_VENDOR | {"name": name, "company": name}, company_id=company.id
    )
    return vendor_id


def _project(
    world: World, company: Company, name: str, vendors: dict[str, int], place: int
) -> dict[str, Any]:
    procore = world.procore
    number = f"{STATES[company.name]}{place + 1:02d}"
    project_id, contract_id = procore.new_id(), procore.new_id()
    project = address(STATES[company.name], place) | {"name": name, "project_number": number}
    project["display_name"] = f"{number} {name}"
    procore.projects.insert(project_id, project, company_id=company.id)
    owner = list(vendors)[place % len(vendors)]
    contract = {
        "number": f"PC-{number}",
        "title": f"{name} prime contract",
        "status": "Approved",
        "executed": True,
        "accounting_method": "amount",
        "retainage_percent": "10.00",
        "vendor": {"id": vendors[owner], "name": owner, "company": owner},
        "project": {"id": project_id, "name": name},
        "lines": [_schedule_row(procore.new_id(), place + 1, row) for place, row in enumerate(SCHEDULE)],
        "origin_id": None,
        "origin_data": None,
        "origin_code": None,
    }
    procore.prime_contracts.insert(contract_id, contract, company_id=company.id, project_id=project_id)
    _period(world, company, project_id)
    return {
        "id": str(project_id),
        "number": number,
        "name": name,
        "prime_contract_id": str(contract_id),
        "owner": {"id": str(vendors[owner]), "name": owner},
    }


def _schedule_row(row_id: int, position: int, row: tuple[str, str, str]) -> dict[str, Any]:
    code, description, amount = row
    wbs = {"id": row_id, "flat_code": code, "description": description}
    return {"id": row_id, "position": position, "description": description, "amount": amount, "wbs_code": wbs}


def _period(world: World, company: Company, project_id: int) -> None:
    end = date(2026, 10, 31)
    value = period(project_id, 1, start=end.replace(day=1), end=end, due=end + timedelta(days=30))
    world.procore.billing_periods.insert(
        world.procore.new_id(), value, company_id=company.id, project_id=project_id
    )


def _realm(
    place: int, name: str, projects: list[dict[str, Any]], state: str, rng: random.Random
) -> RealmBlueprint:
    owners = dict.fromkeys(project["owner"]["name"] for project in projects)
    customers = tuple(
        CustomerBlueprint(
            name=owner,
            email=None if (name, owner) == MUTE_CUSTOMER else f"ap@{owner.split()[0].lower()}.example",
            jobs=tuple(f"{p['number']} {p['name']}" for p in projects if p["owner"]["name"] == owner),
        )
        for owner in owners
    )
    return RealmBlueprint(
        id=str(FIRST_REALM_ID + place * 7919),
        name=name,
        client_id=rng.randbytes(16).hex(),
        client_secret=rng.randbytes(16).hex(),
        access_token=rng.randbytes(24).hex(),
        refresh_token=rng.randbytes(24).hex(),
        customers=customers,
        checks_duplicate_numbers=name != UNCHECKED_REALM,
        state=state,
        history=True,
    )


def _pair(projects: list[dict[str, Any]], realm: RealmBlueprint, seeded: SeededRealm) -> None:
    """Note with each project where it goes in QuickBooks."""
    for project in projects:
        project["quickbooks"] = {
            "realm": realm.id,
            "customer_id": seeded.customers[project["owner"]["name"]],
            "job_id": seeded.jobs[f"{project['number']} {project['name']}"],
            "items": seeded.items,
            "accounts": seeded.accounts,
            "terms": seeded.terms,
            "payment_methods": seeded.payment_methods,
            "classes": seeded.classes,
            "departments": seeded.departments,
            "tax_codes": seeded.tax_codes,
            "vendors": seeded.vendors,
        }


def _told(seeded: SeededCompany, projects: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": str(seeded.company.id),
        "name": seeded.company.name,
        "brief_statuses": seeded.company.brief_statuses,
        "projects": projects,
    }
