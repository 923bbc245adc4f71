"""What rules may ask around a paper: its project, its vendor, its payable, the vendor's other papers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from plumbline.compliance.domain.content import Structure
from plumbline.compliance.domain.document import Document, Known
from plumbline.compliance.domain.facts import DocumentFacts, HeldLicence, LastPayroll, Project, Vendor
from plumbline.compliance.domain.papers import STATE_OF, W9, Fields, Licence, Payroll, Timesheet
from plumbline.compliance.domain.people import with_rates
from plumbline.compliance.domain.projects import Sheets
from plumbline.compliance.domain.reading import Read, value_of
from plumbline.compliance.domain.tax_numbers import whole_tax_numbers
from plumbline.compliance.domain.workweek import with_work_elsewhere
from plumbline.compliance.ports.documents import Documents
from plumbline.compliance.ports.surroundings import Authorities, Directory, Firm, Payables, Place


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Gathers the facts of papers."""

    directory: Directory
    sheets: Sheets
    documents: Documents
    payables: Payables | None = None
    authorities: Authorities | None = None

    async def place(self, document: Document) -> Place | None:
        """Return the project of a paper, as Procore has it."""
        if document.project_id is None:
            return None
        return await self.directory.project(document.connection, document.project_id)

    async def firm(self, document: Document) -> Firm | None:
        """Return the vendor of a paper, as Procore has it."""
        if document.vendor_id is None:
            return None
        return await self.directory.vendor(document.connection, document.vendor_id)

    async def facts(
        self,
        document: Document,
        known: Known,
        *,
        place: Place | None,
        firm: Firm | None,
        today: date,
        received_on: date,
    ) -> DocumentFacts:
        """Return all that rules may ask about a paper today."""
        payable = None
        if document.payable and self.payables:
            payable = await self.payables.facts(document.connection, document.payable)
        return DocumentFacts(
            document=document.document,
            kind=known.kind,
            kind_confidence=known.confidence,
            file=document.recognised.file if document.recognised else Structure(),
            fields=await self._with_ours(known, document),
            project=self._project(document, place, firm, today),
            vendor=await self._vendor(document, known, firm),
            payable=payable,
            received_on=received_on,
            as_of=today,
            accepted=tuple(sorted({look for review in document.reviews for look in review.looked_at})),
        )

    def _project(self, document: Document, place: Place | None, firm: Firm | None, today: date) -> Project:
        sheet = self.sheets.project(document.project_id)
        trade = self.sheets.trade(
            vendor_id=document.vendor_id,
            project_id=document.project_id,
            in_directory=firm.trades if firm else (),
        )
        state = place.postal_state if place else None
        found = None
        if state and place and self.authorities:
            found = self.authorities(
                state=state,
                county=place.county,
                city=place.city,
                discipline=sheet.discipline or trade,
                day=today,
            )
        said = {
            **sheet.model_dump(),
            "trade": trade,
            "state": state,
            "county": place.county if place else None,
            "city": place.city if place else None,
            "authorities": found,
        }
        return Project.model_validate(said)

    async def _with_ours(self, known: Known, document: Document) -> Fields:
        """Return the fields with what is ours to know.

        Of a W-9 that is the count of whole numbers in what is told of it, of a payroll the wage determination's rates,
        of a timesheet what its employee worked on other projects.
        """
        match known.fields:
            case Payroll() as payroll:
                return with_rates(payroll, self.sheets.project(document.project_id).wage_rates or {})
            case Timesheet() as sheet:
                return with_work_elsewhere(sheet, await self._timesheets_elsewhere(document))
            case W9() as form:
                outside = whole_tax_numbers(
                    " ".join((document.file_name, document.source_record, *document.tags))
                )
                said = Read[int](value=outside, confidence=1)
                return form.model_copy(update={"whole_numbers_outside": said})
            case fields:
                return fields

    async def _timesheets_elsewhere(self, document: Document) -> Sequence[Timesheet]:
        if document.vendor_id is None:
            return ()
        found = await self.documents.in_order(document.connection, document.vendor_id, "timesheet")
        others = [one.known.fields for one in found if one.known and one.project_id != document.project_id]
        return [one for one in others if isinstance(one, Timesheet)]

    async def _vendor(self, document: Document, known: Known, firm: Firm | None) -> Vendor:
        sheet = self.sheets.vendor(document.vendor_id)
        if document.vendor_id is None:
            return Vendor(legal_name=sheet.legal_name)
        licences = await self.documents.in_order(document.connection, document.vendor_id, "licence")
        last = None
        if isinstance(known.fields, Payroll):
            found = await self.documents.in_order(document.connection, document.vendor_id, "payroll.wh347")
            earlier = _payrolls_before(document, known.fields, found)
            last = max(earlier, key=lambda one: one.week_ends_on, default=None)
        return Vendor(
            legal_name=sheet.legal_name or (firm.name if firm else None),
            licences=tuple(held for one in licences if (held := _held(one))),
            last_payroll=last,
        )


def _held(document: Document) -> HeldLicence | None:
    """Return a licence on file; None where it does not say enough to permit anything."""
    fields = document.known.fields if document.known else None
    if not isinstance(fields, Licence):
        return None
    said = {name: read.value if (read := getattr(fields, name)) else None for name in _OF_LICENCE}
    state = STATE_OF.get(str(said["authority"]).casefold())
    if state is None or not said["number"] or not said["trade"] or not said["expires_on"]:
        return None
    return HeldLicence(
        state=state,
        authority=said["authority"],
        trade=said["trade"],
        grade=said["grade"] or "",
        number=said["number"],
        acr_class=said["acr_class"] or "",
        expires_on=said["expires_on"],
    )


_OF_LICENCE = ("authority", "trade", "grade", "number", "acr_class", "expires_on")


def _payrolls_before(document: Document, this: Payroll, found: Sequence[Document]) -> Iterator[LastPayroll]:
    """Give the payrolls on the same project of the weeks before."""
    week = this.week_ends_on.value if this.week_ends_on else None
    for other in found:
        fields = other.known.fields if other.known else None
        if not isinstance(fields, Payroll) or other.document == document.document:
            continue
        number, ends = value_of(fields.number), value_of(fields.week_ends_on)
        if (
            other.project_id == document.project_id
            and number is not None
            and ends
            and (not week or ends < week)
        ):
            is_final = fields.is_final is not None and fields.is_final.value is True
            yield LastPayroll(number=number, week_ends_on=ends, is_final=is_final)
