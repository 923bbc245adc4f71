"""From a paper's contents to its kind and its typed fields."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

from plumbline.compliance.domain.content import PaperContent
from plumbline.compliance.domain.papers import FIELDS
from plumbline.compliance.domain.reading import Read
from plumbline.compliance.domain.recognised import Place, Recognised
from plumbline.compliance.domain.recognising import ohio
from plumbline.compliance.domain.recognising.cells import plain
from plumbline.compliance.domain.recognising.certificates import certificate
from plumbline.compliance.domain.recognising.daily_reports import daily_report
from plumbline.compliance.domain.recognising.gathering import Gathered
from plumbline.compliance.domain.recognising.invoices import invoice
from plumbline.compliance.domain.recognising.kinds import form_like, kind_of
from plumbline.compliance.domain.recognising.licences import licence
from plumbline.compliance.domain.recognising.payrolls import payroll
from plumbline.compliance.domain.recognising.permits import permit
from plumbline.compliance.domain.recognising.timesheets import timesheet
from plumbline.compliance.domain.recognising.w9 import w9
from plumbline.compliance.domain.recognising.waivers import waiver
from plumbline.compliance.domain.statutory import Form
from plumbline.compliance.domain.tax_numbers import masked, masked_social_security, whole_tax_numbers

IDENTIFIERS = frozenset(
    {"number", "instrument_number", "licence_number", "wage_determination", "rmp_licence"}
)
"""Fields whose numbers may look like an EIN without being one; they are masked as Social Security numbers alone."""

_READERS = {
    "ohio.notice_of_commencement": ohio.commencement,
    "ohio.notice_of_furnishing": ohio.furnishing,
    "ohio.lien_affidavit": ohio.affidavit,
    "coi.acord25": certificate,
    "payroll.wh347": payroll,
    "licence": licence,
    "timesheet": timesheet,
    "invoice": invoice,
    "daily_report": daily_report,
}


def recognise(
    content: PaperContent, forms: Iterable[Form], *, authorities: Mapping[str, str] | None = None
) -> Recognised:
    """Return what kind of paper it is and what it says.

    Args:
        content: What a reader found in the file.
        forms: The forms by which waivers are told and with which their wording is compared.
        authorities: Ids of the directory's authorities by the names that they print on permits.
    """
    known = tuple(forms)
    kind = kind_of(content, known)
    if kind.name is None:
        return Recognised(kind=None, kind_confidence=0, why=masked(kind.why), file=content.structure)
    gathered, number = _read(content, kind.name, known, authorities or {})
    outside = _mask(gathered, content, number)
    if kind.name == "w9":
        gathered.tell("whole_numbers_outside", outside, 1.0)
    return Recognised(
        kind=kind.name,
        kind_confidence=kind.confidence,
        why=masked(kind.why),
        file=content.structure,
        fields=FIELDS[kind.name].model_validate(gathered.values),
        places=gathered.places,
        tax_number=number,
    )


def _read(
    content: PaperContent, kind: str, forms: tuple[Form, ...], authorities: Mapping[str, str]
) -> tuple[Gathered, SecretStr | None]:
    if kind == "w9":
        return w9(content)
    if kind == "permit":
        return permit(content, {plain(name): one for name, one in authorities.items()}), None
    if kind.startswith("lien_waiver."):
        return waiver(content, kind, form_like(content, kind, forms)), None
    return _READERS[kind](content), None


def _mask(gathered: Gathered, content: PaperContent, number: SecretStr | None) -> int:
    """Mask whole tax numbers in all that was gathered, and return how many would have left the safe."""
    masking = _Masking(number)
    gathered.values = {name: masking.of(value, name) for name, value in gathered.values.items()}
    gathered.places = {
        name: Place(source=place.source, page=place.page, at=masking.text(place.at, ""))
        for name, place in gathered.places.items()
    }
    return masking.count + whole_tax_numbers(content.title)


class _Masking:
    """Masks tax numbers wherever they are written, the paper's own however it is spelled."""

    def __init__(self, number: SecretStr | None) -> None:
        digits = re.sub(r"\D", "", number.get_secret_value()) if number else ""
        self._own = re.compile(r"[\s-]*".join(digits)) if digits else None
        self.count = 0

    def text(self, text: str, name: str) -> str:
        said = masked_social_security(text) if name in IDENTIFIERS else masked(text)
        if self._own:
            said = self._own.sub(lambda found: f"***{found[0][-4:]}", said)
        self.count += said != text
        return said

    def of(self, value: Any, name: str) -> Any:
        """Return a value, a row, or rows with every text masked."""
        if isinstance(value, str):
            return self.text(value, name)
        if isinstance(value, Read) or (isinstance(value, BaseModel) and not isinstance(value, Form)):
            said = {key: getattr(value, key) for key in type(value).model_fields}
            return value.model_copy(
                update={key: self.of(one, name if key == "value" else key) for key, one in said.items()}
            )
        if isinstance(value, tuple):
            return tuple(self.of(one, name) for one in value)
        return value
