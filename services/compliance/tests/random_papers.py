"""Random documents: that of a vector, with a few of its facts changed a little, made blank, unsure or unknown."""

import copy
import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from plumbline.compliance.domain.content import Structure
from plumbline.compliance.domain.facts import DocumentFacts
from plumbline.compliance.domain.rules.model import Book
from plumbline.compliance.domain.rules.vectors import facts_from, plain_of
from plumbline.compliance.domain.vocabulary import ROWS

MOST_CHANGES = 6
"""Facts of one document that are changed at most: with more, nothing would ever be in order."""

NEAR_DAYS = (-1, 1, -7, 7, -14, 14, -20, 21, 22, -30, 31, 40, -60, 75, 76, -365, 800)
NEAR_NUMBERS = (-1, 1, -30, 60, 100)
STATES = ("TX", "OH", "OK", None)
TRADES = ("hvac", "plumbing", "electrical", "roofing", None)


def documents(book: Book, *, number: int, seed: int) -> Iterator[DocumentFacts]:
    """Return random documents, always the same for a seed."""
    dice = random.Random(seed)
    starts = [
        plain_of(vector, book.bases) for vector in sorted(book.vectors, key=lambda one: (one.rule, one.case))
    ]
    texts = sorted({text for base in book.bases.values() for text in _texts(base)})
    for _ in range(number):
        plain = copy.deepcopy(dice.choice(starts))
        for _ in range(dice.randrange(MOST_CHANGES + 1)):
            _change(plain, dice, texts)
        yield facts_from(plain)


def _change(plain: dict[str, Any], dice: random.Random, texts: list[str]) -> None:
    part = dice.choice(("fields", "fields", "fields", "rows", "project", "vendor", "payable", "paper"))
    match part:
        case "fields":
            _change_field(plain["fields"], dice, texts)
        case "rows":
            _change_rows(plain["fields"], dice, texts)
        case "project":
            _change_project(plain["project"], dice)
        case "vendor":
            _change_vendor(plain["vendor"], dice)
        case "payable":
            _change_payable(plain, dice)
        case _:
            _change_paper(plain, dice)


def _change_field(fields: dict[str, Any], dice: random.Random, texts: list[str]) -> None:
    names = [name for name in fields if name not in ROWS]
    if not names:  # a paper that says nothing
        return
    name = dice.choice(names)
    if name == "wording":
        _change_wording(fields, dice)
    elif name in {"classification", "tax_number", "last_four"}:
        fields[name] = _unsure(dice.choice(_CHOICES[name]), dice)
    elif name in {"elsewhere_minutes", "elsewhere_overtime_minutes"}:
        fields[name] = dice.choice((0, 60, 2400, 2401))
    else:
        fields[name] = _other(fields[name], dice, texts)


_CHOICES = {
    "classification": ("individual", "llc", "c_corporation", "partnership", None),
    "tax_number": ("ssn", "itin", "ein", "malformed", None),
    "last_four": ("6789", "", "12"),
}


def _change_wording(fields: dict[str, Any], dice: random.Random) -> None:
    if fields["wording"] is None or dice.random() < 0.1:
        fields["wording"] = None
        return
    fields["wording"] = fields["wording"] | dice.choice(
        (
            {"template_cover": dice.choice((0.94, 0.95, 1.0))},
            {"foreign_run_words": dice.choice((0, 12, 13))},
            {"changed_words": dice.choice((0, 1))},
            {"form": dice.choice(("tx-53-284-b", "oh-conditional-progress"))},
        )
    )


def _change_rows(fields: dict[str, Any], dice: random.Random, texts: list[str]) -> None:
    names = [name for name in ROWS if fields.get(name)]
    if not names:
        return
    name = dice.choice(names)
    rows = fields[name]
    match dice.randrange(8):
        case 0:
            fields[name] = None
        case 1:
            fields[name] = []
        case 2:
            rows.append(copy.deepcopy(dice.choice(rows)))
        case _:
            row = dice.choice(rows)
            key = dice.choice(list(row))
            row[key] = (
                dice.choice((None, 6054, 6055, 6056))
                if key == "required_cents"
                else _other(row[key], dice, texts)
            )


def _change_project(project: dict[str, Any], dice: random.Random) -> None:
    name = dice.choice(list(project))
    match name:
        case "state":
            project[name] = dice.choice(STATES)
        case "trade":
            project[name] = dice.choice(TRADES)
        case "required_covers":
            project[name] = dice.choice((None, [], [{"kind": "umbrella", "limit_cents": 1}]))
        case "authorities":
            project[name] = dice.choice((None, [], ["austin-dsd", "columbus-bzs"]))
        case "property_class":
            project[name] = dice.choice((None, "family", "oil_gas"))
        case "cooling_tons":
            project[name] = dice.choice((None, 25.0, 25.1))
        case "heating_btu_per_hour":
            project[name] = dice.choice((None, 1_500_000, 1_500_001))
        case "original_contract_on":
            project[name] = dice.choice((None, date(2021, 12, 31), date(2022, 1, 1)))
        case "federal_contract_cents":
            project[name] = dice.choice((None, 200_000, 200_001))
        case _:
            project[name] = None if dice.random() < 0.3 else _near(project[name], dice, ["Franklin"])


def _change_vendor(vendor: dict[str, Any], dice: random.Random) -> None:
    match dice.randrange(5):
        case 0:
            vendor["legal_name"] = dice.choice((None, "Lone Star Air Inc", "Bluebonnet Plumbing"))
        case 1 if vendor.get("last_payroll"):
            vendor["last_payroll"] = dice.choice((None, vendor["last_payroll"] | {"is_final": True}))
        case 2:
            vendor["licences"] = []
        case _ if vendor["licences"]:
            licence = dice.choice(vendor["licences"])
            licence |= dice.choice(
                (
                    {"acr_class": dice.choice(("A", "B", ""))},
                    {"expires_on": dice.choice((date(2026, 11, 4), date(2026, 11, 5), date(2027, 5, 31)))},
                    {"state": dice.choice(("TX", "OH"))},
                    {"trade": dice.choice(("hvac", "plumbing"))},
                    {"grade": dice.choice(("rmp", "master", "contractor"))},
                    {"number": "TACL/B/000001/E"},
                )
            )
        case _:
            pass


def _change_payable(plain: dict[str, Any], dice: random.Random) -> None:
    if not plain.get("payable") or dice.random() < 0.2:
        plain["payable"] = None
        return
    payable = plain["payable"] | {"open_invoices": dice.randrange(2), "retention_cents": dice.randrange(2)}
    name = dice.choice(("amount_cents", "payee", "maker", "through_on", "is_settled"))
    near = _near(payable[name], dice, ["Lone Star Air LLC"])
    plain["payable"] = payable | {name: near}


def _change_paper(plain: dict[str, Any], dice: random.Random) -> None:
    match dice.randrange(3):
        case 0:
            plain["kind_confidence"] = dice.choice((0.84, 0.85, 1.0))
            plain["file"] = _file(dice)
        case 1:
            plain["as_of"] += timedelta(days=dice.choice((*NEAR_DAYS, -700, -2500)))
        case _:
            plain["received_on"] += timedelta(days=dice.choice(NEAR_DAYS))


def _file(dice: random.Random) -> dict[str, Any]:
    flags = [name for name, of in Structure.model_fields.items() if of.annotation is bool]
    actions = dice.choice(([], [], ["opens a web page"], ["empties fields", "opens another file"]))
    return {"actions": actions, **{name: dice.random() < 0.2 for name in flags}}


def _other(value: Any, dice: random.Random, texts: list[str]) -> Any:
    """Return a value near another, or that it is blank, or unsure, or was not found."""
    if isinstance(value, dict):
        return value["value"]
    match dice.randrange(10):
        case 0:
            return {"value": value, "confidence": dice.choice((0.84, 0.5))}
        case 1:
            return None if not isinstance(value, str) else ""
        case 2:
            return _unsure(value, dice)
        case _:
            return _near(value, dice, texts)


def _unsure(value: Any, dice: random.Random) -> Any:
    return {"value": value, "confidence": dice.choice((0.849, 0.85, 0.851, 1.0))}


def _near(value: Any, dice: random.Random, texts: list[str]) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return dice.choice((0, max(0, value + dice.choice(NEAR_NUMBERS))))
        case float():
            return max(0.0, value + dice.choice((-2.0, -0.1, 0.1, 3.0)))
        case date():
            return value + timedelta(days=dice.choice(NEAR_DAYS))
        case str():
            return dice.choice(texts)
        case list():
            return [*value[1:], *value[:1]] if dice.random() < 0.5 else value[1:]
        case _:
            return dice.choice((None, value))


def _texts(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for part in value.values():
                yield from _texts(part)
        case list():
            for part in value:
                yield from _texts(part)
        case str() if len(value) < 60:
            yield value
        case _:
            pass
