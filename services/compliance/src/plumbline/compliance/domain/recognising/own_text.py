"""A form's own text: what is printed around it, and clearly is no part of it, is cut away before wording is compared.

Cut are a letterhead above the form's first words, numbers of pages and signing services at the edge of a
page, and a notary's block after the form's last words. Whatever has a word that could change what the
form does stays, so that it is seen as foreign.
"""

import re
from collections.abc import Iterable, Sequence

from plumbline.compliance.domain.content import FormField, PaperContent
from plumbline.compliance.domain.recognising.gathering import form_words
from plumbline.compliance.domain.recognising.values import is_blank
from plumbline.compliance.domain.statutory import Form, words

LETTERHEAD_LINES = 8
LETTERHEAD_WORDS = 16
"""Most words of a line of a letterhead."""

_PAGE_NUMBER = re.compile(r"(?:page\s+)?\d{1,3}(?:\s*(?:of|/)\s*\d{1,3})?|-\s*\d{1,3}\s*-", re.IGNORECASE)
_SIGNING_SERVICE = re.compile(r"docusign envelope id:?\s*[0-9a-f-]{20,40}", re.IGNORECASE)

_CLAUSE = frozenset(
    [
        "all",
        "any",
        "agree",
        "agrees",
        "be",
        "but",
        "claim",
        "claims",
        "contractor",
        "due",
        "except",
        "for",
        "hereby",
        "however",
        "if",
        "is",
        "law",
        "lien",
        "may",
        "must",
        "no",
        "not",
        "only",
        "or",
        "owed",
        "owner",
        "paid",
        "pay",
        "payment",
        "payments",
        "provided",
        "right",
        "rights",
        "shall",
        "signer",
        "subject",
        "terms",
        "that",
        "this",
        "unless",
        "until",
        "upon",
        "void",
        "when",
        "which",
        "will",
    ]
)
"""Words that sentences have and letterheads have not."""

_NOTARY_WORDS = frozenset(
    [
        "state",
        "of",
        "texas",
        "ohio",
        "county",
        "ss",
        "sworn",
        "to",
        "and",
        "subscribed",
        "before",
        "me",
        "by",
        "on",
        "this",
        "the",
        "day",
        "a",
        "notary",
        "public",
        "in",
        "for",
        "my",
        "commission",
        "expires",
        "acknowledged",
        "was",
        "instrument",
        "is",
        "personally",
        "known",
        "signature",
        "printed",
        "name",
        "seal",
        "stamp",
        "appeared",
        "undersigned",
        "authority",
        "st",
        "nd",
        "rd",
        "th",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "date",
        "id",
        "no",
        "number",
    ]
)
_NOTARY_BEGINS = ("state", "sworn", "subscribed", "this", "acknowledged", "before")
_NOTARY_NAME_WORDS = 14
"""Words of a notary's block that may be names: the notary, the signer, the county."""


def own_text(content: PaperContent, form: Form) -> str:
    """Return the text of a paper that is to be compared with a form, what its fields say without belonging there included."""
    lines = [line for page in content.pages for line in _without_edges(page.text.splitlines())]
    own = _above_notary(_below_letterhead(lines, form), form)
    return "\n".join([*own, *_foreign_values(content.fields, form)])


def _without_edges(lines: Sequence[str]) -> Sequence[str]:
    """Cut what numbers a page, where it is a page's first or last line."""
    said = [line for line in lines if line.strip()]
    while said and _is_edge(said[-1]):
        said = said[:-1]
    while said and _is_edge(said[0]):
        said = said[1:]
    return said


def _is_edge(line: str) -> bool:
    bare = line.strip()
    return _PAGE_NUMBER.fullmatch(bare) is not None or _SIGNING_SERVICE.fullmatch(bare) is not None


def _below_letterhead(lines: Sequence[str], form: Form) -> Sequence[str]:
    first = form.fixed[:2]
    for number, line in enumerate(lines[: LETTERHEAD_LINES + 1]):
        if words(line)[:2] == first:
            return lines[number:]
        if not _is_letterhead(line, form):
            break
    return lines


def _is_letterhead(line: str, form: Form) -> bool:
    said = words(line)
    return len(said) <= LETTERHEAD_WORDS and not _CLAUSE.intersection(said) and not _changes(said, form)


def _changes(said: Iterable[str], form: Form) -> bool:
    return not set(form.not_in_blanks).isdisjoint(said)


def _above_notary(lines: Sequence[str], form: Form) -> Sequence[str]:
    last = form.fixed[-3:]
    for number, line in enumerate(lines):
        rest = words(" ".join(lines[number + 1 :]))
        if words(line)[-3:] == last and rest and rest[0] in _NOTARY_BEGINS:
            return lines[: number + 1] if _is_notary(rest, form) else lines
    return lines


def _is_notary(said: Sequence[str], form: Form) -> bool:
    """Say whether words are a notary's block and nothing else but few names and numbers."""
    others = [word for word in said if word not in _NOTARY_WORDS and not word.isdigit() and word not in "()"]
    is_block = {"notary", "public", "me"} <= set(said)
    return (
        is_block
        and len(others) <= _NOTARY_NAME_WORDS
        and not _changes(others, form)
        and not _CLAUSE & set(others)
    )


def _foreign_values(fields: Iterable[FormField], form: Form) -> Iterable[str]:
    """Give what fields say that could not stand in the form's blank of that name."""
    for field in fields:
        if is_blank(field.value) or field.value.lower() in {"off", "yes", "on"}:
            continue
        blank = form.blanks.get(form_words(field.name).replace(" ", "_"))
        if blank is None or not form.takes(blank, words(field.value)):
            yield field.value
