"""ProPyCore: client credentials, companies, projects, and the tools that the sandbox has."""

from datetime import date
from uuid import uuid4

import pytest
import requests
from ProPyCore.exceptions import NotFoundItemError, ProcoreException, UnprocessableContentError
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
def project(seed):
    return {"id": int(seed["companies"][0]["projects"][0]["id"])}


@pytest.fixture(scope="module")
def place(company):
    return {"company_id": int(company["id"])}


@pytest.fixture(scope="module")
def spot(place, project):
    return {**place, "project_id": project["id"]}


@pytest.fixture
def tolerated(sandbox, company):
    """Let the app leave out `Procore-Company-Id`, as this client does in some calls."""
    apps = sandbox["control_url"] + "/control/procore/apps"
    app = {"client_id": company["client_id"]}
    requests.post(apps, json={**app, "must_name_company": False}, timeout=5).raise_for_status()
    yield
    requests.post(apps, json={**app, "must_name_company": True}, timeout=5).raise_for_status()


def test_calls_without_the_company_header_are_refused(procore, place, spot):
    # ProPyCore leaves the header out here, and Procore says that service accounts may not (docs/sandbox-clients.md).
    for call in (
        procore.companies.get,
        lambda: procore.projects.get(**place),
        lambda: procore.cost_codes.get(**spot),
    ):
        with pytest.raises(ProcoreException):
            call()


def test_companies_projects_and_cost_codes_are_listed_and_found(procore, place, spot, project, tolerated):
    number = place["company_id"]
    assert procore.companies.find(number) in procore.companies.get()
    every = procore.projects.get(**place, per_page=2)
    assert len({one["id"] for one in every}) == len(every) == 6
    assert procore.projects.get(**place, status="Inactive") == []
    found = procore.projects.find(**place, identifier=project["id"])
    assert procore.projects.find(**place, identifier=found["name"])["id"] == project["id"]
    codes = procore.cost_codes.get(**spot, per_page=2)
    assert len({one["id"] for one in codes}) == len(codes) > 2
    assert procore.cost_codes.show(**spot, cost_code_id=codes[0]["id"])["full_code"] == codes[0]["full_code"]
    for find in (
        lambda: procore.companies.find("Nobody"),
        lambda: procore.projects.find(**place, identifier="Nowhere"),
        lambda: procore.cost_codes.find(**spot, identifier="99"),
    ):
        with pytest.raises(NotFoundItemError):
            find()


@pytest.mark.parametrize(
    ("tool", "named", "field"), [("vendors", "user_id", "name"), ("people", "person_id", "id")]
)
def test_directory_is_listed_page_by_page_and_searched(procore, place, spot, tool, named, field):
    directory = getattr(procore.directory, tool)
    every = directory.get(**place, per_page=2)
    assert len({one["id"] for one in every}) == len(every) > 2
    assert directory.find(**place, **{named: every[0][field]})["id"] == every[0]["id"]
    assert {one["id"] for one in directory.get(**spot)} <= {one["id"] for one in every}
    with pytest.raises(NotFoundItemError):
        directory.find(**place, **{named: "nobody@nowhere.example"})


def test_timecard_is_changed_and_listed(procore, sandbox, place, spot, tolerated):
    cards = procore.time.timecards
    kind = cards.get_time_types(**place)[0]
    assert cards.find_time_type(**place, time_type_identifier=kind["id"]) == kind
    person = procore.directory.people.get(**place)[0]
    code = procore.cost_codes.get(**spot)[0]
    body = {
        "party_id": person["id"],
        "hours": "8",
        "timecard_time_type_id": kind["id"],
        "cost_code_id": code["id"],
    }
    body["line_item_type_id"] = code["line_item_types"][0]["id"]
    day = date(2026, 11, 18)
    # It sends `date` and `datetime`, which exclude each other (Procore reference, Timecard Entries).
    with pytest.raises(UnprocessableContentError):
        cards.create(**spot, data={**body, "date": day.isoformat()})
    cards_url = f"{sandbox['procore']['url']}/rest/v1.0/projects/{spot['project_id']}/timecard_entries"
    headers = {
        "authorization": f"Bearer {procore.get_access_token()}",
        "Procore-Company-Id": str(place["company_id"]),
    }
    asked = {"timecard_entry": {**body, "date": day.isoformat()}}
    made = [requests.post(cards_url, json=asked, headers=headers, timeout=5).json() for _ in range(3)]
    assert (
        cards.update(**spot, timecard_id=made[0]["id"], data={"hours": "7.5", "date": day.isoformat()})[
            "hours"
        ]
        == "7.5"
    )
    ids = {card["id"] for card in made}
    assert {card["id"] for card in cards.get_for_day(**spot, entry_date=day, per_page=2)} == ids
    listed = cards.get_for_specified_period(**place, start_date=day, end_date=day, per_page=2)
    assert {card["id"] for card in listed} == ids
    procore.time.timesheets.get_for_specified_period(**place, start_date=day, end_date=day)
    with pytest.raises(ProcoreException):
        cards.update(**spot, timecard_id=1, data={"hours": "1", "date": day.isoformat()})


def test_folders_are_made_renamed_found_and_removed(procore, spot):
    folders, name = procore.folders, f"Pay apps {uuid4().hex[:8]}"
    made = folders.create(**spot, folder_name=name)
    inner = folders.create(**spot, folder_name="2026", folder_id=made["id"])
    assert folders.root(**spot)["id"] == made["parent_id"]
    assert {one["id"] for one in folders.get(**spot, folder_id=made["id"])} == {made["id"], inner["id"]}
    assert folders.update(**spot, doc_id=made["id"], folder_name=f"{name} new")["name"] == f"{name} new"
    assert folders.find(**spot, identifier=f"{name} new")["id"] == made["id"]
    assert folders.search(**spot, value=f"{name} new")["id"] == made["id"]
    folders.remove(**spot, doc_id=made["id"])
    for gone in (made, inner):
        with pytest.raises(ProcoreException):
            folders.remove(**spot, doc_id=gone["id"])
    with pytest.raises(NotFoundItemError):
        folders.find(**spot, identifier=f"{name} new")


def test_files_are_made_changed_found_and_removed(procore, spot, tmp_path):
    folder = procore.folders.create(**spot, folder_name=f"Files {uuid4().hex[:8]}")
    file = tmp_path / "application.pdf"
    file.write_bytes(b"%PDF-1.4\n%%EOF\n")
    files = procore.files
    made = files.create(**spot, filepath=str(file), folder_id=folder["id"], description="June")
    assert (made["name"], made["description"]) == ("application.pdf", "June")
    assert files.show(**spot, doc_id=made["id"])["id"] == made["id"]
    assert files.update(**spot, doc_id=made["id"], filename="july.pdf")["name"] == "july.pdf"
    assert len(files.update(**spot, doc_id=made["id"], filepath=str(file))["file_versions"]) == 2
    assert [one["id"] for one in files.get(**spot, folder_id=folder["id"])] == [made["id"]]
    assert files.get(**spot, folder_id=folder["id"], file_types=["pdf"])
    assert files.find(**spot, identifier="july.pdf", folder_id=folder["id"])["id"] == made["id"]
    assert files.search(**spot, value="july")["id"] == made["id"]
    files.remove(**spot, doc_id=made["id"])
    with pytest.raises(NotFoundItemError):
        files.get(**spot, folder_id=folder["id"])
    with pytest.raises(ProcoreException):
        files.remove(**spot, doc_id=made["id"])


def test_tools_that_are_not_there_are_refused(procore, place, spot):
    for call in (
        lambda: procore.companies.get_projects(**place),
        lambda: procore.companies.list_regions(**place),
        lambda: procore.directory.trades.get(**place),
        lambda: procore.rfis.get(**spot),
        lambda: procore.submittals.get(**spot),
        lambda: procore.tasks.get(**spot),
        lambda: procore.change_events.get(**spot),
    ):
        with pytest.raises(ProcoreException):
            call()


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
