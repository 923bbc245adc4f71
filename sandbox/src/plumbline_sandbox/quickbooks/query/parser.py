r"""From a statement to a `Select`, by Intuit's "Query operations and syntax".

    SELECT * | COUNT(*) FROM Entity [WHERE a = 'x' AND b IN ('y', 'z')]
        [ORDERBY f [ASC | DESC], …] [STARTPOSITION n] [MAXRESULTS m]

Keywords and names ignore case; a quote inside a text is written `\'`. There is no OR, no JOIN,
no GROUP BY, no `!=` and no list of properties.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NoReturn

from plumbline_sandbox.quickbooks import errors
from plumbline_sandbox.quickbooks.errors import FaultError

Operator = Literal["=", "<", ">", "<=", ">=", "IN", "LIKE"]
"""How a condition compares."""

DEFAULT_ROWS = 100
"""Rows of an answer when MAXRESULTS is absent."""

MOST_ROWS = 1000
"""Largest MAXRESULTS."""

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:\\.|[^'\\])*')|(?P<number>-?\d+(?:\.\d+)?(?![\w.:-]))|(?P<word>[\w.:+-]+)"
    r"|(?P<sign><=|>=|[=<>(),*])|(?P<other>\S))",
    re.DOTALL,
)
_OPERATORS: dict[str, Operator] = {
    "=": "=",
    "<": "<",
    ">": ">",
    "<=": "<=",
    ">=": ">=",
    "IN": "IN",
    "LIKE": "LIKE",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison; `values` has one entry except for IN."""

    name: str
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Select:
    """A parsed statement; names are as the client wrote them."""

    entity: str
    counts: bool = False
    conditions: tuple[Condition, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    """Properties to sort by, each with "descending"."""
    start: int = 1
    rows: int = DEFAULT_ROWS


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int

    @property
    def keyword(self) -> str:
        return self.text.upper() if self.kind in {"word", "sign"} else ""


def parse(statement: str) -> Select:
    """Return the statement as a plan.

    Raises:
        FaultError: 4000 for what is not in the language, 4001 for a figure out of range.
    """
    return _Parser(statement).select()


class _Parser:
    """Recursive descent over the tokens, one method per clause."""

    def __init__(self, statement: str) -> None:
        self._tokens = list(_tokens(statement))
        self._at = 0

    def select(self) -> Select:
        self._take("SELECT")
        counts = self._columns()
        self._take("FROM")
        entity = self._word()
        conditions = self._conditions() if self._skip("WHERE") else ()
        order = self._order()
        start = self._figure("STARTPOSITION", 1, None)
        rows = self._figure("MAXRESULTS", DEFAULT_ROWS, MOST_ROWS)
        if self._next.kind != "end":
            self._fail()
        return Select(entity, counts, conditions, order, start, rows)

    def _columns(self) -> bool:
        if self._skip("*"):
            while self._skip(
                ","
            ):  # published clients ask for "*, Sku"; there is more in * already (inferred)
                self._word()
            return False
        for keyword in ("COUNT", "(", "*", ")"):
            self._take(keyword)
        return True

    def _conditions(self) -> tuple[Condition, ...]:
        conditions = [self._condition()]
        while self._skip("AND"):
            conditions.append(self._condition())
        return tuple(conditions)

    def _condition(self) -> Condition:
        name = self._word()
        operator = _OPERATORS.get(self._next.keyword)
        if operator is None:
            self._fail()
        self._at += 1
        values = self._list(self._value) if operator == "IN" else (self._value(),)
        return Condition(name, operator, values)

    def _list(self, read: Callable[[], str]) -> tuple[str, ...]:
        self._take("(")
        values = [read()]
        while self._skip(","):
            values.append(read())
        self._take(")")
        return tuple(values)

    def _value(self) -> str:
        token = self._next
        if token.kind not in {"text", "number", "word"}:
            self._fail()
        self._at += 1
        return re.sub(r"\\(.)", r"\1", token.text[1:-1]) if token.kind == "text" else token.text

    def _order(self) -> tuple[tuple[str, bool], ...]:
        if self._skip("ORDER"):
            self._take("BY")
        elif not self._skip("ORDERBY"):
            return ()
        keys = [self._key()]
        while self._skip(","):
            keys.append(self._key())
        return tuple(keys)

    def _key(self) -> tuple[str, bool]:
        name = self._word()
        descending = self._skip("DESC")
        if not descending:
            self._skip("ASC")
        return name, descending

    def _figure(self, keyword: str, default: int, largest: int | None) -> int:
        if not self._skip(keyword):
            return default
        token = self._next
        if token.kind != "number" or not token.text.lstrip("-").isdigit():
            self._fail()
        self._at += 1
        figure = int(token.text)
        if figure < 1:
            raise FaultError(errors.query_invalid(f"value {figure} is too small. Min allowed value is 1"))
        if largest is not None and figure > largest:
            detail = f"value {figure} is too large. Max allowed value is {largest}"
            raise FaultError(errors.query_invalid(detail))
        return figure

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _skip(self, keyword: str) -> bool:
        found = self._next.keyword == keyword
        self._at += found
        return found

    def _take(self, keyword: str) -> None:
        if not self._skip(keyword):
            self._fail()

    def _word(self) -> str:
        token = self._next
        if token.kind != "word":
            self._fail()
        self._at += 1
        return token.text

    def _fail(self) -> NoReturn:
        token = self._next
        shown = token.text or "<EOF>"
        raise FaultError(errors.query_unparsed(f'Encountered "{shown}" at line 1, column {token.column}.'))


def _tokens(statement: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(statement):
        kind = match.lastgroup or "other"
        yield _Token(kind, match[kind], match.start(kind) + 1)
    yield _Token("end", "", len(statement) + 1)
