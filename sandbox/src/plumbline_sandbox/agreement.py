"""Do Procore and QuickBooks agree to the cent? Judged by what both truly hold.

One side are the approved payment applications, each worth its payment due plus its tax; the
other are the invoices, each worth its total. They belong together by the document number that a
caller's rule gives to an application. Invoices whose number does not have the shape of the rule
are other people's business; one of nothing (a voided one) is never extra.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from plumbline_sandbox.procore.application_edit import is_approved
from plumbline_sandbox.procore.g702 import Application, summarize
from plumbline_sandbox.procore.records import Record
from plumbline_sandbox.world import World

SHAPES = {
    "id": r"\d+",
    "number": r"\d+",
    "invoice_number": r".+",
    "project": r"\d+",
    "project_number": r".+",
    "contract": r"\d+",
    "contract_number": r".+",
}
"""What a rule can be made of, as `{id}`; with the shape of each."""

_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Billed:
    """An approved payment application, and the document number it must have in QuickBooks."""

    number: str
    application: str
    project: str
    cents: int


@dataclass(frozen=True, slots=True)
class Booked:
    """An invoice with a document number."""

    number: str
    realm: str
    invoice: str
    cents: int


def billed(world: World, *, company_id: int, projects: Collection[int], rule: str) -> Iterator[Billed]:
    """Return the approved applications of a company's projects.

    Args:
        world: The sandbox.
        company_id: The Procore company.
        projects: Ids; empty means all.
        rule: A document number with places of `SHAPES` in it, such as `{project_number}-{invoice_number}`.

    Raises:
        KeyError: There is no such company.
        ValueError: The rule has an unknown place.
    """
    _check(rule)
    _ = world.procore.companies[company_id]
    for record in world.procore.applications.living():
        application = record.value
        of_project = not projects or record.project_id in projects
        if record.company_id == company_id and of_project and application and is_approved(application):
            due = summarize(application.lines).current_payment_due + application.tax
            number = _number(rule, _words(world, record, application))
            yield Billed(number, str(record.id), str(record.project_id), int(due * 100))


def booked(world: World, realms: Iterable[str]) -> Iterator[Booked]:
    """Return every numbered invoice of these QuickBooks companies.

    Raises:
        KeyError: There is no such company.
    """
    for realm in realms:
        for invoice in world.quickbooks.dump(realm, "Invoice"):
            if number := invoice.get("DocNumber"):
                cents = int((Decimal(str(invoice["TotalAmt"])) * 100).to_integral_value())
                yield Booked(number, realm, invoice["Id"], cents)


def compare(applications: Iterable[Billed], invoices: Iterable[Booked], rule: str) -> dict[str, Any]:
    """Return the report: `agrees`, how many `matched`, and what is `missing`, `extra`, `different`, `doubled`.

    Raises:
        ValueError: Two applications get one number, so that the rule cannot tell them apart.
    """
    wanted, shape = _by_number(applications), _shape(rule)
    held: defaultdict[str, list[Booked]] = defaultdict(list)
    for invoice in invoices:
        held[invoice.number].append(invoice)
    matched = 0
    report: dict[str, list[dict[str, Any]]] = {"missing": [], "extra": [], "different": [], "doubled": []}
    for number, one in wanted.items():
        match held.pop(number, []):
            case []:
                report["missing"].append(asdict(one))
            case [invoice] if invoice.cents == one.cents:
                matched += 1
            case [invoice]:
                report["different"].append(_difference(one, invoice))
            case several:
                report["doubled"].append(_double(one, several))
    left = (invoice for found in held.values() for invoice in found)
    report["extra"] = [asdict(one) for one in left if one.cents and shape.fullmatch(one.number)]
    return {"agrees": not any(report.values()), "matched": matched, **report}


def _by_number(applications: Iterable[Billed]) -> dict[str, Billed]:
    wanted: dict[str, Billed] = {}
    for one in applications:
        other = wanted.setdefault(one.number, one)
        if other is not one:
            both = f"{other.application} and {one.application}"
            raise ValueError(f"the rule gives the number {one.number} to applications {both}")
    return wanted


def _difference(one: Billed, invoice: Booked) -> dict[str, Any]:
    told = {"realm": invoice.realm, "invoice": invoice.invoice, "quickbooks_cents": invoice.cents}
    return {**asdict(one), **told}


def _double(one: Billed, invoices: Sequence[Booked]) -> dict[str, Any]:
    return {**asdict(one), "invoices": [asdict(invoice) for invoice in invoices]}


def _check(rule: str) -> None:
    if unknown := set(_PLACE.findall(rule)) - set(SHAPES):
        raise ValueError(f"a number is made of {', '.join(SHAPES)}, not of {', '.join(sorted(unknown))}")


def _number(rule: str, words: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: words[place[1]], rule)


def _shape(rule: str) -> re.Pattern[str]:
    # Odd parts are names of places, even parts stand as they are.
    parts = _PLACE.split(rule)
    return re.compile("".join(SHAPES[p] if odd % 2 else re.escape(p) for odd, p in enumerate(parts)))


def _words(world: World, record: Record[Application], application: Application) -> dict[str, str]:
    project = world.procore.projects.truth(record.project_id or 0)
    contract = world.procore.prime_contracts.truth(application.contract_id)
    return {
        "id": str(record.id),
        "number": str(application.number),
        "invoice_number": application.invoice_number,
        "project": str(record.project_id),
        "project_number": str(((project and project.value) or {}).get("project_number", "")),
        "contract": str(application.contract_id),
        "contract_number": str(((contract and contract.value) or {}).get("number", "")),
    }
