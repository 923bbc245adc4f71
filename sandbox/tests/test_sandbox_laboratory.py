"""The laboratory itself: both vendors answer, and the table of rules is the one in the docs."""

from sandbox_rules import TABLE, table

from plumbline_sandbox.laboratory import Laboratory


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
