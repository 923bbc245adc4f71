"""jira (pycontribs): issues, transitions, comments, links, and the search by token."""

import pytest
from jira import JIRA, JIRAError

TEXT = {"type": "doc", "version": 1, "content": []}


@pytest.fixture
def client(sandbox):
    told = sandbox["jira"]
    options = {"rest_api_version": "3"}
    return JIRA(told["url"], basic_auth=(told["email"], told["api_token"]), options=options, max_retries=0)


def test_issue_lives(client):
    fields = {"project": {"key": "OPS"}, "summary": "Posting fails", "issuetype": {"name": "Incident"}}
    issue = client.create_issue(fields={**fields, "labels": ["client-check"]})
    assert [one["name"] for one in client.transitions(issue)] == ["To Do", "In Progress", "Done"]
    client.transition_issue(issue, "31")
    assert client.issue(issue.key).fields.status.name == "Done"
    found = client.enhanced_search_issues('project = OPS AND labels = "client-check"', fields=["summary"])
    assert issue.key in [one.key for one in found]


def test_refusal_names_the_field(client):
    with pytest.raises(JIRAError) as refused:
        client.create_issue(fields={"project": {"key": "OPS"}, "issuetype": {"name": "Task"}})
    assert refused.value.status_code == 400
    assert "summary" in refused.value.text
