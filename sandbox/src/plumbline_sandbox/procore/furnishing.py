"""What the seeded companies have besides contracts: addresses, people, subcontractors, cost codes."""

from typing import Any

from plumbline_sandbox.procore.projects import BLANK as BLANK_PROJECT
from plumbline_sandbox.procore.state import Company, Procore, Row
from plumbline_sandbox.procore.vendors import BLANK as BLANK_VENDOR

ADDRESSES: dict[str, tuple[tuple[str, str, str, str, str], ...]] = {
    "TX": (
        ("Austin", "78701", "Travis", "America/Chicago", "Central"),
        ("San Antonio", "78205", "Bexar", "America/Chicago", "Central"),
        ("El Paso", "79901", "El Paso", "America/Denver", "West"),
        ("Houston", "77002", "Harris", "America/Chicago", "Gulf"),
        ("Dallas", "75201", "Dallas", "America/Chicago", "North"),
    ),
    "OH": (
        ("Cleveland", "44113", "Cuyahoga", "America/New_York", "Lake"),
        ("Toledo", "43604", "Lucas", "America/New_York", "Lake"),
        ("Columbus", "43215", "Franklin", "America/New_York", "Center"),
        ("Cincinnati", "45202", "Hamilton", "America/New_York", "River"),
        ("Akron", "44308", "Summit", "America/New_York", "Lake"),
    ),
}
"""City, ZIP, county, time zone and region by state; a project past the last one has no address at all."""

SUBCONTRACTORS = {
    "TX": (("Hill Country Plumbing", "Plumbing"), ("Brazos Mechanical", "HVAC")),
    "OH": (("Lake Erie Plumbing", "Plumbing"), ("Maumee Air Systems", "HVAC")),
}
"""Vendors that build, with their trade."""

WORKERS = (("Ana", "Ortiz"), ("Ben", "Okafor"), ("Cora", "Lindqvist"))
"""A company's own people; each subcontractor has one named after its trade."""

TIME_TYPES = (("Regular Time", "REG"), ("Overtime", "OT"), ("Double Time", "DT"))
"""Kinds of working time."""

COST_CODES = (
    ("01-100", "General conditions"),
    ("03-300", "Cast-in-place concrete"),
    ("15-400", "Plumbing"),
    ("23-050", "HVAC"),
)
"""What hours are booked on, in every project."""


def address(state: str, place: int) -> Row:
    """Return the fields of the project at this place of its company, all that can be known of it."""
    if place >= len(ADDRESSES[state]):
        return BLANK_PROJECT
    city, postal_code, county, tz_name, region = ADDRESSES[state][place]
    return BLANK_PROJECT | {
        "address": f"{100 + place} Main Street",
        "city": city,
        "state_code": state,
        "country_code": "US",
        "zip": postal_code,
        "county": county,
        "tz_name": tz_name,
        "project_region": {"id": sum(map(ord, region)), "name": region},
    }


def furnish(procore: Procore, company: Company, state: str, project_ids: list[int]) -> dict[str, Any]:
    """Add people, subcontractors, time types and cost codes to a company; give their ids.

    It comes after everything else of the seed, so that no other id depends on it.
    """
    vendors = [_vendor(procore, company, state, *row) for row in SUBCONTRACTORS[state]]
    for project_id in project_ids:
        procore.project_vendors[project_id] = {int(vendor["id"]) for vendor in vendors}
    people = [_person(procore, company, first, last, None) for first, last in WORKERS]
    people += [_person(procore, company, vendor["trade"], "Foreman", vendor) for vendor in vendors]
    time_types = {short: _time_type(procore, company, name, short) for name, short in TIME_TYPES}
    codes = {
        str(p): {code: _code(procore, company, p, code, name) for code, name in COST_CODES}
        for p in project_ids
    }
    if state == "OH":
        procore.start_stop_projects.update(project_ids)
    return {"subcontractors": vendors, "people": people, "time_types": time_types, "cost_codes": codes}


def _vendor(procore: Procore, company: Company, state: str, name: str, trade: str) -> dict[str, str]:
    record_id, trade_id = procore.new_id(), procore.new_id()
    licence = f"{state}-{trade[:2].upper()}-{record_id % 100000:05d}"
    row = BLANK_VENDOR | {"name": name, "company": name, "state_code": state, "country_code": "US"}
    row |= {"license_number": licence, "trades": [{"id": trade_id, "name": trade}]}
    procore.vendors.insert(record_id, row, company_id=company.id)
    return {"id": str(record_id), "name": name, "trade": trade}


def _person(
    procore: Procore, company: Company, first: str, last: str, vendor: dict[str, str] | None
) -> dict[str, Any]:
    record_id = procore.new_id()
    row: Row = {
        "first_name": first,
        "last_name": last,
        "name": f"{first} {last}",
        "is_employee": vendor is None,
        "employee_id": f"E{record_id % 1000:03d}" if vendor is None else None,
        "job_title": "Carpenter" if vendor is None else "Foreman",
        "vendor": None if vendor is None else {"id": int(vendor["id"]), "name": vendor["name"]},
        "user_id": None,
        "origin_id": None,
        "email_address": f"{first.lower()}.{last.lower()}@example.com",
    }
    procore.people.insert(record_id, row, company_id=company.id)
    return {"id": str(record_id), "name": row["name"], "vendor_id": vendor and vendor["id"]}


def _time_type(procore: Procore, company: Company, name: str, short: str) -> str:
    record_id = procore.new_id()
    row: Row = {"time_type": name, "abbreviated_time_type": short, "company_id": company.id, "global": None}
    procore.timecard_time_types.insert(record_id, row, company_id=company.id)
    return str(record_id)


def _code(procore: Procore, company: Company, project_id: int, code: str, name: str) -> str:
    record_id, labor_id = procore.new_id(), procore.new_id()
    row: Row = {
        "name": name,
        "code": code.partition("-")[2],
        "full_code": code,
        "long_name": f"{code} - {name}",
        "sortable_code": code,
        "biller_id": project_id,
        "biller_type": "Project",
        "parent_id": None,
        "position": None,
        "deleted_at": None,
        # The stable key over projects: a cost code's own id is another in each project.
        "standard_cost_code_id": sum(map(ord, code)),
        "line_item_types": [{"id": labor_id, "name": "Labor", "code": "L", "base_type": "labor"}],
    }
    procore.cost_codes.insert(record_id, row, company_id=company.id, project_id=project_id)
    return str(record_id)
