"""Slack: messages, incoming webhooks, rate limits, pressed buttons and their signatures."""

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from sandbox_receiver import Receiver
from sandbox_rules import rule

from plumbline_sandbox.laboratory import Laboratory

POST = "Slack docs, chat.postMessage"
WEB = "Slack docs, Using the Web API"
RATES = "Slack docs, Rate limits"
HOOKS = "Slack docs, Sending messages using incoming webhooks"
SIGNING = "Slack docs, Verifying requests from Slack"
ACTIONS = "Slack docs, Handling user interaction"

BUTTON = {
    "type": "actions",
    "block_id": "ack",
    "elements": [
        {
            "type": "button",
            "action_id": "acknowledge",
            "value": "incident-7",
            "text": {"type": "plain_text", "text": "Acknowledge"},
        }
    ],
}


async def call(lab: Laboratory, method: str, body: Any, token: str | None = None) -> httpx.Response:
    headers = {
        "authorization": f"Bearer {token or lab.world.slack.bot_token}",
        "content-type": "application/json; charset=utf-8",
    }
    return await lab.slack.post(f"/api/{method}", content=json.dumps(body), headers=headers)


async def post(lab: Laboratory, **body: Any) -> Any:
    answer = await call(lab, "chat.postMessage", {"channel": "#operations", "text": "hello", **body})
    assert answer.status_code == 200
    told = answer.json()
    assert told["ok"], told
    return told


@rule("A posted message is told with channel and ts; the ts is its id in the channel.", POST)
async def test_message_is_posted(lab: Laboratory) -> None:
    one, two = await post(lab), await post(lab, blocks=[BUTTON])
    assert (one["channel"], one["message"]["text"]) == (next(iter(lab.world.slack.channels)), "hello")
    assert one["ts"] != two["ts"]
    shown = (await lab.control.get("/control/slack/operations/messages")).json()
    assert [message["ts"] for message in shown] == [one["ts"], two["ts"]]


@rule("A refusal has status 200, `ok` false and a word in `error`.", WEB)
@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"channel": "#nowhere"}, "channel_not_found"),
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"blocks": [{"no": "type"}]}, "invalid_blocks"),
        ({"blocks": [BUTTON] * 51}, "invalid_blocks"),
    ],
)
async def test_refusals_have_status_200(lab: Laboratory, body: dict[str, Any], error: str) -> None:
    answer = await call(lab, "chat.postMessage", {"channel": "#operations", "text": "hello", **body})
    assert (answer.status_code, answer.json()) == (200, {"ok": False, "error": error})


@rule("A wrong token is `invalid_auth`, none `not_authed`, an unknown method `unknown_method`.", WEB)
async def test_refusals_of_callers(lab: Laboratory) -> None:
    wrong = await call(lab, "chat.postMessage", {"channel": "C", "text": "x"}, token="xoxb-wrong")
    assert (wrong.status_code, wrong.json()["error"]) == (200, "invalid_auth")
    bare = await lab.slack.post("/api/chat.postMessage", data={"channel": "C", "text": "x"})
    assert bare.json()["error"] == "not_authed"
    assert (await call(lab, "chat.whisper", {})).json()["error"] == "unknown_method"


@rule("Arguments come as JSON or as a form; JSON without a charset is warned of.", WEB)
async def test_ways_to_send_arguments(lab: Laboratory) -> None:
    form = {"token": lab.world.slack.bot_token, "channel": "#billing", "blocks": json.dumps([BUTTON])}
    posted = (await lab.slack.post("/api/chat.postMessage", data=form)).json()
    assert posted["message"]["blocks"] == [BUTTON]
    headers = {"authorization": f"Bearer {lab.world.slack.bot_token}"}
    warned = await lab.slack.post("/api/auth.test", json={}, headers=headers)
    assert (warned.json()["ok"], warned.json()["warning"]) == (True, "missing_charset")


@rule("A message can be updated by channel and ts.", "Slack docs, chat.update")
async def test_message_is_updated(lab: Laboratory) -> None:
    posted = await post(lab)
    body = {"channel": posted["channel"], "ts": posted["ts"], "text": "acknowledged"}
    told = (await call(lab, "chat.update", body)).json()
    assert (told["ts"], told["text"]) == (posted["ts"], "acknowledged")
    missing = await call(lab, "chat.update", {**body, "ts": "1.0"})
    assert missing.json()["error"] == "message_not_found"


@rule("A channel takes about a message a second; beyond, 429 with Retry-After and `ratelimited`.", RATES)
async def test_rate_limit_of_a_channel(lab: Laboratory) -> None:
    lab.world.limits.configure({"slack": {"per_channel_per_minute": 2}})
    await post(lab)
    await post(lab)
    answer = await call(lab, "chat.postMessage", {"channel": "#operations", "text": "third"})
    assert (answer.status_code, answer.json()) == (429, {"ok": False, "error": "ratelimited"})
    assert 0 < int(answer.headers["retry-after"]) <= 61
    await post(lab, channel="#billing")
    lab.world.clock.step(int(answer.headers["retry-after"]))
    await post(lab)


@rule("An incoming webhook answers `ok` as text, or a word with a status.", HOOKS)
async def test_incoming_webhook(lab: Laboratory) -> None:
    channel = lab.world.slack.channel("operations")
    assert channel is not None
    good = await lab.slack.post(channel.hook_path, json={"text": "posted"})
    assert (good.status_code, good.text) == (200, "ok")
    assert [m["text"] for m in channel.messages.values()] == ["posted"]
    for content, expected in (("{", (400, "invalid_payload")), ("{}", (400, "no_text"))):
        refused = await lab.slack.post(channel.hook_path, content=content)
        assert (refused.status_code, refused.text) == expected
    unknown = await lab.slack.post("/services/T0/B0/none", json={"text": "x"})
    assert (unknown.status_code, unknown.text) == (404, "no_service")
    channel.is_archived = True
    archived = await lab.slack.post(channel.hook_path, json={"text": "x"})
    assert (archived.status_code, archived.text) == (410, "channel_is_archived")


@rule("A pressed button is sent signed: `v0=` and the HMAC-SHA256 of `v0:timestamp:body`.", SIGNING)
async def test_pressed_button_is_signed(lab: Laboratory) -> None:
    posted = await post(lab, blocks=[BUTTON])
    async with Receiver() as app:
        await lab.control.post("/control/slack/interactivity", json={"url": app.url})
        press = {"channel": "operations", "ts": posted["ts"], "action_id": "acknowledge", "user": "oscar"}
        told = await lab.control.post("/control/slack/press", json=press)
        (sent,) = await app.count(1)
    assert told.json()["status"] == 200
    timestamp = sent.headers["x-slack-request-timestamp"]
    signed = b"v0:" + timestamp.encode() + b":" + sent.body
    expected = hmac.new(lab.world.slack.signing_secret.encode(), signed, hashlib.sha256).hexdigest()
    assert sent.headers["x-slack-signature"] == f"v0={expected}"
    assert abs(int(timestamp) - lab.world.clock.time()) < 300
    payload = json.loads(parse_qs(sent.body.decode())["payload"][0])
    assert (payload["type"], payload["user"]["username"]) == ("block_actions", "oscar")
    assert payload["actions"][0]["value"] == "incident-7"
    assert payload["container"]["message_ts"] == posted["ts"]


@rule("An answer other than 200 is not tried again; the person sees the failure.", ACTIONS)
async def test_refused_button_is_not_sent_again(lab: Laboratory) -> None:
    posted = await post(lab, blocks=[BUTTON])
    press = {"channel": "operations", "ts": posted["ts"], "action_id": "acknowledge"}
    async with Receiver(statuses=[500]) as app:
        await lab.control.post("/control/slack/interactivity", json={"url": app.url})
        assert (await lab.control.post("/control/slack/press", json=press)).json()["status"] == 500
        assert len(app.taken) == 1
    assert (await lab.control.post("/control/slack/press", json=press)).json()["status"] is None
    attempts = [e.facts["status"] for e in lab.world.journal.since(0) if e.kind == "webhook-attempt"]
    assert attempts == [500, None]


@rule("A response URL is good five times within half an hour, and may replace the message.", ACTIONS)
async def test_response_url(lab: Laboratory) -> None:
    posted = await post(lab, blocks=[BUTTON])
    channel = lab.world.slack.channels[posted["channel"]]
    first, second = (lab.world.slack.response_url(channel, posted["ts"]) for _ in "ab")
    replaced = await lab.slack.post(first, json={"text": "done", "replace_original": True})
    assert (replaced.status_code, channel.messages[posted["ts"]]["text"]) == (200, "done")
    for _ in range(4):
        assert (await lab.slack.post(first, json={"text": "more"})).status_code == 200
    assert (await lab.slack.post(first, json={"text": "sixth"})).status_code == 404
    lab.world.clock.step(1800)
    assert (await lab.slack.post(second, json={"text": "late"})).status_code == 404
    assert len(channel.messages) == 5


async def test_unknown_button_message_and_person_are_refused(lab: Laboratory) -> None:
    posted = await post(lab, blocks=[BUTTON])
    good = {"channel": "operations", "ts": posted["ts"], "action_id": "acknowledge"}
    assert (await lab.control.post("/control/slack/press", json=good)).status_code == 400
    await lab.control.post("/control/slack/interactivity", json={"url": "http://127.0.0.1:9"})
    for wrong in ({"ts": "1.0"}, {"action_id": "other"}, {"user": "nobody"}, {"channel": "x"}):
        assert (await lab.control.post("/control/slack/press", json={**good, **wrong})).status_code == 404


async def test_every_message_stands_in_the_journal(lab: Laboratory) -> None:
    await post(lab, text="first")
    lab.world.faults.add({"name": "status-after-commit", "match": {"provider": "slack"}, "times": 1})
    lost = await call(lab, "chat.postMessage", {"channel": "#operations", "text": "second"})
    assert lost.status_code == 500
    commits = [e.facts["text"] for e in lab.world.journal.since(0) if e.facts.get("entity") == "message"]
    assert commits == ["first", "second"]


async def test_faults_speak_slack(lab: Laboratory) -> None:
    lab.world.faults.add({"name": "throttle", "match": {"provider": "slack"}, "times": 1})
    assert (await call(lab, "auth.test", {})).headers["retry-after"] == "60"
    lab.world.faults.add({"name": "refuse-token", "match": {"provider": "slack"}, "times": 1})
    assert (await call(lab, "auth.test", {})).json() == {"ok": False, "error": "invalid_auth"}
