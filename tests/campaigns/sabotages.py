"""Sabotages of the writer: each takes out one thing that its promise rests on, and must be caught.

A sabotage is applied inside the process that it spoils: a life of the crash sweep, or pytest. It counts as caught
only if what is found is what had to come of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from plumbline.common.reconciling import store
from plumbline.qb_writer.adapters import ledger
from tests.campaigns import spoiling as spoil
from tests.campaigns.cases import Case, End, Fate, Point, Retrier, Step, Subject

UNANSWERED = frozenset({Fate.LOST_AFTER, Fate.FAILED_AFTER, Fate.TRUNCATED})
"""Fates in which QuickBooks did it and nobody knows."""

SENDING = frozenset({Point.SENT, Point.ANSWERED, Point.READ})
"""Points at which QuickBooks has the whole request, and the tables do not know its end."""

PAID_BY_ONE = frozenset({Subject.INVOICE, Subject.BILL})
"""Subjects whose payment is the only write of the step."""

TWICE = r"committed 2 times|created 2 times|holds 2 documents"
"""What is found if something was made twice."""

LEASES = "libs/common/tests/test_common_reconciler_leases.py"
OUTBOX = "libs/common/tests/test_common_outbox.py"
FAIRNESS = "libs/common/tests/test_common_reconciler_fairness.py"


def of_writer(file: str, test: str = "") -> str:
    """Return the name of one of the writer's tests, or of a file of them."""
    return f"services/qb-writer/tests/test_qb_writer_{file}.py" + (f"::test_{test}" if test else "")


@dataclass(frozen=True, slots=True)
class Sabotage:
    """One thing taken out."""

    what: str
    """What is taken out, in words."""
    apply: Callable[[], None]
    symptom: str
    """What has to be found, as a regular expression: in a finding of the verdict, or in what a test says."""
    cases: Callable[[Case], bool] | None = None
    """Cases of the crash sweep that must catch it …"""
    tests: Sequence[str] = field(default=())
    """… or tests, by pytest's node ids."""


def unchecked(case: Case) -> bool:
    """Say whether QuickBooks itself would take a number twice, so that a second document shows."""
    return not case.switches["duplicate_check"]


def lagging(case: Case) -> bool:
    """Say whether only the request id can tell of a write whose answer was lost."""
    return case.fate in UNANSWERED and bool(case.switches["index_lag_s"]) and unchecked(case)


def forgotten(case: Case) -> bool:
    """Say whether only a look-up can tell of it."""
    return case.fate in UNANSWERED and case.retrier is Retrier.FORGOTTEN and unchecked(case)


SABOTAGES: Mapping[str, Sabotage] = {
    "no-request-id": Sabotage(
        "writes carry no request id", spoil.requests(spoil.without_request_id), TWICE, cases=lagging
    ),
    "new-request-id": Sabotage(
        "a write that is sent again carries another request id",
        spoil.requests(spoil.another_request_id),
        TWICE,
        cases=lagging,
    ),
    "no-look-up": Sabotage(
        "an unknown create is not looked up",
        spoil.see_nothing,
        TWICE,
        cases=lambda c: forgotten(c) and c.course.subject is Subject.INVOICE,
    ),
    "no-look-up-of-bills": Sabotage(
        "an unknown bill is not looked up",
        spoil.blind("bill"),
        "bill/.* was committed 2 times",
        cases=lambda c: forgotten(c) and c.course.subject is Subject.BILL,
    ),
    "no-look-up-of-credit-memos": Sabotage(
        "an unknown credit memo is not looked up",
        spoil.blind("credit-memo"),
        "credit-memo/.* was committed 2 times",
        cases=lambda c: forgotten(c) and c.course.subject is Subject.CREDIT_MEMO,
    ),
    "no-look-up-of-payments": Sabotage(
        "an unknown payment is not looked up through what it pays",
        spoil.blind("payment", "bill-payment"),
        r"payment/\S+ is unfinished.*more than the open balance",
        cases=lambda c: forgotten(c) and c.steps[-1] is Step.PAY and c.course.subject in PAID_BY_ONE,
    ),
    "uploads-blindly": Sabotage(
        "nobody looks among the attachments before a file is uploaded a second time",
        spoil.blind("attachment"),
        "attachment/.* was committed 2 times",
        cases=lambda c: c.fate in UNANSWERED and Step.ATTACH in c.steps,
    ),
    "stores-after-sending": Sabotage(
        "a write is stored only after it was sent",
        spoil.store_after_sending,
        TWICE,
        cases=lambda c: (
            c.end is End.KILL
            and c.point in SENDING
            and c.retrier is Retrier.FORGOTTEN
            and c.fate is Fate.OK
            and unchecked(c)
        ),
    ),
    "confirms-in-two": Sabotage(
        "the end of a write and what was observed by it are two commits",
        spoil.confirm_without_the_record,
        "not at rest",
        cases=lambda c: c.end is End.KILL and c.point is Point.CONFIRMED and unchecked(c),
    ),
    "no-send-guard": Sabotage(
        "nobody looks whether an invoice was mailed before it is mailed again",
        spoil.send_without_looking,
        "2 mails, must be 1",
        cases=lambda c: c.fate in UNANSWERED and Step.SEND in c.steps,
    ),
    "no-patience": Sabotage(
        "an unknown outcome is looked up while QuickBooks may still work on it",
        spoil.have_no_patience,
        TWICE,
        cases=lambda c: (
            c.fate is Fate.TIMEOUT
            and c.retrier is Retrier.FORGOTTEN
            and bool(c.trouble(Step.CREATE, deadline_s=1).switches)
            and unchecked(c)
        ),
    ),
    "sends-late": Sabotage(
        "a process that stood still sends what another has settled",
        spoil.send_however_late,
        "2 mails, must be 1",
        cases=lambda c: c.end is End.STALL and c.point is Point.OPENED and Step.SEND in c.steps,
    ),
    "no-generation": Sabotage(
        "a wish that comes while a record is worked on does not make it due again",
        lambda: spoil.sql(
            store.QUERIES,
            "generation = $3",
            "$3::bigint IS NOT NULL",
            "finish_done",
            "finish_later",
            "finish_parked",
        ),
        r"tells of version 1, must be \d",
        cases=lambda c: (
            c.end is End.TERM and c.point in SENDING and c.is_overtaken and c.steps[1] is Step.UPDATE
        ),
    ),
    "swallows-batches": Sabotage(
        "the offset of a batch that could not be stored is committed",
        spoil.swallow_batches,
        "the writer does not know version",
        cases=lambda c: c.end is End.EXCEPTION and c.point is Point.STORING,
    ),
    "is-deaf": Sabotage(
        "what somebody tells of a document, such as that a payment has moved its balance, is not looked at",
        spoil.be_deaf,
        "believes in balance_cents",
        cases=lambda c: Step.UNPAY in c.steps,
    ),
    "no-fence": Sabotage(
        "whoever lost a row may still finish it",
        lambda: spoil.sql(
            store.QUERIES,
            "fence = $2",
            "$2::bigint IS NOT NULL",
            "hold_fence",
            "finish_done",
            "finish_later",
            "finish_parked",
        ),
        "LostLease",
        tests=[LEASES],
    ),
    "no-lease": Sabotage(
        "a row that somebody works on is given to another",
        lambda: spoil.sql(
            store.QUERIES,
            "(w.leased_until IS NULL OR w.leased_until <= clock_timestamp())",
            "true",
            "claim",
        ),
        "Claimed",
        tests=[LEASES],
    ),
    "no-lanes": Sabotage(
        "what is urgent does not go first",
        lambda: spoil.sql(store.QUERIES, "ORDER BY lane, place, due_at", "ORDER BY place, due_at", "claim"),
        "'old' != 'small'",
        tests=[FAIRNESS],
    ),
    "forgets-first": Sabotage(
        "the relay forgets a message before Kafka has it",
        spoil.forget_before_publishing,
        "assert 0 == ",
        tests=[f"{OUTBOX}::test_what_was_not_acknowledged_is_published_again_in_order"],
    ),
    "older-wins": Sabotage(
        "an older version replaces a newer one",
        lambda: spoil.sql(ledger.QUERIES, "WHERE r.version < excluded.version", "", "receive"),
        "958",
        tests=[of_writer("converging", "older_version_is_dropped")],
    ),
    "no-compare-and-set": Sabotage(
        "a write that has ended may be ended otherwise",
        lambda: spoil.sql(ledger.QUERIES, " AND fate = 'open'", "", "close_write"),
        "DID NOT RAISE",
        tests=[of_writer("ledger")],
    ),
    "two-open-writes": Sabotage(
        "the database takes two open writes of one record",
        spoil.drop_the_one_open_write,
        "DID NOT RAISE",
        tests=[of_writer("ledger")],
    ),
    "no-number-allotment": Sabotage(
        "document numbers are not allotted",
        spoil.take_the_first_number,
        "P100-INV-1",
        tests=[of_writer("converging", "two_records_that_want_one_number_get_two")],
    ),
    "adopts-strangers": Sabotage(
        "a document with our number counts as ours",
        spoil.adopt_whatever_has_our_number,
        "'changed-in-quickbooks'} != ",
        tests=[of_writer("converging", "number_taken_by_a_stranger_parks_and_resumes_once_it_is_free")],
    ),
    "writes-whatever-is-wished": Sabotage(
        "a wish that cannot be is not refused before it is written",
        spoil.write_whatever_is_wished,
        "invoice/1/2/0",
        tests=[of_writer("refusals", "wish_that_cannot_be_is_parked_before_any_call_with_a_sentence")],
    ),
    "corrects-in-part": Sabotage(
        "a payment is corrected by a sparse update, which clears nothing that it leaves out",
        spoil.correct_in_part,
        "INV-1",
        tests=[of_writer("receivables", "payment_of_nothing_yet_is_applied_and_unlinked_by_later_versions")],
    ),
    "forgets-the-rest": Sabotage(
        "a full update leaves out what others have entered, and so clears it",
        spoil.forget_the_rest,
        "DepartmentRef",
        tests=[of_writer("payables", "bill_is_corrected_while_nothing_is_paid_of_it_and_never_after")],
    ),
    "overlooks-edits": Sabotage(
        "what a person has changed is changed back in silence",
        spoil.overlook_edits,
        "changed-in-quickbooks",
        tests=[of_writer("converging", "edit_by_a_person_is_never_overwritten_in_silence")],
    ),
    "takes-old-versions": Sabotage(
        "an update counts as made though its document has the version of before",
        lambda: spoil.everywhere("_may_be_made_by", lambda _: lambda *_, **__: True),
        "corrected",
        tests=[
            of_writer(
                "unknown_outcomes", "correction_of_a_memo_alone_is_made_though_its_first_request_was_lost"
            )
        ],
    ),
    "outruns-corrections": Sabotage(
        "an invoice is paid before its correction is written",
        spoil.outrun_corrections,
        "1208.75",
        tests=[of_writer("converging", "payment_waits_for_the_correction_of_its_invoice")],
    ),
    "gives-numbers-again": Sabotage(
        "the number of a refused write is given to the next one",
        spoil.give_numbers_again,
        r"\[\] == \[1208.75\]",
        tests=[of_writer("converging", "write_refused_only_when_it_is_settled_resumes_with_another_write")],
    ),
    "pays-without-looking": Sabotage(
        "nobody looks how much is open before it is paid",
        spoil.pay_without_looking,
        "more-than-is-open",
        tests=[of_writer("receivables")],
    ),
}
"""Every sabotage, by name."""
