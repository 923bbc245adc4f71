"""The status map: what the shipped file says, day by day, and what it refuses."""

from datetime import date
from pathlib import Path

import pytest

from plumbline.common.connections import ConfigurationError, load_connections
from plumbline.mapper.adapters.files import load_status_map, read_links
from plumbline.mapper.domain.errors import UnknownStatusError
from plumbline.mapper.domain.status_map import Dialect, StatusMap, StatusRule
from plumbline.mapper.testing import application

CONFIG = Path(__file__).parents[3] / "config"
TODAY = date(2026, 3, 2)


def rule(becomes: str, *, since: str = "2020-01-01", until: str | None = None) -> StatusRule:
    return StatusRule.model_validate(
        {
            "statuses": "brief",
            "field": "status_code",
            "value": 6,
            "name": "InvoiceSent",
            "becomes": becomes,
            "from": since,
            "until": until,
            "checked_against": "a test",
        }
    )


@pytest.mark.parametrize(
    ("statuses", "status", "code", "becomes"),
    [
        ("brief", "approved", 4, "open"),
        ("brief", "approved", 5, "pending"),
        ("brief", "approved", 6, "sent"),
        ("brief", "approved", 7, "paid"),
        ("brief", "draft", None, "none"),
        ("brief", "under_review", None, "none"),
        ("brief", "revise_and_resubmit", None, "void"),
        ("procore", "draft", None, "none"),
        ("procore", "under_review", None, "none"),
        ("procore", "revise_and_resubmit", None, "void"),
        ("procore", "approved", None, "open"),
        ("procore", "approved", 7, "open"),
    ],
)
def test_every_known_status_becomes_what_the_shipped_map_says(
    statuses: Dialect, status: str, code: int | None, becomes: str
) -> None:
    invoice = application(status=status, status_code=code)

    found = load_status_map(CONFIG).rule_for(statuses, invoice, on=TODAY)

    assert found.becomes == becomes


@pytest.mark.parametrize(
    ("statuses", "status", "code", "said"),
    [
        ("brief", "approved", 9, "status_code 9"),
        ("brief", "approved", None, "status approved"),
        ("procore", "owner_approved", None, "status owner_approved"),
    ],
)
def test_an_unknown_status_is_named_and_not_guessed(
    statuses: Dialect, status: str, code: int | None, said: str
) -> None:
    with pytest.raises(UnknownStatusError, match=said) as caught:
        load_status_map(CONFIG).rule_for(statuses, application(status=status, status_code=code), on=TODAY)

    assert caught.value.code == "unknown-status"


def test_a_changed_meaning_counts_from_its_day_on() -> None:
    status_map = StatusMap([rule("sent", until="2026-03-02"), rule("pending", since="2026-03-02")])
    invoice = application(status_code=6)

    days = [date(2026, 3, 1), date(2026, 3, 2)]
    assert [status_map.rule_for("brief", invoice, on=day).becomes for day in days] == ["sent", "pending"]


def test_a_day_without_a_row_is_an_unknown_status() -> None:
    with pytest.raises(UnknownStatusError):
        StatusMap([rule("sent", until="2026-03-02")]).rule_for("brief", application(status_code=6), on=TODAY)


def test_two_rows_for_one_day_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="decides twice about brief status_code 6"):
        StatusMap([rule("sent"), rule("open", since="2026-01-01")])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rows: [{statuses: brief}]", "row 0.field: Field required"),
        ("rows: [", "is no status map"),
        ("[]", "is no status map"),
        ("rows: 7", "row : Input should be a valid list"),
    ],
)
def test_a_broken_status_map_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "status-map.yaml").write_text(text)

    with pytest.raises(ConfigurationError, match=said):
        load_status_map(tmp_path)


def test_a_missing_status_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"status-map\.yaml cannot be read"):
        load_status_map(tmp_path)


def test_the_shipped_examples_fit_each_other() -> None:
    names = {connection.name for connection in load_connections(CONFIG)}

    assert {link.connection for link in read_links(CONFIG / "links.csv")} == names


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("connection,kind,source,quickbooks_id,name\ntexas,custmer,vendor:1,5,A\n", "line 2: kind"),
        ("connection,kind,source,quickbooks_id,name\ntexas,item,default,,A\n", "line 2: quickbooks_id"),
        ("connection,kind\ntexas,item\n", "line 2: source"),
    ],
)
def test_a_broken_line_of_links_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "links.csv"
    path.write_text(text)

    with pytest.raises(ConfigurationError, match=said):
        read_links(path)


def test_a_file_of_links_may_come_from_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "links.csv"
    path.write_bytes(
        b'\xef\xbb\xbfconnection,kind,source,quickbooks_id,name\r\ntexas, customer ,vendor:1,5,"A, Inc."\r\n'
    )

    (made,) = read_links(path)

    assert (made.kind, made.source, made.name) == ("customer", "vendor:1", "A, Inc.")


@pytest.mark.parametrize(("body", "said"), [(None, "cannot be read"), (b"\xff\xfe", "no CSV file")])
def test_a_file_that_is_no_list_of_links_is_refused(tmp_path: Path, body: bytes | None, said: str) -> None:
    path = tmp_path / "links.csv"
    if body is not None:
        path.write_bytes(body)

    with pytest.raises(ConfigurationError, match=said):
        read_links(path)
