"""The plan as a page: every situation of every kind, with what makes no difference left out.

`python services/qb-writer/tests/plan_page.py` writes it to docs/plan.md.
"""

import inspect
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any, get_args

from plumbline.common.connections import PersonPolicy
from plumbline.qb_writer.domain import kinds
from plumbline.qb_writer.domain.kind import Correction, Kind
from plumbline.qb_writer.domain.kinds import KINDS, AnyKind
from plumbline.qb_writer.domain.plan import (
    Acknowledge,
    Aim,
    AskPerson,
    AwaitNeeds,
    AwaitPayment,
    Compare,
    LeaveBe,
    Link,
    Look,
    LookAtNeeds,
    Money,
    Needs,
    Nothing,
    Observe,
    Open,
    Presence,
    Seek,
    Situation,
    Standing,
    Step,
    Twin,
    plan,
)
from plumbline.qb_writer.domain.refusals import QUESTIONS

PAGE = Path(__file__).parents[3] / "docs" / "plan.md"

HEAD = """# What the writer does next

The writer's plan is one pure function from a situation to a step (`services/qb-writer/.../domain/plan.py`). A situation is what is wanted of
a record (its aim) and what is known of its document. These tables are made by asking the function in every situation there is, and leaving
out what makes no difference: of the rows under one title exactly one fits, `·` fits everything. A test walks from every situation, against
every state that QuickBooks may really be in, until the record rests. While a write is open none of this applies: it is settled first.
Written by `make docs`.

- *twin*: whether QuickBooks held a document of its number when the company went live; asked only of what was wanted before that
- *there*: whether there is a document, as far as is known
- *read now*: whether it was read in this piece of work; what was not may have changed since
- *told*: whether QuickBooks, or a payment of ours, tells of a change since it was read
- *edited*: whether a person ended it or changed what we wrote, and then the company's policy `person_changed_it` for its kind
- *as wished*: whether our last write said what is wanted now
- *money*: how much was applied to it, or used of it
- *mailed*: whether the customer has it
- *mail again*: whether a person has asked for another mail (`plumbline resend`)
- *looked for*: whether it was looked for by its marker just now; what has a number of ours need not be, for no number is given twice
- *refers to*: whether what it names is in QuickBooks, with enough open on it
"""

COLUMNS = {
    "presence": "there",
    "twin": "twin",
    "fresh": "read now",
    "told": "told",
    "edited": "edited",
    "as_wished": "as wished",
    "money": "money",
    "mailed": "mailed",
    "mail_again": "mail again",
    "sought": "looked for",
    "needs": "refers to",
}
"""The fields of a situation besides its aim, in the order in which they are asked, and their names on the page."""

Point = Mapping[str, Any]
"""A value of every field. The value of `edited` is the policy that then counts; None: it is not."""

Row = tuple[tuple[tuple[str, tuple[Any, ...]], ...], str]
"""Conditions that make a difference, and the step."""


def dimensions(kind: AnyKind) -> dict[str, Sequence[Any]]:
    """Return the values that each field of a situation can have for a kind."""
    numbered = kind.number is not Kind.__dataclass_fields__["number"].default
    refers = kind.needs is not Kind.__dataclass_fields__["needs"].default
    return {
        "presence": tuple(Presence),
        "twin": tuple(Twin) if numbered else (Twin.NONE,),
        "fresh": (True, False),
        "told": (False, True),
        "edited": (None, *get_args(PersonPolicy)),
        "as_wished": (True, False),
        "money": tuple(Money) if kind.is_guarded else (Money.UNTOUCHED,),
        "mailed": (False, True) if Aim.SENT in kind.aims.values() else (False,),
        "mail_again": (False, True) if Aim.SENT in kind.aims.values() else (False,),
        "sought": (True,) if numbered else (True, False),
        "needs": tuple(Needs) if refers else (Needs.MET, Needs.MISSING),
    }


def aims(kind: AnyKind) -> list[Aim]:
    """Return the aims that a kind can have."""
    return [aim for aim in Aim if aim in kind.aims.values()]


def situation(kind: AnyKind, aim: Aim, standing: Standing, point: Point) -> Situation:
    """Return the situation at a point."""
    policy: PersonPolicy = point["edited"] or "hold"
    fields = {**point, "edited": point["edited"] is not None}
    is_replaced = kind.correction is Correction.REPLACE
    return Situation(aim=aim, standing=standing, policy=policy, is_replaced=is_replaced, **fields)


def can_be(now: Situation) -> bool:
    """Tell whether a situation can come about: what only a look shows is known only after one."""
    if now.presence is not Presence.ABSENT and (
        now.twin is not Twin.NONE or now.standing is Standing.OBSERVED
    ):
        return False
    if now.mail_again and not (now.mailed and now.presence is Presence.HERE):
        return False
    if now.presence in {Presence.VOIDED_BY_PERSON, Presence.DELETED_BY_PERSON}:
        return now.edited
    return not now.edited or (now.fresh and now.presence is Presence.HERE)


def situations(kind: AnyKind, standing: Standing = Standing.LIVE) -> Iterator[Situation]:
    """Return every situation of a kind that can come about while it has a standing."""
    space = dimensions(kind)
    for aim in aims(kind):
        for values in product(*space.values()):
            now = situation(kind, aim, standing, dict(zip(space, values, strict=True)))
            if can_be(now):
                yield now


def table(kind: AnyKind, aim: Aim, standing: Standing = Standing.LIVE) -> tuple[Row, ...]:
    """Return what is done for a kind with an aim and a standing: exactly one row fits each situation."""
    return _table(kind, aim, standing, {}) or ()


def _table(kind: AnyKind, aim: Aim, standing: Standing, fixed: Point) -> tuple[Row, ...] | None:
    """Return the rows of the situations in which some fields are fixed; None if none of them can be."""
    if len(fixed) == len(COLUMNS):
        now = situation(kind, aim, standing, fixed)
        return (((), words(plan(now))),) if can_be(now) else None
    name = list(COLUMNS)[len(fixed)]
    values_of: defaultdict[tuple[Row, ...], list[Any]] = defaultdict(list)
    for value in dimensions(kind)[name]:
        rows = _table(kind, aim, standing, {**fixed, name: value})
        if rows is not None:
            values_of[rows].append(value)
    if len(values_of) <= 1:
        return next(iter(values_of), None)
    return tuple(
        (((name, tuple(values)), *conditions), step)
        for rows, values in values_of.items()
        for conditions, step in rows
    )


def words(step: Step) -> str:
    """Return a step as the page says it."""
    match step:
        case Open(operation=operation):
            return f"**{operation}**"
        case AskPerson(code=code):
            return f"ask: `{code}`"
        case Nothing():
            return "nothing"
        case Look():
            return "read it"
        case Seek():
            return "look for it"
        case Compare():
            return "compare it with what people have made"
        case Link():
            return "take theirs for it"
        case Observe():
            return "observe"
        case LeaveBe():
            return "leave it be"
        case LookAtNeeds():
            return "read what it refers to"
        case Acknowledge():
            return "take note"
        case AwaitPayment():
            return "wait for its payment"
        case AwaitNeeds():
            return "wait for what it refers to"


def page() -> str:
    """Return the page."""
    alike: defaultdict[str, list[AnyKind]] = defaultdict(list)
    for kind in KINDS.values():
        alike["\n".join(_shown(f"wanted: {aim}", table(kind, aim)) for aim in aims(kind))].append(kind)
    about = "\n".join(_about(kind) for kind in KINDS.values())
    tables = "\n".join(
        f"## {', '.join(kind.name for kind in of_kind)}\n\n{tables}" for tables, of_kind in alike.items()
    )
    questions = "\n".join(
        f"| `{code}` | {said.format(It='It', edited='which fields', done='mailed, or paid or used in part', twin='which')} |"
        for code, said in QUESTIONS.items()
    )
    return (
        f"{HEAD}\n{_not_live()}\n## The kinds\n\n{about}\n{tables}\n## What people are asked\n\n"
        f"| code | sentence |\n|---|---|\n{questions}\n"
    )


def _about(kind: AnyKind) -> str:
    module = import_module(f"{kinds.__name__}.{kind.name.replace('-', '_')}")
    return f"**{kind.name}** (QuickBooks: {kind.entity}). {inspect.getdoc(module)}\n"


def _not_live() -> str:
    """Return what is done of every kind and with every aim while it is not to be written: always the same."""
    invoice = KINDS["invoice"]
    return "\n".join(
        _shown(said, table(invoice, Aim.HELD, standing))
        for standing, said in {
            Standing.OBSERVED: "while its company is not live",
            Standing.BEFORE: "from before its company's beginning, or linked to what people had made",
        }.items()
    )


def _shown(title: str, rows: Sequence[Row]) -> str:
    used = [name for name in COLUMNS if any(name in dict(conditions) for conditions, _ in rows)]
    head = " | ".join([*(COLUMNS[name] for name in used), "step"])
    lines = [f"| {' | '.join(_cells(dict(conditions), used))} | {step} |" for conditions, step in rows]
    rule = "---|" * (len(used) + 1)
    return "\n".join([f"### {title}\n", f"| {head} |", f"|{rule}", *lines, ""])


def _cells(conditions: Mapping[str, tuple[Any, ...]], used: Sequence[str]) -> list[str]:
    return [" or ".join(_word(value) for value in conditions.get(name, ())) or "·" for name in used]


def _word(value: Any) -> str:
    return {None: "no", True: "yes", False: "no"}.get(value) or str(value)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
