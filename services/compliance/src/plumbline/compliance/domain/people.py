"""The people of a certified payroll: who worked in two classifications has two lines, one workweek and one pay."""

from collections.abc import Mapping, Sequence

from plumbline.compliance.domain.names import folded
from plumbline.compliance.domain.papers import Cents, Minutes, Payroll, Text, Worker
from plumbline.compliance.domain.reading import Fact, Read, value_of


def with_rates(payroll: Payroll, rates: Mapping[str, int]) -> Payroll:
    """Return a payroll with the wage determination's rate beside each journeyworker's line.

    What a person said of a line stays. An apprentice's rate is a share of it that the programme sets, and is nobody's
    here to know.
    """
    known = {folded(classification): cents for classification, cents in rates.items()}

    def rated(line: Worker) -> Worker:
        if line.required_cents is not None or value_of(line.is_apprentice) is not False:
            return line
        return line.model_copy(update={"required_cents": known.get(folded(value_of(line.classification)))})

    if payroll.workers is None:
        return payroll
    return payroll.model_copy(update={"workers": tuple(rated(line) for line in payroll.workers)})


class Person(Fact):
    """One worker over all lines of a payroll."""

    name: Text = None
    total_minutes: Minutes = None
    overtime_minutes: Minutes = None
    gross_cents: Cents = None
    all_work_cents: Cents = None
    deductions_cents: Cents = None
    net_cents: Cents = None


_NOBODY_SAYS = 0.0
"""How sure sums are of lines of one name of which nothing tells whether they are one person's."""


def people(workers: Sequence[Worker]) -> tuple[Person, ...]:
    """Return everybody whose work a payroll shows, in the order of their first lines."""
    lines_of: list[list[Worker]] = []
    for worker in workers:
        mine = next((lines for lines in lines_of if _is_same(lines[0], worker)), None)
        if mine is None:
            lines_of.append([worker])
        else:
            mine.append(worker)
    return tuple(_person(lines) for lines in lines_of)


def _is_same(one: Worker, other: Worker) -> bool:
    """Say whether two lines may be of one worker; entries that differ part only those whom nothing else joins."""
    entries = value_of(one.entry), value_of(other.entry)
    numbers = value_of(one.identifier), value_of(other.identifier)
    if _is_told(one, other):
        return True
    return None in entries and _named(one) == _named(other) and (None in numbers or numbers[0] == numbers[1])


def _is_told(one: Worker, other: Worker) -> bool:
    """Say whether two lines surely are of one worker.

    By one entry number (1A), or by one name and identifying number, which some write beside the name.
    """
    entry, number, name = value_of(one.entry), value_of(one.identifier), _named(one)
    if entry is not None and entry == value_of(other.entry):
        return True
    is_numbered = (number is not None and number == value_of(other.identifier)) or any(
        char.isdigit() for char in name
    )
    return is_numbered and name == _named(other)


def _person(lines: Sequence[Worker]) -> Person:
    first, *others = lines
    if not others:
        return Person.model_validate({name: getattr(first, name) for name in Person.model_fields})
    is_told = all(_is_told(first, other) for other in others)
    all_work, deductions, net = _pay(lines)
    joined = {
        "total_minutes": _sum([one.total_minutes for one in lines]),
        "overtime_minutes": _sum([one.overtime_minutes for one in lines]),
        "gross_cents": _sum([one.gross_cents for one in lines]),
        "all_work_cents": all_work,
        "deductions_cents": deductions,
        "net_cents": net,
    }
    if not is_told:
        joined = {
            name: read and Read[int](value=read.value, confidence=_NOBODY_SAYS)
            for name, read in joined.items()
        }
    return Person.model_validate({"name": first.name, **joined})


def _pay(lines: Sequence[Worker]) -> tuple[Cents, Cents, Cents]:
    """Return what was earned on all work, deducted and paid; lines say their own, or each of them that of all."""
    columns = (
        [one.all_work_cents for one in lines],
        [one.deductions_cents for one in lines],
        [one.net_cents for one in lines],
    )
    rows = [
        (value_of(one.all_work_cents), value_of(one.deductions_cents), value_of(one.net_cents))
        for one in lines
    ]
    is_own = all(value_of(one.all_work_cents) == value_of(one.gross_cents) for one in lines)
    adds_up = all(
        all_work is not None and off is not None and net is not None and all_work - off == net
        for all_work, off, net in rows
    )
    if adds_up and (is_own or len(set(rows)) > 1):
        return _sum(columns[0]), _sum(columns[1]), _sum(columns[2])
    return _sum(columns[0]) if is_own else _once(columns[0]), _once(columns[1]), _once(columns[2])


def _once(reads: Sequence[Read[int] | None]) -> Read[int] | None:
    """Return what lines say, where each that says it says the same of all of them; else their sum."""
    said = {read.value for read in reads if read is not None and read.value is not None}
    joined = _sum(reads)
    return joined if joined is None or len(said) != 1 else joined.model_copy(update={"value": said.pop()})


def _sum(reads: Sequence[Read[int] | None]) -> Read[int] | None:
    """Return the sum of what lines say, a blank if all are blank; None if one could not be read."""
    read = [one for one in reads if one is not None]
    if len(read) < len(reads):
        return None
    values = [one.value for one in read if one.value is not None]
    return Read[int](value=sum(values) if values else None, confidence=min(one.confidence for one in read))


def _named(worker: Worker) -> str:
    return folded(value_of(worker.name))
