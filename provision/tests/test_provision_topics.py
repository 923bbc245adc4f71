"""The topics of regions, and who may touch which topic."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline.common.connections import ConfigurationError
from plumbline.common.contracts.documents import DispatchTicket
from plumbline.common.contracts.topics import TOPICS, Topic
from plumbline.provision.kafka import access_of
from plumbline.provision.principals import DESKS, OPERATOR, OUTSIDERS, PRINCIPALS, reads, writes
from plumbline.provision.topics import all_topics

SHIPPED = Path(__file__).parents[2] / "config"

EVERYTHING = all_topics(SHIPPED)


def names(topics: tuple[Topic, ...]) -> set[str]:
    return {topic.name for topic in topics}


def test_each_region_of_the_routes_has_a_topic() -> None:
    made = [topic for topic in EVERYTHING if topic not in TOPICS]
    assert [topic.name for topic in made] == ["dispatch.us-oh.v1", "dispatch.us-tx.v1"]
    assert {topic.model for topic in made} == {DispatchTicket}
    assert EVERYTHING[: len(TOPICS)] == TOPICS


@pytest.mark.parametrize(
    "text",
    ["routes: [{desk: {region: held}}]", "routes: [{desk: {region: 'us-tx.*'}}]", "routes: 1", "{"],
    ids=["a name that is taken", "a pattern", "no list", "no file of rules"],
)
def test_region_that_is_no_part_of_a_topics_name_needs_a_person(tmp_path: Path, text: str) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "routes.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"routes\.yaml"):
        all_topics(tmp_path)


def test_desks_read_the_papers_of_regions_and_write_that_they_have_taken_them() -> None:
    assert names(reads(DESKS, EVERYTHING)) == {"dispatch.us-oh.v1", "dispatch.us-tx.v1"}
    assert names(writes(DESKS, EVERYTHING)) == {"dispatch.acknowledged.v1"}
    groups = [acl for acl in access_of(DESKS, EVERYTHING) if acl.name == "desks."]
    assert len(groups) == 1


def test_compliance_alone_sends_papers_to_desks() -> None:
    senders = {
        user
        for user in [*(p.name for p in PRINCIPALS), *OUTSIDERS]
        if names(writes(user, EVERYTHING)) & {"dispatch.us-tx.v1", "dispatch.held.v1", "payables.v1"}
    }
    assert senders == {"compliance"}


def test_operators_read_what_is_open_to_anyone_and_write_nothing() -> None:
    assert names(reads(OPERATOR, EVERYTHING)) == {t.name for t in TOPICS if "anyone" in t.readers}
    assert writes(OPERATOR, EVERYTHING) == ()


def test_topics_of_two_services_are_both_services() -> None:
    readers = {p.name for p in PRINCIPALS if "procore.events.v1" in names(reads(p.name, EVERYTHING))}
    assert readers == {"mapper", "compliance"}
    writers = {p.name for p in PRINCIPALS if "ledger.commands.v1" in names(writes(p.name, EVERYTHING))}
    assert writers == {"mapper", "compliance"}
