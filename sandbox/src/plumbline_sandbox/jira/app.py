"""Jira Cloud's REST API v3 as an ASGI application.

Sources: Jira Cloud platform REST API v3 (issues, issue search, issue comments, issue remote
links), basic auth for REST APIs, rate limiting.
"""

import base64
import binascii
from datetime import timedelta
from typing import Any

from typing_extensions import override

from plumbline_sandbox.http import Answer, RefusedError, Request, json_answer
from plumbline_sandbox.jira.jql import JqlError, search
from plumbline_sandbox.jira.state import (
    CATEGORIES,
    ISSUE_TYPES,
    PRIORITIES,
    STATUSES,
    TRANSITIONS,
    Issue,
    Jira,
)
from plumbline_sandbox.partner import Params, Partner
from plumbline_sandbox.server import App
from plumbline_sandbox.world import World

NO_ISSUE = "Issue does not exist or you do not have permission to see it."
"""What is told of an issue that is not there."""

NO_DOCUMENT = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
"""What is told of a text that is no document."""

PAGE = 50
"""Issues of a page of search results when the caller does not say."""

SUMMARY_MAX = 255
"""Most characters of a summary."""

_SETTABLE = ("summary", "description", "labels", "priority", "issuetype", "project")


def build(world: World) -> App:
    """Return Jira as an ASGI application."""
    return App(world, JiraProvider(world.jira))


class JiraProvider(Partner):
    """Jira's half of the shared server."""

    name = "jira"

    def __init__(self, jira: Jira) -> None:
        issue = "/rest/api/3/issue/{issue}"
        super().__init__(
            [
                ("GET", "/rest/api/3/serverInfo", self._about),
                ("GET", "/rest/api/3/field", self._fields),
                ("GET", "/rest/api/3/myself", self._myself),
                ("POST", "/rest/api/3/issue", self._create),
                ("GET", issue, self._show),
                ("PUT", issue, self._edit),
                ("GET", f"{issue}/transitions", self._transitions),
                ("POST", f"{issue}/transitions", self._transition),
                ("GET", f"{issue}/comment", self._comments),
                ("POST", f"{issue}/comment", self._comment),
                ("GET", f"{issue}/remotelink", self._links),
                ("POST", f"{issue}/remotelink", self._link),
                ("GET", "/rest/api/3/search/jql", self._search),
                ("POST", "/rest/api/3/search/jql", self._search),
                ("GET", "/rest/api/3/search", self._gone),
                ("POST", "/rest/api/3/search", self._gone),
            ]
        )
        self._jira = jira

    @override
    def admit(self, request: Request) -> None:
        """Check e-mail and API token.

        Raises:
            RefusedError: 401.
        """
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            pair = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            pair = ""
        if scheme.lower() != "basic" or pair != f"{self._jira.email}:{self._jira.api_token}":
            raise RefusedError(self.refused_token())

    @override
    def absent(self, request: Request) -> RefusedError:
        return RefusedError(
            json_answer(404, {"message": "null for uri: " + request.path, "status-code": 404})
        )

    @override
    def refused_token(self) -> Answer:
        """Return the 401 (its wording is inferred)."""
        text = b"Client must be authenticated to access this resource."
        headers = {"content-type": "text/plain", "www-authenticate": 'OAuth realm="https://sandbox"'}
        return Answer(401, text, headers)

    @override
    def throttled(self, retry_after_s: int) -> Answer:
        reset = self._jira.clock.now() + timedelta(seconds=retry_after_s)
        answer = json_answer(429, {"errorMessages": ["Rate limit exceeded."], "errors": {}})
        answer.headers |= {
            "retry-after": str(retry_after_s),
            "x-ratelimit-reset": reset.strftime("%Y-%m-%dT%H:%MZ"),
            "ratelimit-reason": "jira-burst-based",
        }
        return answer

    def _about(self, request: Request, _: Params) -> Answer:
        host = request.headers.get("host", "localhost")
        about = {"baseUrl": f"http://{host}", "version": "1001.0.0", "versionNumbers": [1001, 0, 0]}
        return json_answer(200, {**about, "deploymentType": "Cloud", "serverTitle": "Sandbox"})

    def _fields(self, request: Request, _: Params) -> Answer:
        rows = [{"id": name, "key": name, "name": name.capitalize(), "custom": False} for name in _SETTABLE]
        return json_answer(200, rows)

    def _myself(self, request: Request, _: Params) -> Answer:
        return json_answer(200, self._author())

    def _create(self, request: Request, _: Params) -> Answer:
        """`POST /rest/api/3/issue`: `{"fields": {"project", "issuetype", "summary", ...}}`."""
        fields = _object(_object(_body(request)).get("fields", {}))
        errors: dict[str, str] = {}
        project = self._project(fields.get("project"), errors)
        fields["issuetype"] = _issue_type(fields.get("issuetype"), errors)
        if not str(fields.get("summary") or "").strip():
            errors["summary"] = "You must specify a summary of the issue."
        _check(fields, errors)
        if errors:
            raise _refused(400, errors=errors)
        issue = self._jira.create(project, fields)
        told = {"id": issue.id, "key": issue.key, "self": self._self(request, issue)}
        return json_answer(201, told, committed=True)

    def _show(self, request: Request, params: Params) -> Answer:
        """`GET /rest/api/3/issue/{key or id}`."""
        return json_answer(200, self._json(request, self._issue(params), None))

    def _edit(self, request: Request, params: Params) -> Answer:
        """`PUT /rest/api/3/issue/{key or id}`: 204."""
        issue = self._issue(params)
        fields = _object(_object(_body(request)).get("fields", {}))
        errors: dict[str, str] = {}
        if "summary" in fields and not str(fields["summary"] or "").strip():
            errors["summary"] = "You must specify a summary of the issue."
        _check(fields, errors)
        if errors:
            raise _refused(400, errors=errors)
        issue.fields |= fields
        self._jira.touch(issue, "updated")
        return Answer(204, committed=True)

    def _transitions(self, request: Request, params: Params) -> Answer:
        """`GET .../transitions`."""
        self._issue(params)
        rows = [
            {"id": number, "name": STATUSES[status], "to": _status(request, status)}
            for number, status in TRANSITIONS.items()
        ]
        return json_answer(200, {"expand": "transitions", "transitions": rows})

    def _transition(self, request: Request, params: Params) -> Answer:
        """`POST .../transitions`: `{"transition": {"id"}}`; 204."""
        issue = self._issue(params)
        number = str(_object(_object(_body(request)).get("transition", {})).get("id", ""))
        if number not in TRANSITIONS:
            raise _refused(400, [f"Transition id '{number}' is not valid for this issue."])
        issue.status_id = TRANSITIONS[number]
        self._jira.touch(issue, "transitioned")
        return Answer(204, committed=True)

    def _comments(self, request: Request, params: Params) -> Answer:
        """`GET .../comment`."""
        rows = self._issue(params).comments
        return json_answer(200, {"startAt": 0, "maxResults": 5000, "total": len(rows), "comments": rows})

    def _comment(self, request: Request, params: Params) -> Answer:
        """`POST .../comment`: `{"body": document}`."""
        issue = self._issue(params)
        text = _object(_body(request)).get("body")
        if not _is_document(text):
            raise _refused(400, errors={"comment": "Comment body is not valid!"})
        comment_id, now = self._jira.new_id(), _moment(self._jira.clock.now())
        comment = {
            "self": f"{self._self(request, issue)}/comment/{comment_id}",
            "id": comment_id,
            "author": self._author(),
            "body": text,
            "created": now,
            "updated": now,
        }
        issue.comments.append(comment)
        self._jira.touch(issue, "commented", comment=comment_id)
        return json_answer(201, comment, committed=True)

    def _links(self, request: Request, params: Params) -> Answer:
        """`GET .../remotelink`."""
        return json_answer(200, list(self._issue(params).links.values()))

    def _link(self, request: Request, params: Params) -> Answer:
        """`POST .../remotelink`: one with a `globalId` that is there is updated, with 200."""
        issue = self._issue(params)
        body = _object(_body(request))
        target = _object(body.get("object", {}))
        if not target.get("url") or not target.get("title"):
            raise _refused(400, errors={"url": "'url' is required.", "title": "'title' is required."})
        link_id = self._jira.new_id()
        global_id = str(body.get("globalId") or link_id)
        before = issue.links.get(global_id)
        told_id = before["id"] if before else int(link_id)
        link = {"id": told_id, "self": f"{self._self(request, issue)}/remotelink/{told_id}"}
        issue.links[global_id] = {**link, "globalId": global_id, "object": target}
        self._jira.touch(issue, "linked", link=target["url"])
        return json_answer(200 if before else 201, link, committed=True)

    def _search(self, request: Request, _: Params) -> Answer:
        """`GET|POST /rest/api/3/search/jql`: ids only unless `fields` says; pages by `nextPageToken`."""
        asked = dict(request.query) if request.method == "GET" else _object(_body(request))
        names = asked.get("fields") or []
        names = names.split(",") if isinstance(names, str) else names
        now_s = self._jira.clock.time()
        known = [issue for issue in self._jira.issues.values() if issue.found_from_s <= now_s]
        try:
            found = search(str(asked.get("jql", "")), known)
            start, size = int(asked.get("nextPageToken") or 0), int(asked.get("maxResults") or PAGE)
        except JqlError as unread:
            raise _refused(400, [str(unread)]) from unread
        except ValueError as malformed:
            raise _refused(400, ["The provided next page token is invalid or expired."]) from malformed
        page = found[start : start + size]
        told: dict[str, Any] = {"issues": [self._json(request, issue, set(names)) for issue in page]}
        told["isLast"] = start + size >= len(found)
        if not told["isLast"]:
            told["nextPageToken"] = str(start + size)
        return json_answer(200, told)

    def _gone(self, request: Request, _: Params) -> Answer:
        text = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."
        raise _refused(410, [text])

    def _issue(self, params: Params) -> Issue:
        issue = self._jira.find(params["issue"])
        if issue is None:
            raise _refused(404, [NO_ISSUE])
        return issue

    def _project(self, value: Any, errors: dict[str, str]) -> str:
        key = str(value.get("key") or value.get("id") or "").upper() if isinstance(value, dict) else ""
        if not key:
            errors["project"] = "Specify a valid project ID or key"
        elif key not in self._jira.projects:
            errors["project"] = "valid project is required"
        return key

    def _json(self, request: Request, issue: Issue, names: set[str] | None) -> dict[str, Any]:
        told = {"id": issue.id, "key": issue.key, "self": self._self(request, issue)}
        fields = {
            "description": None,
            "labels": [],
            "priority": {"name": "Medium"},
            **{name: value for name, value in issue.fields.items() if name in _SETTABLE},
            "project": {"key": issue.project, "name": self._jira.projects[issue.project]},
            "status": _status(request, issue.status_id),
            "created": _moment(issue.created),
            "updated": _moment(issue.updated),
            "creator": self._author(),
        }
        if names is None or names & {"*all", "*navigable"}:
            return {**told, "fields": fields}
        kept = {name: value for name, value in fields.items() if name in names}
        return {**told, "fields": kept} if kept else told

    def _author(self) -> dict[str, Any]:
        jira = self._jira
        return {
            "accountId": jira.account_id,
            "emailAddress": jira.email,
            "displayName": "Plumbline",
            "active": True,
        }

    def _self(self, request: Request, issue: Issue) -> str:
        return f"http://{request.headers.get('host', 'localhost')}/rest/api/3/issue/{issue.id}"


def _status(request: Request, status_id: str) -> dict[str, Any]:
    host = request.headers.get("host", "localhost")
    return {
        "self": f"http://{host}/rest/api/3/status/{status_id}",
        "id": status_id,
        "name": STATUSES[status_id],
        "statusCategory": {"key": CATEGORIES[status_id]},
    }


def _check(fields: dict[str, Any], errors: dict[str, str]) -> None:
    """Note what is wrong with fields that may be left out."""
    if fields.get("description") is not None and not _is_document(fields["description"]):
        errors["description"] = NO_DOCUMENT
    if len(str(fields.get("summary") or "")) > SUMMARY_MAX:
        errors["summary"] = f"Summary can't exceed {SUMMARY_MAX} characters."
    labels = fields.get("labels", [])
    if not isinstance(labels, list) or any(not isinstance(label, str) or " " in label for label in labels):
        errors["labels"] = "The label can't contain spaces."
    priority = fields.get("priority")
    if priority is not None and _object(priority).get("name") not in PRIORITIES:
        errors["priority"] = "Specify the Priority (name) in string format"
    for name in set(fields) - set(_SETTABLE):
        errors[name] = f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."


def _issue_type(value: Any, errors: dict[str, str]) -> dict[str, str]:
    told = value if isinstance(value, dict) else {}
    for type_id, name in ISSUE_TYPES.items():
        if str(told.get("id")) == type_id or told.get("name") == name:
            return {"id": type_id, "name": name}
    errors["issuetype"] = "Specify a valid issue type"
    return {}


def _is_document(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") == "doc" and value.get("version") == 1


def _body(request: Request) -> Any:
    try:
        return request.json()
    except ValueError as broken:
        raise _refused(
            400, ["Invalid request payload. Refer to the REST API documentation and try again."]
        ) from broken


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _refused(400, ["Invalid request payload. Refer to the REST API documentation and try again."])
    return value


def _refused(
    status: int, messages: list[str] | None = None, errors: dict[str, str] | None = None
) -> RefusedError:
    return RefusedError(json_answer(status, {"errorMessages": messages or [], "errors": errors or {}}))


def _moment(at: Any) -> str:
    return str(at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000")
