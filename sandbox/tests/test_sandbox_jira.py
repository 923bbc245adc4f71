"""Jira Cloud: issues, transitions, comments, links, search and errors."""

from typing import Any

import httpx
import pytest
from sandbox_rules import rule

from plumbline_sandbox.laboratory import Laboratory

ISSUES = "Jira Cloud REST API v3, Issues"
SEARCH = "Jira Cloud REST API v3, Issue search"
COMMENTS = "Jira Cloud REST API v3, Issue comments"
LINKS = "Jira Cloud REST API v3, Issue remote links"
RATES = "Jira Cloud, Rate limiting"

TEXT = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": []}]}


async def call(lab: Laboratory, method: str, path: str, body: Any = None, **params: str) -> httpx.Response:
    auth = (lab.world.jira.email, lab.world.jira.api_token)
    return await lab.jira.request(method, f"/rest/api/3{path}", json=body, params=params, auth=auth)


async def create(lab: Laboratory, summary: str = "Posting fails", **fields: Any) -> str:
    told = {"project": {"key": "OPS"}, "issuetype": {"name": "Incident"}, "summary": summary, **fields}
    answer = await call(lab, "POST", "/issue", {"fields": told})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["key"])


async def found(lab: Laboratory, jql: str) -> list[str]:
    answer = await call(lab, "POST", "/search/jql", {"jql": jql, "fields": ["summary"]})
    assert answer.status_code == 200, answer.text
    return [issue["key"] for issue in answer.json()["issues"]]


@rule("A created issue is told by id, key and self; keys count up in their project.", ISSUES)
async def test_issue_is_created(lab: Laboratory) -> None:
    told = {"project": {"key": "OPS"}, "issuetype": {"id": "10003"}, "summary": "s", "description": TEXT}
    answer = await call(lab, "POST", "/issue", {"fields": told})
    assert set(answer.json()) == {"id", "key", "self"}
    assert await create(lab) == "OPS-2"
    assert await create(lab, project={"key": "FIN"}) == "FIN-1"
    shown = (await call(lab, "GET", "/issue/OPS-1")).json()["fields"]
    assert (shown["summary"], shown["issuetype"]["name"], shown["status"]["name"]) == (
        "s",
        "Incident",
        "To Do",
    )
    assert shown["description"] == TEXT


@rule("A refusal has status 400, general `errorMessages` and `errors` by field.", ISSUES)
@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"summary": ""}, "summary"),
        ({"summary": "x" * 256}, "summary"),
        ({"project": {"key": "NOPE"}}, "project"),
        ({"project": {}}, "project"),
        ({"issuetype": {"name": "Epic"}}, "issuetype"),
        ({"labels": ["two words"]}, "labels"),
        ({"priority": {"name": "Soon"}}, "priority"),
        ({"severity": 1}, "severity"),
    ],
)
async def test_wrong_field_is_named(lab: Laboratory, fields: dict[str, Any], wrong: str) -> None:
    told = {"project": {"key": "OPS"}, "issuetype": {"name": "Task"}, "summary": "s", **fields}
    answer = await call(lab, "POST", "/issue", {"fields": told})
    assert (answer.status_code, answer.json()["errorMessages"], list(answer.json()["errors"])) == (
        400,
        [],
        [wrong],
    )


@rule("A description is an Atlassian Document; a plain text is refused in v3.", ISSUES)
async def test_description_is_a_document(lab: Laboratory) -> None:
    told = {"project": {"key": "OPS"}, "issuetype": {"name": "Task"}, "summary": "s", "description": "plain"}
    answer = await call(lab, "POST", "/issue", {"fields": told})
    assert answer.json()["errors"] == {
        "description": "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
    }


@rule("An issue that is not there or not visible is a 404.", ISSUES)
async def test_missing_issue(lab: Laboratory) -> None:
    answer = await call(lab, "GET", "/issue/OPS-9")
    assert answer.status_code == 404
    assert answer.json()["errorMessages"] == ["Issue does not exist or you do not have permission to see it."]


@rule("A wrong e-mail or API token is a 401.", "Jira Cloud, Basic auth for REST APIs")
async def test_wrong_credentials(lab: Laboratory) -> None:
    for auth in (None, (lab.world.jira.email, "wrong"), ("other@example.com", lab.world.jira.api_token)):
        answer = await lab.jira.get("/rest/api/3/myself", auth=auth)
        assert answer.status_code == 401
    assert (await call(lab, "GET", "/myself")).json()["emailAddress"] == lab.world.jira.email


@rule("A transition is done by its id and answers 204; an unknown one is a 400.", ISSUES)
async def test_transition(lab: Laboratory) -> None:
    key = await create(lab)
    rows = (await call(lab, "GET", f"/issue/{key}/transitions")).json()["transitions"]
    done = next(row["id"] for row in rows if row["to"]["name"] == "Done")
    answer = await call(lab, "POST", f"/issue/{key}/transitions", {"transition": {"id": done}})
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await call(lab, "GET", f"/issue/{key}")).json()["fields"]["status"]["name"] == "Done"
    wrong = await call(lab, "POST", f"/issue/{key}/transitions", {"transition": {"id": "99"}})
    assert (wrong.status_code, wrong.json()["errors"]) == (400, {})


@rule("An edit answers 204 and changes what it names.", ISSUES)
async def test_edit(lab: Laboratory) -> None:
    key = await create(lab, labels=["a"])
    assert (await call(lab, "PUT", f"/issue/{key}", {"fields": {"summary": "new"}})).status_code == 204
    fields = (await call(lab, "GET", f"/issue/{key}")).json()["fields"]
    assert (fields["summary"], fields["labels"]) == ("new", ["a"])
    assert (await call(lab, "PUT", f"/issue/{key}", {"fields": {"summary": ""}})).status_code == 400


@rule("A comment is a document, told with author and times.", COMMENTS)
async def test_comment(lab: Laboratory) -> None:
    key = await create(lab)
    made = await call(lab, "POST", f"/issue/{key}/comment", {"body": TEXT})
    assert (made.status_code, made.json()["body"]) == (201, TEXT)
    listed = (await call(lab, "GET", f"/issue/{key}/comment")).json()
    assert (listed["total"], listed["comments"][0]["id"]) == (1, made.json()["id"])
    assert (await call(lab, "POST", f"/issue/{key}/comment", {"body": "plain"})).status_code == 400


@rule("A remote link whose `globalId` is there is updated with 200, a new one created with 201.", LINKS)
async def test_remote_link_is_one_per_global_id(lab: Laboratory) -> None:
    key = await create(lab)
    target = {"url": "https://c.example/7", "title": "Incident 7"}
    link = {"globalId": "incident=7", "object": target}
    made = await call(lab, "POST", f"/issue/{key}/remotelink", link)
    again = await call(lab, "POST", f"/issue/{key}/remotelink", {**link, "object": {**target, "title": "7"}})
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json()["id"] == again.json()["id"]
    rows = (await call(lab, "GET", f"/issue/{key}/remotelink")).json()
    assert [row["object"]["title"] for row in rows] == ["7"]
    assert (await call(lab, "POST", f"/issue/{key}/remotelink", {"object": {}})).status_code == 400


@rule("The search finds by project, status, labels, summary and key, joined with AND and ordered.", SEARCH)
async def test_search(lab: Laboratory) -> None:
    one = await create(lab, "Invoice 12 fails", labels=["plumbline", "incident-7"])
    two = await create(lab, "Token refused", labels=["plumbline"])
    other = await create(lab, "Invoice 13", project={"key": "FIN"})
    await call(lab, "POST", f"/issue/{two}/transitions", {"transition": {"id": "31"}})
    assert await found(lab, 'project = OPS AND labels = "incident-7"') == [one]
    assert await found(lab, "labels = plumbline AND status != Done") == [one]
    assert await found(lab, 'summary ~ "invoice" ORDER BY created ASC') == [one, other]
    assert await found(lab, "project in (OPS, FIN) ORDER BY key DESC") == [two, one, other]
    assert await found(lab, f"key = {other}") == [other]
    assert await found(lab, 'labels not in ("plumbline") AND project = FIN') == [other]


@rule("A query without restriction, with an unknown field or that cannot be read is a 400.", SEARCH)
@pytest.mark.parametrize(
    "jql", ["", "ORDER BY created", "colour = red", "project OPS", "project = OPS OR key = X"]
)
async def test_wrong_queries(lab: Laboratory, jql: str) -> None:
    answer = await call(lab, "GET", "/search/jql", jql=jql)
    assert (answer.status_code, len(answer.json()["errorMessages"])) == (400, 1)


@rule(
    "Results tell ids only unless fields are asked for; pages go on by `nextPageToken` to `isLast`.", SEARCH
)
async def test_pages_of_a_search(lab: Laboratory) -> None:
    keys = [await create(lab, f"issue {n}") for n in range(5)]
    body: dict[str, Any] = {"jql": "project = OPS ORDER BY created ASC", "maxResults": 2}
    seen: list[str] = []
    while True:
        page = (await call(lab, "POST", "/search/jql", body)).json()
        assert all(set(issue) == {"id", "key", "self"} for issue in page["issues"])
        seen += [issue["key"] for issue in page["issues"]]
        if page["isLast"]:
            break
        body["nextPageToken"] = page["nextPageToken"]
    assert seen == keys
    assert "nextPageToken" not in page


@rule("The old search is gone.", "Atlassian developer changelog, CHANGE-2046")
async def test_old_search_is_gone(lab: Laboratory) -> None:
    for method in ("GET", "POST"):
        assert (await call(lab, method, "/search", {} if method == "POST" else None)).status_code == 410


@rule("The search is eventually consistent: a new issue may be found a while later only.", SEARCH)
async def test_search_lags_behind(lab: Laboratory) -> None:
    lab.world.faults.add({"name": "stale-truth", "match": {"provider": "jira"}, "args": {"ms": 5000}})
    key = await create(lab)
    assert (await call(lab, "GET", f"/issue/{key}")).status_code == 200
    assert await found(lab, "project = OPS") == []
    lab.world.clock.step(5)
    assert await found(lab, "project = OPS") == [key]


@rule("A 429 tells `Retry-After`, when the limit resets, and which limit it was.", RATES)
async def test_throttling(lab: Laboratory) -> None:
    lab.world.faults.add({"name": "throttle", "match": {"provider": "jira"}, "args": {"retry_after": 30}})
    answer = await call(lab, "GET", "/myself")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
    assert answer.headers["ratelimit-reason"] == "jira-burst-based"
    assert answer.headers["x-ratelimit-reset"].endswith("Z")


async def test_lost_answer_leaves_the_issue(lab: Laboratory) -> None:
    lab.world.faults.add({"name": "status-after-commit", "match": {"provider": "jira"}, "times": 1})
    told = {"project": {"key": "OPS"}, "issuetype": {"name": "Task"}, "summary": "once"}
    assert (await call(lab, "POST", "/issue", {"fields": told})).status_code == 500
    assert await found(lab, 'summary ~ "once"') == ["OPS-1"]


async def test_malformed_bodies_are_refused(lab: Laboratory) -> None:
    auth = (lab.world.jira.email, lab.world.jira.api_token)
    broken = await lab.jira.post("/rest/api/3/issue", content=b"{", auth=auth)
    assert (broken.status_code, broken.json()["errors"]) == (400, {})
    assert (await call(lab, "POST", "/issue", [])).status_code == 400
    assert (await call(lab, "GET", "/nothing")).status_code == 404
