"""The plan, all of it: every situation has one step, and every way comes to rest without doing harm."""

from collections import Counter
from collections.abc import Iterator

import pytest
from plan_model import ENDED, HERE, Truth, truths
from plan_page import COLUMNS, PAGE, aims, dimensions, page, situations, table, words

from plumbline.qb_writer.domain.kind import Correction
from plumbline.qb_writer.domain.kinds import KINDS, AnyKind
from plumbline.qb_writer.domain.plan import (
    Aim,
    AskPerson,
    AwaitNeeds,
    AwaitPayment,
    Money,
    Needs,
    Nothing,
    Open,
    Presence,
    Rest,
    Situation,
    Standing,
    Step,
    Twin,
    plan,
)
from plumbline.qb_writer.domain.records import Operation
from plumbline.qb_writer.domain.refusals import QUESTIONS
from plumbline.qb_writer.service.writer import STEPS_MAX

EVERY_KIND = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


def walk(belief: Situation, truth: Truth) -> Iterator[tuple[Situation, Truth, Step]]:
    """Follow the plan until it rests, or for as long as the service would."""
    for _ in range(STEPS_MAX):
        step = plan(belief)
        yield belief, truth, step
        if isinstance(step, Rest):
            return
        if isinstance(step, Open):
            truth, belief = truth.written(belief, step)
        else:
            belief = truth.told(belief, step)


def walks(kind: AnyKind) -> Iterator[list[tuple[Situation, Truth, Step]]]:
    for belief in situations(kind):
        for truth in truths(belief):
            if truth.money in dimensions(kind)["money"] and truth.mailed in dimensions(kind)["mailed"]:
                yield list(walk(belief, truth))


@EVERY_KIND
def test_page_has_exactly_one_row_for_each_situation_and_it_says_what_is_done(kind: AnyKind) -> None:
    tables, seen = {aim: table(kind, aim) for aim in aims(kind)}, 0
    for now in situations(kind):
        point = {name: getattr(now, name) for name in COLUMNS}
        point["edited"] = now.policy if now.edited else None
        fitting = [
            step
            for conditions, step in tables[now.aim]
            if all(point[name] in values for name, values in conditions)
        ]
        assert fitting == [words(plan(now))], now
        seen += 1
    assert seen >= 48 * len(aims(kind))


@EVERY_KIND
@pytest.mark.parametrize("standing", [Standing.OBSERVED, Standing.BEFORE])
def test_nothing_is_written_while_a_record_is_not_live_whatever_it_is(
    kind: AnyKind, standing: Standing
) -> None:
    steps = {words(plan(now)) for now in situations(kind, standing)}
    learning = {"compare it with what people have made", "take theirs for it", "read it"}
    if standing is Standing.OBSERVED:
        assert steps == {"observe"}
    elif Twin.SAME in dimensions(kind)["twin"]:
        assert steps == {*learning, "nothing", "leave it be"}
    else:
        assert steps == {"read it", "nothing", "leave it be"}


@EVERY_KIND
def test_what_is_done_while_not_live_is_the_same_of_every_kind_and_with_every_aim(kind: AnyKind) -> None:
    shown = {
        standing: table(KINDS["invoice"], Aim.HELD, standing)
        for standing in (Standing.OBSERVED, Standing.BEFORE)
    }
    for standing, rows in shown.items():
        for now in situations(kind, standing):
            fitting = [
                step
                for conditions, step in rows
                if all(getattr(now, name) in values for name, values in conditions)
            ]
            assert fitting == [words(plan(now))], now


@EVERY_KIND
def test_every_way_comes_to_rest_within_half_the_steps_that_the_service_takes(kind: AnyKind) -> None:
    longest = 0
    for way in walks(kind):
        assert isinstance(way[-1][-1], Rest), way
        longest = max(longest, len(way))
    assert longest <= STEPS_MAX // 2


@EVERY_KIND
def test_no_way_does_what_the_kind_or_its_state_does_not_allow(kind: AnyKind) -> None:
    performed = Counter[Operation]()
    for way in walks(kind):
        for belief, truth, step in way:
            if not isinstance(step, Open):
                continue
            performed[step.operation] += 1
            assert (step.operation is Operation.CREATE) == (truth.presence is not HERE) or (
                step.operation is Operation.DELETE and truth.presence is Presence.VOIDED
            ), (belief, truth)
            assert belief.needs is Needs.MET or step.operation not in {Operation.CREATE, Operation.UPDATE}
            if truth.presence is HERE:
                assert not (truth.edited and belief.policy == "hold"), (belief, truth)
                assert truth.money is Money.UNTOUCHED or step.operation is Operation.SEND, (belief, truth)
            if step.operation in {Operation.VOID, Operation.DELETE} and belief.aim in {Aim.VOID, Aim.DELETED}:
                assert not truth.mailed or truth.presence is not HERE, (belief, truth)
            if step.operation is Operation.SEND:
                assert belief.mail_again or not truth.mailed, (belief, truth)
    assert (Operation.VOID in performed) == (kind.void is not None)
    assert (Operation.SEND in performed) == (Aim.SENT in kind.aims.values())
    assert (Operation.UPDATE in performed) == (kind.correction is not Correction.REPLACE)
    assert {Operation.CREATE, Operation.DELETE} <= performed.keys()


@EVERY_KIND
def test_rest_is_where_the_wish_is_true_or_somebody_else_must_act(kind: AnyKind) -> None:
    for way in walks(kind):
        belief, truth, step = way[-1]
        match step:
            case Nothing() if belief.standing is Standing.BEFORE:
                assert (truth.twin, belief.presence) == (Twin.SAME, HERE), way
            case Nothing() if belief.aim in {Aim.VOID, Aim.DELETED}:
                allowed = {Presence.ABSENT, Presence.DELETED}
                if belief.aim is Aim.VOID:
                    allowed.add(Presence.VOIDED)
                assert belief.presence in allowed, way
            case Nothing() if belief.presence in ENDED:
                assert (belief.policy, belief.fresh) == ("accept", True), way
            case Nothing() if belief.needs is not Needs.NOTHING_OPEN:
                assert belief.presence is HERE, way
                assert belief.as_wished, way
                assert belief.aim is not Aim.SENT or truth.mailed, way
                assert belief.aim is not Aim.PAID or truth.money is Money.WHOLLY, way
            case AwaitPayment():
                assert (belief.aim, truth.presence) == (Aim.PAID, HERE), way
            case AwaitNeeds():
                assert truth.needs is Needs.MISSING, way
            case AskPerson(code=code):
                assert code in QUESTIONS, way
            case _:
                assert belief.needs is Needs.NOTHING_OPEN, way


def test_every_question_is_asked_somewhere() -> None:
    asked = {
        step.code
        for kind in KINDS.values()
        for now in situations(kind)
        if isinstance(step := plan(now), AskPerson)
    }
    assert asked == set(QUESTIONS)


def test_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"
