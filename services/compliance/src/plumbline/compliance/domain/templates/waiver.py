"""A lien waiver in the words of its state's form, with its blanks filled.

The words come from the form, never from a template: a template only sets them. What is filled in must fit
the form's blanks, so that whoever compares the printed sheet with the form finds it unchanged.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from plumbline.common.errors import NeedsHumanError
from plumbline.compliance.domain.statutory import Form, compare
from plumbline.compliance.domain.templates.sheet import Sheet, Words

WaiverKind = Literal[
    "lien_waiver.conditional_progress",
    "lien_waiver.unconditional_progress",
    "lien_waiver.conditional_final",
    "lien_waiver.unconditional_final",
]

_BLANK = re.compile(r"\{(\w+)\}")


class UnfitWaiverError(NeedsHumanError):
    """What is to be filled into a form does not fit its blanks; shorten it or put it right."""


class WaiverSheet(Sheet):
    """A waiver, ready to be signed or signed. Which of its values are printed is the form's to say."""

    kind: ClassVar[str] = "waiver"
    sections: ClassVar[frozenset[str]] = frozenset()
    """None: the sheet has the form's words and nothing else."""

    form: WaiverKind
    job_number: Words = ""
    maker: Words = ""
    amount_cents: int | None = Field(default=None, ge=0)
    payee: Words = ""
    through: Words = ""
    """The last day of work that is paid: `October 31, 2026`; the Texas forms say it in the extent."""
    location: Words
    extent: Words
    contracted_with: Words
    date: Words = ""
    """As it is signed: `November 3, 2026`; blank until then."""
    company: Words
    signature: Words = ""
    signer_name: Words = ""
    title: Words = ""

    @model_validator(mode="after")
    def _is_of_a_state(self) -> Self:
        if self.site.state is None:
            raise ValueError("site.state is missing: each state has its own form")
        return self

    def values(self) -> dict[str, str]:
        """Return what goes into the blanks, by their names in the form."""
        amount = (
            "" if self.amount_cents is None else f"{self.amount_cents // 100:,}.{self.amount_cents % 100:02}"
        )
        named = self.model_dump(
            include={
                "maker", "payee", "through", "location", "extent", "contracted_with", "date", "company", "signature",
                "signer_name", "title",
            }
        )  # fmt: skip
        return named | {
            "project": self.site.name,
            "job_number": self.job_number or self.site.number,
            "owner": self.site.owner,
            "amount": amount,
        }

    def form_in(self, forms: Iterable[Form]) -> Form | None:
        """Return the form of its kind and state, if there is one."""
        return next((form for form in forms if (form.kind, form.state) == (self.form, self.site.state)), None)

    def set_in(self, form: Form) -> dict[str, Any]:
        """Return the form as a template sets it: lines of fixed words and filled blanks, in order.

        Raises:
            UnfitWaiverError: needs a person; with these values it would not be the form any more.
        """
        values = self.values()
        text = _BLANK.sub(lambda blank: values[blank.group(1)], form.text)
        wording = compare(form, text)
        if form.kind != self.form or wording.changed_words:
            change = wording.first_change or f"the form is {form.kind}"
            raise UnfitWaiverError(f"{form.origin} would be changed: {change}", form=form.id)
        return {"id": form.id, "lines": [_pieces(line, values) for line in form.text.splitlines()]}

    @override
    def must_show(self) -> Sequence[str]:
        """Return nothing: the whole text of a waiver is compared with its form."""
        return ()


def _pieces(line: str, values: dict[str, str]) -> list[dict[str, str]]:
    parts = _BLANK.split(line)
    return [
        {"blank": part, "value": values[part]} if number % 2 else {"text": part}
        for number, part in enumerate(parts)
        if part
    ]
