"""Who is in the directories of the seeded companies, and on which projects."""

from typing import Any

from plumbline_sandbox.procore.grants import User
from plumbline_sandbox.procore.state import Company, Procore, Row
from plumbline_sandbox.procore.users import BLANK

STAFF = (
    ("Rosa", "Marsh", "Project Manager"),
    ("Theo", "Vance", "Superintendent"),
    ("Lena", "Holt", "Project Accountant"),
)
"""A company's own users; the first two are on every project, the accountant on every other one."""


def staff(
    procore: Procore,
    company: Company,
    account: User,
    subcontractors: list[dict[str, str]],
    project_ids: list[int],
) -> list[dict[str, str]]:
    """Add a company's users; give their ids.

    The service account is one of them, and so is the person who acts for everybody; a
    subcontractor's user is on no project yet.
    """
    domain = f"{company.name.split(maxsplit=1)[0].lower()}.example"
    people = [
        User(procore.new_id(), f"{first} {last}", f"{first.lower()}@{domain}") for first, last, _ in STAFF
    ]
    titles = {user.id: title for user, (_, _, title) in zip(people, STAFF, strict=True)}
    for user in (procore.person, account, *people):
        _insert(procore, company, user, titles.get(user.id), None)
    for place, project_id in enumerate(project_ids):
        on_it = people[: 2 if place % 2 else 3]
        procore.project_users[project_id] = {user.id for user in (procore.person, account, *on_it)}
    vendor = subcontractors[0]
    guest = User(procore.new_id(), f"{vendor['trade']} Estimator", f"bids@{vendor['id']}.example")
    _insert(procore, company, guest, "Estimator", vendor)
    return [{"id": str(user.id), "name": user.name, "email": user.login} for user in (*people, guest)]


def _insert(
    procore: Procore, company: Company, user: User, title: str | None, vendor: dict[str, Any] | None
) -> None:
    first, _, last = user.name.rpartition(" ")
    row: Row = BLANK | {
        "first_name": first,
        "last_name": last,
        "name": user.name,
        "email_address": user.login,
        "job_title": title,
        "is_employee": vendor is None,
        "vendor": vendor and {"id": int(vendor["id"]), "name": vendor["name"]},
    }
    procore.users[company.id].insert(user.id, row, company_id=company.id)
