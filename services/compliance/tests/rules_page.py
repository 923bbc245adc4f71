"""The rules as a page: every rule with its sentence, outcome, source and dates.

`python services/compliance/tests/rules_page.py` writes it to docs/compliance.md.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import yaml
from rules_lab import ROOT, RULES, rule_set, shipped

from plumbline.compliance.domain.rules.model import Check, Dated, Route, Source, Table

PAGE = ROOT / "docs" / "compliance.md"

HEAD = """# The rules about papers

**Not legal advice.** These rules help to sort papers; whether one is valid, or enough, is for counsel. Where a source was read only in
copies, or not yet confirmed, its mark and note say so.

Written from `config/rules` by `make docs`. A rule is asked for a day; `until` is the first day on which it holds no more. What it asks for and
was not found, or not read surely enough, makes its outcome `review`. How to write one: [services/compliance](../services/compliance/README.md).

| outcome | means |
|---|---|
| warn | goes on, and is told |
| review | a person looks before it goes on |
| hold | waits for something that can still come |
| reject | this paper will not do; another must be sent |

| mark | means |
|---|---|
| F | read in the source that is named |
| M | measured |
| I | our inference, or our own rule |
| U | known, not yet confirmed in a source |
"""

TITLES = {
    "certificates.yaml": "Certificates of insurance (ACORD 25)",
    "general.yaml": "Every paper, and invoices",
    "licences.yaml": "Licences, permits and plumbers' invoices",
    "oh-lien-papers.yaml": "Ohio lien papers",
    "payrolls.yaml": "Certified payrolls (WH-347)",
    "timesheets.yaml": "Time records",
    "tx-lien-waivers.yaml": "Texas lien waivers",
    "w9.yaml": "IRS Form W-9",
}


def page() -> str:
    """Return the page."""
    files = {path.name: _ids(path) for path in sorted(RULES.glob("*.yaml"))}
    checks = {rule.id: rule for rule in rule_set().rules if isinstance(rule, Check)}
    sections = [
        f"## {TITLES[name]}\n\n{_table([checks[identity] for identity in ids])}"
        for name, ids in files.items()
        if ids
    ]
    return "\n".join([HEAD, *sections, _routes(), _figures(), _forms()])


def _ids(path: Path) -> list[str]:
    return [rule["id"] for rule in yaml.safe_load(path.read_text(encoding="utf-8")).get("checks", [])]


def _table(rules: Iterable[Check]) -> str:
    return _rows(("rule", "about", "sentence", "else", "source", "dates"), [_row(rule) for rule in rules])


def _row(rule: Check) -> Sequence[str]:
    about = ", ".join([*(f"`{kind}`" for kind in rule.kinds), *rule.states, *rule.trades])
    named = f"**{rule.id}**<br>{rule.title}"
    return named, about, _plain(rule.sentence), rule.otherwise, _source(rule.source), _dates(rule)


def _routes() -> str:
    routes = [rule for rule in rule_set().rules if isinstance(rule, Route)]
    tables = [
        f"### {group}\n\n"
        + _rows(("route", "about", "sentence", "goes to", "source", "dates"), map(_way, ways))
        for group, ways in groupby(routes, key=lambda route: route.group)
    ]
    intro = "Of the routes of a group the first that applies counts; here they stand in that order.\n"
    return "\n".join(["## Routes\n", intro, *tables])


def _way(route: Route) -> Sequence[str]:
    about = ", ".join([*(f"`{kind}`" for kind in route.kinds if kind != "*"), *route.states, *route.trades])
    to = f"`{route.desk.topic}`, {route.desk.desk}" if route.desk else f"held: `{route.held}`"
    sentence = _plain(route.sentence)
    return f"**{route.id}**", about or "all", sentence, to, _source(route.source), _dates(route)


def _figures() -> str:
    rows = [_figure(table, row) for table in shipped().tables for row in table.rows]
    return f"## Figures by date\n\n{_rows(('figure', 'value', 'source', 'dates'), rows)}"


def _figure(table: Table, row: Dated) -> Sequence[str]:
    value = row.model_dump()["value"]
    source = Source.model_validate(row.model_dump()["source"])
    return f"`table.{table.name}`<br>{table.title}", str(value), _source(source), _dates(row)


def _forms() -> str:
    rows = [(f"`{form.id}`", form.origin, form.status, f"`{form.sha256[:16]}…`") for form in shipped().forms]
    table = _rows(("form", "whose words", "status", "hash of its text"), rows)
    return f"## Forms\n\nWhere their text is from stands in `config/rules/forms`.\n\n{table}"


def _source(source: Source) -> str:
    read_in = f"; read in {source.read_in}" if source.read_in else ""
    note = f"; {source.note}" if source.note else ""
    return f"[{source.mark}] {source.law}{read_in}{note}"


def _dates(rule: Dated) -> str:
    return f"from {rule.since}" + (f" until {rule.until}" if rule.until else "")


def _plain(sentence: str) -> str:
    return " ".join(sentence.split())


def _rows(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}", *lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
