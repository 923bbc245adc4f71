"""Faults in every dress QuickBooks gives them, and what each asks of us."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.quickbooks.faults import FAULTS, WORDS_CHARS_MAX, XML_BYTES_MAX, Fault, Reaction, read_fault

DOCUMENTED = {
    Reaction.LOOK_UP: {600, 10000},
    Reaction.RENEW_TOKEN: {3200},
    Reaction.RECONNECT: {120, 3100, 5020},
    Reaction.WAIT: {3001},
    Reaction.BACK_OFF: {130, 140, 150},
    Reaction.PAUSE_REALM: {6190},
    Reaction.REMAP: {610, 2020, 2030, 2500, 6250},
    Reaction.REREAD: {5010},
    Reaction.ADOPT_OR_CONFLICT: {6140, 6240},
    Reaction.CONFIGURE: {3000, 5030, 6100, 6430},
    Reaction.PERSON: {620, 800, 2210, 6000, 6030, 6200, 6210, 6420, 6450, 6480, 6540},
    Reaction.BUG: {500, 1040, 2010, 2040, 2050, *range(2060, 2121, 10), 2130, 2140, 2170, 2180, 2190}
    | {4000, 4001, 6070, 6150, 6180},
}
"""Intuit's list of error codes, by what each asks of us; what it asks is our inference."""

DUPLICATE = (
    "Duplicate Document Number Error : You must specify a different number. This number has already been used. "
    "DocNumber=O0010714 is assigned to TxnType=Invoice with TxnId=45823"
)
THROTTLED_XML = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse time="2014-10-02T12:02:09.019-07:00" '
    b'xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE"><Error code="3001">'
    b"<Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>"
    b"<Detail>The request limit was reached.  Try again later</Detail></Error></Fault></IntuitResponse>"
)


def service(*codes: int, detail: str = "") -> bytes:
    errors = [{"Message": "m", "Detail": detail, "code": str(code), "element": "e"} for code in codes]
    return json.dumps({"Fault": {"Error": errors, "type": "ValidationFault"}, "time": "t"}).encode()


def gateway(code: str, detail: str) -> bytes:
    error = {"message": "message=Refused", "detail": detail, "code": code, "element": None}
    return json.dumps({"warnings": None, "fault": {"error": [error], "type": "AUTHENTICATION"}}).encode()


def test_service_fault_tells_its_code_element_and_words() -> None:
    fault = read_fault(service(6140, detail=DUPLICATE))
    assert fault is not None
    assert (fault.code, fault.element, fault.type) == (6140, "e", "ValidationFault")
    assert fault.taken_by_id == "45823"
    assert str(fault) == f"QuickBooks 6140 (e): {DUPLICATE}"


def test_older_duplicate_names_no_holder() -> None:
    fault = read_fault(service(6140, detail="Duplicate Document Number Error"))
    assert fault is not None
    assert fault.taken_by_id is None


def test_gateway_fault_in_lower_case_with_zeros_is_the_same_code() -> None:
    fault = read_fault(gateway("003200", "Token expired: eyJhbGciOiJkaXIi"))
    assert fault is not None
    assert (fault.code, fault.detail) == (3200, "")  # the detail of a refused token quotes the token


def test_throttle_in_xml_is_read() -> None:
    fault = read_fault(THROTTLED_XML)
    assert fault is not None
    assert (fault.code, fault.type) == (3001, "SERVICE")
    assert fault.detail == "The request limit was reached.  Try again later"


def test_error_with_an_unknown_outcome_leads() -> None:
    fault = read_fault(service(2020, 10000, 2500))
    assert fault is not None
    assert fault.code == 10000
    assert [other.code for other in fault.others] == [2020, 2500]


def test_table_has_every_documented_code_and_no_other() -> None:
    reactions = {code: reaction for reaction, codes in DOCUMENTED.items() for code in codes}
    assert {code: meaning.reaction for code, meaning in FAULTS.items()} == reactions
    assert set(DOCUMENTED) == set(Reaction)
    assert all(meaning.meaning for meaning in FAULTS.values())


def test_captured_refusal_of_a_payment_whose_effect_is_unknown() -> None:
    # Seen on the replay of a batch: 6000 with a failure of the service in it (quickbooks-ruby PR 344).
    said = service(6000, detail="An unexpected error occurred while accessing or saving your data.")
    fault = read_fault(said)
    assert fault is not None
    assert not fault.is_final


@pytest.mark.parametrize("code", ["", "abc", "-1", "1.5", "²", "9" * 5000, None, True, [], {}, 1.5])
def test_code_that_is_none_leaves_the_effect_unknown(code: object) -> None:
    said = json.dumps({"Fault": {"Error": [{"Detail": "d", "code": code}]}}).encode()
    fault = read_fault(said)
    assert fault is not None
    assert (fault.code, fault.is_final) == (0, False)


def test_xml_is_searched_no_further_than_its_bound() -> None:
    # Unclosed elements cost the square of their number: a megabyte of them would take hours.
    far = THROTTLED_XML.replace(b"<Fault", b" " * XML_BYTES_MAX + b"<Fault")
    assert read_fault(far) is None


def test_xml_words_are_unescaped_and_bounded() -> None:
    said = b'<Fault type="S"><Error code="610" element="Id"><Message>a &lt; b&#0;</Message></Error></Fault>'
    fault = read_fault(said)
    assert fault is not None
    assert (fault.code, fault.element, fault.message) == (610, "Id", "a < b\N{REPLACEMENT CHARACTER}")


def test_refused_token_is_quoted_in_no_dress() -> None:
    quoted_in_xml = THROTTLED_XML.replace(b"3001", b"3200").replace(b"Try again later", b"eyJhbGciOi")
    for said in (gateway("3200", "eyJhbGciOi"), quoted_in_xml):
        assert "eyJhbGciOi" not in repr(read_fault(said))


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_every_documented_code_has_a_reaction_and_only_unknown_ones_are_not_final(code: int) -> None:
    fault = Fault(code)
    assert fault.reaction in Reaction
    assert fault.is_final is (fault.reaction is not Reaction.LOOK_UP and code not in {3001, 3100, 3200})


@pytest.mark.parametrize(
    ("fault", "reaction"),
    [
        (Fault(5010), Reaction.REREAD),
        (Fault(6140), Reaction.ADOPT_OR_CONFLICT),
        (Fault(2500), Reaction.REMAP),
        (Fault(610), Reaction.REMAP),
        (Fault(6000, detail="You can't change it"), Reaction.PERSON),
        (
            Fault(6000, detail="An unexpected error occurred while accessing or saving your data"),
            Reaction.LOOK_UP,
        ),
        (Fault(0), Reaction.LOOK_UP),
        (Fault(10000), Reaction.LOOK_UP),
        (Fault(9341), Reaction.PERSON),
    ],
)
def test_reactions_that_the_writer_lives_by(fault: Fault, reaction: Reaction) -> None:
    assert fault.reaction is reaction


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"Fault": null}',
        b'{"Fault": {"Error": {}}}',
        b"<html><h1>502</h1></html>",
        b"\xff",
    ],
)
def test_what_holds_no_fault_is_none(body: bytes) -> None:
    assert read_fault(body) is None


def test_words_are_bounded_and_fit_a_database() -> None:
    fault = read_fault(service(6000, detail="a\x00b" + "x" * 5000))
    assert fault is not None
    assert fault.detail.startswith("a b")
    assert len(fault.detail) == WORDS_CHARS_MAX


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(body: bytes) -> None:
    read_fault(body)
    read_fault(b"<Fault><Error " + body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["Fault", "fault", "Error", "error", "code", "Detail", "detail", "x"]), inner, max_size=4
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_any_json_is_read_without_an_error(said: object) -> None:
    fault = read_fault(json.dumps({"Fault": said}).encode())
    assert fault is None or str(fault).isprintable()
