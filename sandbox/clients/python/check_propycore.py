"""ProPyCore: client credentials, companies, projects, and the tools that the sandbox has."""

from uuid import uuid4

import pytest
import requests
from ProPyCore.exceptions import NotFoundItemError, ProcoreException
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
    procore.folders.remove(company_id=int(company["id"]), project_id=project["id"], doc_id=made["id"])
    with pytest.raises(ProcoreException):
        procore.folders.remove(company_id=int(company["id"]), project_id=project["id"], doc_id=made["id"])


def test_users_are_found_and_put_on_a_project(procore, company, project):
    place = {"company_id": int(company["id"])}
    users = procore.directory.users
    every = users.get(**place, per_page=2)
    assert len({user["id"] for user in every}) == len(every) > 4
    on_it = users.get(**place, project_id=project["id"])
    guest = next(user for user in every if user["id"] not in {member["id"] for member in on_it})
    assert users.find(**place, user_id=guest["email_address"])["id"] == guest["id"]
    assert users.show(**place, project_id=None, user_id=guest["id"])["name"] == guest["name"]
    users.add(**place, project_id=project["id"], user_id=guest["id"])
    member = users.show(**place, project_id=project["id"], user_id=guest["id"])
    assert member["email_address"] == guest["email_address"]
    with pytest.raises(NotFoundItemError):
        users.find(**place, user_id="Nobody At All")


def test_wrong_secret_is_refused(sandbox, company):
    with pytest.raises(KeyError):  # it looks for a token in the refusal
        Procore(company["client_id"], "wrong", "", sandbox["procore"]["url"], sandbox["procore"]["login_url"])
