"""What `plumbline plan` prints: what going live would do, counted and by the record."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from plumbline.stack.cli.console import dollars

WORDS = {
    "create": "make in QuickBooks",
    "link": "link with what is there",
    "leave": "leave be: from before, and not in QuickBooks",
    "number-is-taken": "ask: the number is another document's",
    "refused": "ask: it cannot be written",
    "nothing": "do nothing: it is not wanted",
}
"""Every outcome, in the order in which they are told."""

ROWS_SHOWN = 40
"""Records listed; `--json` has more."""


def print_plan(console: Console, said: Mapping[str, Any]) -> None:
    """Print what `GET /connections/{name}/plan` answered."""
    name, from_day = said["connection"], said["from"]
    if said["live_from"] is not None:
        console.print(
            f"{name} is live, from {said['live_from']} on; `plumbline drift {name}` compares its books."
        )
        return
    console.print(f"{name} only observes: nothing is written to its QuickBooks company.")
    console.print(_totals(said["totals"], f"Going live from {from_day} on would"))
    rows: Sequence[Mapping[str, Any]] = said["records"]
    if rows:
        console.print(_records(rows[:ROWS_SHOWN]))
    if len(rows) > ROWS_SHOWN:
        console.print(f"… and {len(rows) - ROWS_SHOWN} more: `--json` lists up to 500 of each outcome.")
    console.print(
        "What Procore has and no link stands for is not counted: `plumbline parked` lists it.\n"
        f"To begin: plumbline go-live {name} --from {from_day}"
    )


def _totals(totals: Mapping[str, Mapping[str, int]], title: str) -> Table:
    table = Table(title, "records", "amount", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for outcome, words in WORDS.items():
        total = totals.get(outcome) or {}
        table.add_row(words, f"{total.get('records', 0):,}", dollars(total.get("amount_cents", 0)))
    return table


def _records(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table("would", "record", "number", "date", "amount", "note")
    table.columns[4].justify = "right"
    for row in rows:
        note = row["why"] or (f"transaction {row['twin']}" if row["twin"] else "")
        amount = "" if row["amount_cents"] is None else dollars(row["amount_cents"])
        table.add_row(
            row["outcome"], _short(row["record"]), row["number"] or "", row["day"] or "", amount, note
        )
    return table


def _short(record: str) -> str:
    """Return a record's kind and Procore's own id, by which `plumbline trace` finds it."""
    kind, _, rest = record.partition("/")
    return f"{kind} {rest.rpartition('/')[2]}"
