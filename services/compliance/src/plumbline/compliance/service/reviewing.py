"""What people do with papers: look at them, say what they are, accept what was only asked about, acknowledge."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field, ValidationError

from plumbline.common.clock import Clock
from plumbline.common.connections import Connections
from plumbline.common.errors import NeedsHumanError
from plumbline.compliance.domain.decision import Outcome
from plumbline.compliance.domain.document import Document, Review, known_of
from plumbline.compliance.domain.papers import FIELDS
from plumbline.compliance.domain.reading import Fact
from plumbline.compliance.domain.rules.deciding import decide, looked_at
from plumbline.compliance.domain.rules.model import Check
from plumbline.compliance.domain.rules.rule_set import RuleSet
from plumbline.compliance.domain.tax_numbers import whole_tax_numbers
from plumbline.compliance.ports.book import Decided, Errand, PaperBook, Placed
from plumbline.compliance.ports.documents import RuleBooks
from plumbline.compliance.service.story import story

LISTED = 500
"""Papers that one list shows."""


class UnknownPaperError(NeedsHumanError):
    """There is no such paper; `plumbline papers ls` lists those there are."""


class UnfitReviewError(NeedsHumanError):
    """What was said of a paper cannot be; the sentence tells why."""


class NoTicketError(NeedsHumanError):
    """The paper is at no desk, so there is nothing to acknowledge."""


class Word(Fact):
    """What a person says of a paper."""

    by: str = Field(min_length=1, max_length=200)
    why: str = Field(min_length=1, max_length=1000)
    kind: str | None = None
    fields: Mapping[str, Any] = Field(default_factory=dict)
    accepts: tuple[str, ...] = ()
    project_id: str | None = None
    vendor_id: str | None = None
    payable: str | None = Field(default=None, pattern=r"^payable/[^/]+/[^/]+/requisition/[^/]+$")


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision made once more."""

    decided: Decided
    is_equal: bool
    sentence: str

    def told(self) -> dict[str, Any]:
        """Return it as people see it."""
        one = self.decided
        return {
            "version": one.version,
            "at": one.at,
            "rule_set": one.rule_set,
            "inputs": one.inputs,
            "equal": self.is_equal,
            "sentence": self.sentence,
        }


class Reviewing:
    """People's side of papers."""

    def __init__(
        self,
        *,
        connections: Connections,
        rule_set: RuleSet,
        book: PaperBook,
        rule_books: RuleBooks,
        clock: Clock,
    ) -> None:
        """Work on the papers of `book`."""
        self._connections = connections
        self._rule_set = rule_set
        self._book = book
        self._rule_books = rule_books
        self._clock = clock

    async def listed(
        self, *, state: str | None, connection: str | None, held: str | None
    ) -> Sequence[Mapping[str, Any]]:
        """Return the newest papers of a state or a connection, or those that are held for a reason."""
        return await self._book.listed(state=state, connection=connection, held=held, limit=LISTED)

    async def refused(self, *, connection: str | None) -> Sequence[Mapping[str, Any]]:
        """Return what was found and not taken."""
        return await self._book.refused(connection=connection, limit=LISTED)

    async def told(self, document_id: str) -> tuple[Document, Sequence[Errand], list[str]]:
        """Return a paper, its errands, and its story in sentences.

        Raises:
            UnknownPaperError: needs a person.
        """
        document = await self._found(document_id)
        errands = await self._book.errands(document)
        return document, errands, story(document, await self._book.decisions(document), errands)

    async def tell(self, key: str) -> Mapping[str, Any] | None:
        """Tell the story of a document's record; None if nothing is known of it."""
        document = await self._book.document(key.rpartition("/")[2])
        if document is None or document.key != key:
            return None
        _, _, sentences = await self.told(document.document)
        return {"state": document.state, "kind": document.kind, "tags": document.tags, "story": sentences}

    async def review(self, document_id: str, word: Word) -> Document:
        """Keep what a person says of a paper; it is then decided anew.

        Raises:
            UnknownPaperError, UnfitReviewError: need a person; nothing was kept.
        """
        document = await self._found(document_id)
        for problem in self._problems(document, word):
            raise UnfitReviewError(problem)
        review = Review(
            at=self._clock.now(),
            by=word.by,
            why=word.why,
            kind=word.kind,
            fields=word.fields,
            accepts=word.accepts,
            looked_at=tuple(
                looked_at(one.rule, one.sentence) for one in document.decisions if one.rule in word.accepts
            ),
        )
        try:
            known_of(document.recognised, (*document.reviews, review))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise UnfitReviewError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        await self._book.review(document, review, self._placed(document, word))
        return document

    async def acknowledge(self, document_id: str, *, by: str) -> str:
        """Say for its desk that a paper has arrived there; return the ticket. Safe to repeat.

        Raises:
            UnknownPaperError, NoTicketError: need a person.
        """
        document = await self._found(document_id)
        live = next((one for one in await self._book.errands(document) if one.withdrawn_at is None), None)
        if live is None:
            raise NoTicketError(f"{document.file_name} is at no desk: its state is {document.state}.")
        await self._book.acknowledge(document, live.ticket, by=by, at=self._clock.now())
        return live.ticket

    async def replayed(self, document_id: str) -> Sequence[Replayed]:
        """Make every decision about a paper once more, from the facts and the rules that it was made by.

        Raises:
            UnknownPaperError: needs a person.
        """
        document = await self._found(document_id)
        return [await self._again(one) for one in await self._book.decisions(document)]

    async def _again(self, decided: Decided) -> Replayed:
        rules = await self._rule_books.past(decided.rule_set)
        if rules is None or rules.hash != decided.rule_set:
            return Replayed(
                decided, is_equal=False, sentence="The rules that it was made by are not kept any more."
            )
        if decided.facts.digest() != decided.inputs:
            return Replayed(
                decided, is_equal=False, sentence="The facts that are kept are not those that it was made by."
            )
        equal = decide(decided.facts, rules) == decided.decisions
        sentence = "Made once more, it is the same." if equal else "Made once more, it is another."
        return Replayed(decided, is_equal=equal, sentence=sentence)

    async def _found(self, document_id: str) -> Document:
        document = await self._book.document(document_id)
        if document is None:
            raise UnknownPaperError(
                f"There is no paper {document_id}; `plumbline papers ls` lists those there are."
            )
        return document

    def _problems(self, document: Document, word: Word) -> Iterator[str]:
        if document.state == "destroyed":
            yield "The paper was destroyed: nothing is decided about it any more."
        if not (
            word.kind or word.fields or word.accepts or word.project_id or word.vendor_id or word.payable
        ):
            yield "It says nothing: give a kind, fields, rules to accept, or where the paper belongs."
        if word.kind is not None and word.kind not in FIELDS:
            yield f"No paper is of kind {word.kind}; kinds are {', '.join(FIELDS)}."
        if whole_tax_numbers(f"{word.why} {word.by} {dict(word.fields)}"):
            yield "It holds a whole tax number; say its last four digits alone."
        config = self._connections.get(document.connection)
        if word.project_id and (config is None or word.project_id not in config.procore.projects):
            yield f"Project {word.project_id} is none of connection {document.connection}."
        project_id = word.project_id or document.project_id
        company_id = config.procore.company_id if config else document.company_id
        if word.payable and not word.payable.startswith(f"payable/{company_id}/{project_id}/"):
            yield f"{word.payable} is none of the paper's project {project_id}; say that with it, or give another payable."
        for rule in word.accepts:
            if rule not in self._acceptable(document):
                yield (
                    f"{rule} cannot be accepted: only a check that asks for a look and nothing more can. What would "
                    "hold or reject a paper needs another paper, or an override of its payment."
                )

    def _acceptable(self, document: Document) -> set[str]:
        looks = {
            rule.id
            for rule in self._rule_set.rules
            if isinstance(rule, Check) and rule.otherwise is Outcome.REVIEW
        }
        return {one.rule for one in document.decisions if one.rule in looks and one.outcome is Outcome.REVIEW}

    def _placed(self, document: Document, word: Word) -> Placed:
        config = self._connections.get(document.connection)
        company_id = config.procore.company_id if config and word.project_id else None
        return Placed(
            company_id=company_id,
            project_id=word.project_id,
            vendor_id=word.vendor_id,
            payable=word.payable,
        )
