"""The corpus: nothing is released that must not be, no kind is told wrongly, and no tax number leaves its field."""

from collections import Counter

from corpus import ENOUGH, must_not_pass, results


def test_there_are_at_least_two_hundred_papers_of_each_sort_and_kind() -> None:
    sorts = Counter(one.case.sort for one in results())
    assert len(results()) >= 200
    assert {"right", "wrong", "hostile"} <= sorts.keys()
    assert len({one.case.kind for one in results()}) == 16


def test_nothing_is_released_that_must_not_be() -> None:
    assert [one.case.name for one in results() if must_not_pass(one.case) and not one.blocks] == []


def test_no_paper_reaches_a_desk_that_is_not_its_own() -> None:
    assert [one.case.name for one in results() if one.desk not in {None, one.case.desk}] == []


def test_no_kind_is_told_wrongly() -> None:
    assert [one.case.name for one in results() if one.kind not in {None, one.case.kind}] == []


def test_of_known_layouts_every_kind_and_every_field_is_read() -> None:
    known = [one for one in results() if not one.case.held_out]
    assert [one.case.name for one in known if one.kind != one.case.kind] == []
    wrong = []
    for one in known:
        for name, value in one.case.fields.items():
            read = one.read(name)
            if read is None or read.value != value or read.confidence < ENOUGH:
                wrong.append((one.case.name, name))
    assert wrong == []


def test_every_check_that_must_fire_fires_and_right_papers_pass() -> None:
    known = [one for one in results() if not one.case.held_out]
    assert [one.case.name for one in known if one.case.kind and one.case.fires - one.fired.keys()] == []
    assert [one.case.name for one in known if one.case.kind and not one.case.fires and one.fired] == []


def test_a_whole_tax_number_stands_nowhere_but_in_its_own_field() -> None:
    numbered = [one for one in results() if one.recognised.tax_number is not None]
    assert len(numbered) >= 20
    for one in numbered:
        assert one.recognised.tax_number is not None
        number = one.recognised.tax_number.get_secret_value()
        told = one.recognised.model_dump_json() + repr(one.recognised) + repr(one.decisions)
        assert number not in told
        assert number.replace("-", "") not in told
