"""ProPyCore: client credentials, companies, projects, and the tools that the sandbox has."""

from uuid import uuid4

import pytest
import requests
from ProPyCore.exceptions import ProcoreException
from ProPyCore.procore import Procore


@pytest.fixture(scope="module")
def procore(sandbox, company):
    return Procore(
        client_id=company["client_id"],
        client_secret=company["client_secret"],
        redirect_uri="",
        base_url=sandbox["procore"]["url"],
        oauth_url=sandbox["procore"]["login_url"],
    )


@pytest.fixture(scope="module")
def project(sandbox):
    seed = requests.get(sandbox["control_url"] + "/control/seed", timeout=5).json()
    return {"id": int(seed["companies"][0]["projects"][0]["id"])}


def test_calls_without_the_company_header_are_refused(procore, company, project):
    # ProPyCore leaves the header out here, and Procore says that service accounts may not (docs/sandbox.md).
    number = int(company["id"])
    for call in (
        procore.companies.get,
        lambda: procore.projects.get(company_id=number),
        lambda: procore.cost_codes.get(company_id=number, project_id=project["id"]),
    ):
        with pytest.raises(ProcoreException):
            call()


def test_vendors_of_the_company(procore, company):
    every = procore.directory.vendors.get(company_id=int(company["id"]), per_page=2)
    assert len({v["id"] for v in every}) == len(every) > 2


def test_file_is_put_into_a_new_folder_and_removed(procore, company, project, tmp_path):
    name = f"Pay apps {uuid4().hex[:8]}"
    made = procore.folders.create(company_id=int(company["id"]), project_id=project["id"], folder_name=name)
    assert made["name"] == name
    file = tmp_path / "application.pdf"
    file.write_bytes(b"%PDF-1.4\n%%EOF\n")
    stored = procore.files.create(
        company_id=int(company["id"]), project_id=project["id"], filepath=str(file), folder_id=made["id"]
    )
    assert stored["name"] == "application.pdf"
    procore.files.remove(company_id=int(company["id"]), project_id=project["id"], doc_id=stored["id"])


def test_wrong_secret_is_refused(sandbox, company):
    with pytest.raises(KeyError):  # it looks for a token in the refusal
        Procore(company["client_id"], "wrong", "", sandbox["procore"]["url"], sandbox["procore"]["login_url"])
