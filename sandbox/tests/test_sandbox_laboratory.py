"""The laboratory itself: both vendors answer, and what the docs say of rules and faults is so."""

import re
from dataclasses import fields
from pathlib import Path

from sandbox_rules import TABLE, table

from plumbline_sandbox.faults import FAULTS, HOWS
from plumbline_sandbox.laboratory import Laboratory
from plumbline_sandbox.limits import QuickBooksLimits
from plumbline_sandbox.quickbooks.settings import RealmSettings

HERE = Path(__file__).parent
PAGE = (HERE.parent / "FAULTS.md").read_text(encoding="utf-8")


async def test_both_vendors_answer_their_seeded_clients(lab: Laboratory) -> None:
    company = (await lab.books("GET", f"/companyinfo/{lab.realms[0].id}")).json()["CompanyInfo"]
    assert company["CompanyName"] == lab.realms[0].name
    projects = await lab.site("GET", "/rest/v1.0/projects", company_id=str(lab.companies[0].company.id))
    assert [p["id"] for p in projects.json()] == [
        int(p["id"]) for p in lab.description["companies"][0]["projects"]
    ]


async def test_worlds_of_one_seed_are_alike() -> None:
    async with Laboratory(7) as one, Laboratory(7) as same, Laboratory(8) as other:
        assert one.description == same.description
        assert one.realms == same.realms
        assert one.realms != other.realms


def test_table_of_rules_in_the_docs_is_the_one_of_the_tests() -> None:
    assert TABLE.read_text(encoding="utf-8") == table(), "run `make docs`"


def test_page_of_faults_names_every_fault_limit_and_switch() -> None:
    named = set(re.findall(r"`(\w[\w-]*)`", PAGE))
    switches = {field.name for kind in (QuickBooksLimits, RealmSettings) for field in fields(kind)}
    assert (switches | set(FAULTS) | set(HOWS)) - named == set()


def test_page_of_faults_names_tests_that_there_are() -> None:
    cited = re.findall(r"`(\w+)::(\w+)`", PAGE)
    assert len(cited) > 40
    for module, test in cited:
        text = (HERE / f"test_sandbox_{module}.py").read_text(encoding="utf-8")
        assert f"def {test}(" in text, (module, test)
    for module in re.findall(r"`(\w+)` \(all\)", PAGE):
        assert (HERE / f"test_sandbox_{module}.py").exists()
