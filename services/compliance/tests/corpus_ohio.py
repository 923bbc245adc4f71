"""Papers of the corpus: Ohio's notices of commencement and furnishing, and affidavits for mechanic's lien."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from corpus_cases import Case, american, long, world
from corpus_labelled import Blank, labelled, money, printed, series

COMMENCEMENT_LABELS = (
    {
        "county": "County",
        "instrument_number": "Instrument No.",
        "recorded_on": "Recorded on",
        "expires_on": "Expires on",
        "legal_description": "Legal description",
        "improvement": "Improvement",
        "owner": "Owner",
        "designee": "Designee",
        "original_contractors": "Original contractor",
        "lenders": "Lender",
        "sureties": "Surety",
        "public_authority": "Public authority",
        "first_contract_on": "Date of first contract",
        "service_representative": "Service representative",
    },
    {
        "owner": "Name of owner",
        "designee": "Owner's designee",
        "original_contractors": "Original contractors",
        "lenders": "Lenders",
        "sureties": "Sureties",
        "legal_description": "Legal description of the property",
        "improvement": "Description of improvement",
        "county": "County",
        "recorded_on": "Date recorded",
        "instrument_number": "Recorder's instrument number",
        "expires_on": "Expiration date",
        "public_authority": "Name of public authority",
        "first_contract_on": "First contract date",
        "service_representative": "Representative for service",
    },
)


def commencement(
    layout: str, seed: int, *, public: bool = False, around: Mapping[str, Any] | None = None, **change: Any
) -> Case:
    one = world(seed, "OH")
    values = printed(
        layout,
        **{
            "county": "Franklin",
            "instrument_number": f"20260327{seed:07d}",
            "recorded_on": date(2026, 3, 27),
            "expires_on": date(2030, 3, 27),
            "legal_description": "Lot 7, Long Street Addition",
            "improvement": "Four-storey office",
            "owner": one.owner,
            "designee": one.person,
            "original_contractors": one.firm,
            "lenders": "First Buckeye Bank",
            "sureties": "Great Lakes Surety" if public else None,
            "public_authority": "City of Columbus" if public else None,
            "first_contract_on": date(2026, 3, 2) if public else None,
            "service_representative": "Ed Clark" if public else None,
        }
        | change,
    )
    return labelled(
        "ohio.notice_of_commencement",
        "oh-commencement-public" if public else "oh-commencement",
        "NOTICE OF COMMENCEMENT",
        layout,
        values,
        COMMENCEMENT_LABELS[seed % 2],
        ("Recorded under Ohio Revised Code 1311.04. All lien claimants take notice of this improvement.",),
        around=one.around(**(around or {})),
        desk="us-oh/plumbing",
        seed=seed,
    )


COMMENCEMENT_WRONGS: Sequence[tuple[str, set[str], Mapping[str, Any]]] = (
    ("no instrument number", {"OH-NOC-01"}, {"instrument_number": None}),
    ("no designee", {"OH-NOC-02"}, {"designee": None}),
    ("another county", {"OH-NOC-03"}, {"county": "Delaware"}),
    ("expired", {"OH-NOC-04"}, {"expires_on": date(2026, 11, 1)}),
    ("no surety of public works", {"OH-NOC-06"}, {"public": True, "sureties": None}),
    ("none to be served", {"OH-NOC-06"}, {"public": True, "service_representative": Blank("N/A")}),
    ("a Texas project", {"OH-ANY-01"}, {"around": {"project__state": "TX"}}),
)

FURNISHING_LABELS = (
    {
        "claimant": "Claimant",
        "_owner": "Owner",
        "_with": "Furnished at the request of",
        "first_furnished_on": "First furnished on",
        "commencement_recorded_on": "Notice of commencement recorded on",
        "served_on": "Served on",
        "served_designee": "Served on owner's designee",
        "served_contractor": "Served on original contractor",
    },
    {
        "_owner": "Property owner",
        "claimant": "Name of claimant",
        "_with": "Under contract with",
        "first_furnished_on": "Date of first work",
        "commencement_recorded_on": "Commencement recorded",
        "served_on": "Date of service",
        "served_designee": "Designee served",
        "served_contractor": "Original contractor served",
    },
)


def furnishing(layout: str, seed: int, around: Mapping[str, Any] | None = None, **change: Any) -> Case:
    one = world(seed, "OH")
    first = date(2026, 10, 1) + timedelta(days=seed % 20)
    values = printed(
        layout,
        **{
            "claimant": one.vendor,
            "_owner": one.owner,
            "_with": one.firm,
            "first_furnished_on": first,
            "commencement_recorded_on": date(2026, 3, 27),
            "served_on": min(first + timedelta(days=9), date(2026, 11, 3)),
            "served_designee": True,
            "served_contractor": True,
        }
        | change,
    )
    return labelled(
        "ohio.notice_of_furnishing",
        "oh-furnishing",
        "NOTICE OF FURNISHING",
        layout,
        values,
        FURNISHING_LABELS[seed % 2],
        ("The claimant has furnished or will furnish labor or materials for the improvement (ORC 1311.05).",),
        around=one.around(**(around or {})),
        fields={"contracts_with_owner": values["_with"][0] == one.owner},
        desk="us-oh/plumbing",
        seed=seed,
    )


FURNISHING_WRONGS: Sequence[tuple[str, set[str], Mapping[str, Any]]] = (
    ("served late", {"OH-NOF-01"}, {"first_furnished_on": date(2026, 9, 1), "served_on": date(2026, 10, 20)}),
    ("not served, and late", {"OH-NOF-01"}, {"first_furnished_on": date(2026, 9, 1), "served_on": None}),
    ("designee not served", {"OH-NOF-02"}, {"served_designee": False}),
    ("contractor not served", {"OH-NOF-02"}, {"served_contractor": False}),
    ("a Texas project", {"OH-ANY-01"}, {"around": {"project__state": "TX"}}),
)

AFFIDAVIT_LABELS = (
    {
        "claimant": "Claimant",
        "owner": "Owner",
        "_amount": "Amount due",
        "last_furnished_on": "Last furnished on",
        "filed_on": "Filed for record",
        "instrument_number": "Instrument number",
        "owner_served_on": "Owner served on",
        "posted_on": "Posted on",
    },
    {
        "owner": "Property owner",
        "claimant": "Lien claimant",
        "_amount": "Amount of lien",
        "last_furnished_on": "Date of last work",
        "filed_on": "Date filed",
        "instrument_number": "Instrument No.",
        "owner_served_on": "Date owner served",
        "posted_on": "Date posted",
    },
)


def affidavit(
    layout: str,
    seed: int,
    *,
    sworn: bool = True,
    stamped: bool = True,
    around: Mapping[str, Any] | None = None,
    **change: Any,
) -> Case:
    one = world(seed, "OH")
    values = printed(
        layout,
        **{
            "claimant": one.vendor,
            "owner": one.owner,
            "_amount": money(one.cents),
            "last_furnished_on": date(2026, 9, 1),
            "filed_on": date(2026, 10, 15),
            "instrument_number": f"202610150{seed:06d}",
            "owner_served_on": date(2026, 10, 20),
            "posted_on": None,
        }
        | change,
    )
    day = long(date(2026, 10, 14)) if sworn else "____________"
    notes = [
        "The claimant furnished labor and materials and claims a lien on the property (ORC 1311.06).",
        f"Sworn to and subscribed before me on {day}. Kim Vance, Notary Public, State of Ohio.",
    ]
    if stamped:
        notes.append(f"RECEIVED FOR RECORD {american(date(2026, 10, 15))} FRANKLIN COUNTY")
    return labelled(
        "ohio.lien_affidavit",
        "oh-lien-affidavit",
        "AFFIDAVIT FOR MECHANIC'S LIEN",
        layout,
        values,
        AFFIDAVIT_LABELS[seed % 2],
        notes,
        around=one.around(**(around or {})),
        fields={"amount_cents": one.cents, "has_jurat": sworn, "has_recorder_stamp": stamped},
        desk="us-oh/plumbing",
        seed=seed,
    )


AFFIDAVIT_WRONGS: Sequence[tuple[str, set[str], Mapping[str, Any]]] = (
    ("filed late", {"OH-LA-01"}, {"last_furnished_on": date(2026, 7, 1)}),
    ("not served", {"OH-LA-02"}, {"filed_on": date(2026, 9, 20), "owner_served_on": None}),
    ("no jurat", {"OH-LA-03"}, {"sworn": False}),
    ("not recorded", {"OH-LA-04"}, {"stamped": False, "instrument_number": None}),
    ("a Texas project", {"OH-ANY-01"}, {"around": {"project__state": "TX"}}),
)


def ohio_papers() -> Iterator[Case]:
    yield from series(commencement, COMMENCEMENT_WRONGS)
    yield replace(commencement("left", 700, public=True), name="public commencement")
    yield from series(furnishing, FURNISHING_WRONGS)
    yield from series(affidavit, AFFIDAVIT_WRONGS)
