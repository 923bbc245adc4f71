"""The part of JQL that finds issues by what they have: clauses joined with AND, and an order.

Source: Atlassian docs, advanced searching (JQL fields, operators, ORDER BY).
"""

import re
from collections.abc import Callable
from typing import Any

from plumbline_sandbox.jira.state import ISSUE_TYPES, STATUSES, Issue

_ORDER = re.compile(r"\s*\border\s+by\s+(\w+)(?:\s+(asc|desc))?\s*$", re.IGNORECASE)
_CLAUSE = re.compile(
    r"(\w+)\s*(!=|=|!~|~|\bnot\s+in\b|\bin\b)\s*(\(.*\)|\"[^\"]*\"|'[^']*'|[^\s\"']+)", re.IGNORECASE
)
_VALUE = re.compile(r"\"([^\"]*)\"|'([^']*)'|([^\s,()\"']+)")


class JqlError(Exception):
    """The query cannot be understood; the text is what Jira says."""


_FIELDS: dict[str, Callable[[Issue], list[str]]] = {
    "project": lambda issue: [issue.project],
    "key": lambda issue: [issue.key],
    "issuekey": lambda issue: [issue.key],
    "status": lambda issue: [STATUSES[issue.status_id]],
    "issuetype": lambda issue: [ISSUE_TYPES[issue.fields["issuetype"]["id"]]],
    "labels": lambda issue: list(issue.fields.get("labels", [])),
    "summary": lambda issue: [issue.fields["summary"]],
}
_ORDERS: dict[str, Callable[[Issue], Any]] = {
    "created": lambda issue: (issue.created, int(issue.id)),
    "updated": lambda issue: issue.updated,
    "key": lambda issue: int(issue.key.split("-")[1]),
}


def search(jql: str, issues: list[Issue]) -> list[Issue]:
    """Return the issues a query asks for, newest first unless it says.

    Raises:
        JqlError: The query has no restriction, an unknown field, or cannot be read.
    """
    order = _ORDER.search(jql)
    clauses = _clauses(jql[: order.start()] if order else jql)
    if not clauses:
        raise JqlError(
            "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
        )
    name, direction = (order[1].lower(), (order[2] or "asc").lower()) if order else ("created", "desc")
    if name not in _ORDERS:
        raise JqlError(f"Field '{name}' does not exist or you do not have permission to view it.")
    found = [issue for issue in issues if all(clause(issue) for clause in clauses)]
    return sorted(found, key=_ORDERS[name], reverse=direction == "desc")


def _clauses(text: str) -> list[Callable[[Issue], bool]]:
    clauses: list[Callable[[Issue], bool]] = []
    rest = text.strip()
    while rest:
        match = _CLAUSE.match(rest)
        if match is None:
            raise JqlError(f"Error in the JQL Query: Expecting operator before '{rest[:20]}'.")
        clauses.append(_clause(match[1], " ".join(match[2].lower().split()), match[3]))
        rest = rest[match.end() :].strip()
        if rest:
            joined = re.match(r"and\s+", rest, re.IGNORECASE)
            if joined is None:
                raise JqlError(f"Error in the JQL Query: Expecting 'AND' but got '{rest[:20]}'.")
            rest = rest[joined.end() :]
    return clauses


def _clause(name: str, operator: str, operand: str) -> Callable[[Issue], bool]:
    values = {"".join(found).lower() for found in _VALUE.findall(operand)}
    read = _FIELDS.get(name.lower())
    if read is None:
        raise JqlError(f"Field '{name}' does not exist or you do not have permission to view it.")

    def has(issue: Issue) -> bool:
        told = [text.lower() for text in read(issue)]
        if operator in {"~", "!~"}:
            return any(word in text for text in told for word in values)
        return any(text in values for text in told)

    return (lambda issue: not has(issue)) if operator in {"!=", "not in", "!~"} else has
