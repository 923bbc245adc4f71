"""Slack's Web API, incoming webhooks and response URLs as an ASGI application.

Sources: Slack docs, chat.postMessage, chat.update, Web API (evaluating responses), rate limits,
sending messages using incoming webhooks, handling user interaction.
"""

import json
from typing import Any
from urllib.parse import parse_qsl

from typing_extensions import override

from plumbline_sandbox.http import Answer, RefusedError, Request, json_answer
from plumbline_sandbox.limits import Limits
from plumbline_sandbox.partner import Params, Partner
from plumbline_sandbox.server import App
from plumbline_sandbox.slack.state import RESPONSE_URL_USES, Channel, Message, Slack
from plumbline_sandbox.world import World

TEXT_MAX = 40_000
"""Most characters of a text."""

BLOCKS_MAX = 50
"""Most blocks of a message."""

CONTENT = ("text", "blocks", "attachments", "thread_ts", "metadata")
"""What of a request becomes part of the message."""


def build(world: World) -> App:
    """Return Slack as an ASGI application."""
    return App(world, SlackProvider(world.slack, world.limits))


class SlackProvider(Partner):
    """Slack's half of the shared server."""

    name = "slack"

    def __init__(self, slack: Slack, limits: Limits) -> None:
        super().__init__(
            [
                ("POST", "/api/{method}", self._call),
                ("GET", "/api/{method}", self._call),
                ("POST", "/services/{team}/{hook}/{secret}", self._hook),
                ("POST", "/actions/{team}/{id}/{secret}", self._respond),
            ]
        )
        self._slack = slack
        self._limits = limits
        self._methods = {
            "auth.test": self._whoami,
            "chat.postMessage": self._post,
            "chat.update": self._update,
        }

    @override
    def absent(self, request: Request) -> RefusedError:
        return RefusedError(Answer(404, b"", {"content-type": "text/html"}))

    @override
    def refused_token(self) -> Answer:
        return json_answer(200, {"ok": False, "error": "invalid_auth"})

    @override
    def throttled(self, retry_after_s: int) -> Answer:
        return json_answer(429, {"ok": False, "error": "ratelimited"}, retry_after=str(retry_after_s))

    def _call(self, request: Request, params: Params) -> Answer:
        """Call a method of the Web API: errors come with status 200."""
        method = self._methods.get(params["method"])
        if method is None:
            raise _failed("unknown_method", req_method=params["method"])
        arguments = _arguments(request)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token if scheme.lower() == "bearer" else str(arguments.get("token", ""))
        if not token:
            raise _failed("not_authed")
        if token != self._slack.bot_token:
            raise _failed("invalid_auth")
        told = {"ok": True, **method(arguments)}
        content_type = request.headers.get("content-type", "")
        if content_type.startswith("application/json") and "charset" not in content_type:
            told |= {"warning": "missing_charset", "response_metadata": {"warnings": ["missing_charset"]}}
        return json_answer(200, told, committed=params["method"].startswith("chat."))

    def _whoami(self, _: Message) -> dict[str, Any]:
        slack = self._slack
        return {
            "team_id": slack.team_id,
            "user_id": slack.bot_user_id,
            "bot_id": slack.bot_id,
            "team": "Sandbox",
        }

    def _post(self, arguments: Message) -> dict[str, Any]:
        channel = self._channel(arguments)
        content = _content(arguments)
        self._count(channel)
        message = self._slack.post(channel, content)
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    def _update(self, arguments: Message) -> dict[str, Any]:
        channel = self._channel(arguments)
        ts = str(arguments.get("ts", ""))
        if ts not in channel.messages:
            raise _failed("message_not_found")
        message = self._slack.change(channel, ts, _content(arguments))
        return {"channel": channel.id, "ts": ts, "text": message.get("text", ""), "message": message}

    def _channel(self, arguments: Message) -> Channel:
        channel = self._slack.channel(str(arguments.get("channel", "")))
        if channel is None:
            raise _failed("channel_not_found")
        if channel.is_archived:
            raise _failed("is_archived")
        if not channel.has_app:
            raise _failed("not_in_channel")
        return channel

    def _hook(self, request: Request, _: Params) -> Answer:
        """Post by an incoming webhook: errors are words with a status."""
        channel = next((c for c in self._slack.channels.values() if c.hook_path == request.path), None)
        if channel is None:
            raise _told(404, "no_service")
        if channel.is_archived:
            raise _told(410, "channel_is_archived")
        try:
            body = _hook_body(request)
        except ValueError as broken:
            raise _told(400, "invalid_payload") from broken
        if not any(body.get(name) for name in ("text", "blocks", "attachments")):
            raise _told(400, "no_text")
        self._count(channel)
        self._slack.post(channel, {name: body[name] for name in CONTENT if name in body})
        return _ok()

    def _respond(self, request: Request, _: Params) -> Answer:
        """Answer to a pressed button; that a spent URL is a 404 with a word is inferred."""
        right = self._slack.response_urls.get(request.path)
        if right is None or right.expires_at_s <= self._slack.clock.time():
            raise RefusedError(json_answer(404, {"ok": False, "error": "expired_url"}))
        if right.uses >= RESPONSE_URL_USES:
            raise RefusedError(json_answer(404, {"ok": False, "error": "used_url"}))
        try:
            body = _hook_body(request)
        except ValueError as broken:
            raise _told(400, "invalid_payload") from broken
        right.uses += 1
        content = {name: body[name] for name in CONTENT if name in body}
        if body.get("replace_original") is True:
            self._slack.change(right.channel, right.ts, content)
        else:
            self._slack.post(right.channel, content)
        return _ok()

    def _count(self, channel: Channel) -> None:
        now_s = self._slack.clock.time()
        if channel.posted.count(now_s) >= self._limits.slack.per_channel_per_minute:
            raise RefusedError(self.throttled(max(1, int(channel.posted.frees_at(now_s) - now_s) + 1)))
        channel.posted.add(now_s)


def _arguments(request: Request) -> Message:
    if request.method == "GET":
        return dict(request.query)
    if not request.headers.get("content-type", "").startswith("application/json"):
        form: Message = dict(parse_qsl(request.body.decode()))
        for name in ("blocks", "attachments", "metadata"):
            if name in form:
                form[name] = _loaded(form[name])
        return form
    body = _loaded(request.body.decode() or "{}")
    if not isinstance(body, dict):
        raise _failed("json_not_object")
    return body


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as broken:
        raise _failed("invalid_json") from broken


def _content(arguments: Message) -> Message:
    """Return what a message is to say.

    Raises:
        RefusedError: It says nothing, or too much.
    """
    if not any(arguments.get(name) for name in ("text", "blocks", "attachments")):
        raise _failed("no_text")
    if len(str(arguments.get("text") or "")) > TEXT_MAX:
        raise _failed("msg_too_long")
    blocks = arguments.get("blocks") or []
    right = isinstance(blocks, list) and all(isinstance(b, dict) and "type" in b for b in blocks)
    if not right or len(blocks) > BLOCKS_MAX:
        raise _failed("invalid_blocks")
    return {name: arguments[name] for name in CONTENT if arguments.get(name) is not None}


def _hook_body(request: Request) -> Message:
    """Return the body of a webhook: JSON, or a form whose `payload` is JSON."""
    text = request.body.decode()
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        text = dict(parse_qsl(text)).get("payload", "")
    body = json.loads(text)
    if not isinstance(body, dict):
        raise ValueError("not an object")  # noqa: TRY004 -- one class for every unreadable body
    return body


def _failed(error: str, **more: str) -> RefusedError:
    return RefusedError(json_answer(200, {"ok": False, "error": error, **more}))


def _told(status: int, word: str) -> RefusedError:
    return RefusedError(Answer(status, word.encode(), {"content-type": "text/html"}))


def _ok() -> Answer:
    return Answer(200, b"ok", {"content-type": "text/html"}, committed=True)
