"""slack_sdk: messages, webhooks, errors, and the verifier of signatures."""

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook import WebhookClient

BUTTON = {"type": "button", "action_id": "ack", "value": "7", "text": {"type": "plain_text", "text": "Ack"}}


@pytest.fixture
def slack(sandbox):
    return sandbox["slack"]


@pytest.fixture
def client(slack):
    return WebClient(token=slack["bot_token"], base_url=slack["api_url"])


def test_message_is_posted_and_updated(client):
    posted = client.chat_postMessage(channel="#operations", text="open")
    assert client.chat_update(channel=posted["channel"], ts=posted["ts"], text="closed")["text"] == "closed"


def test_refusal_is_raised_by_its_word(client):
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="#nowhere", text="x")
    assert refused.value.response["error"] == "channel_not_found"


def test_incoming_webhook(slack):
    assert WebhookClient(slack["channels"][0]["webhook_url"]).send(text="posted").body == "ok"


def test_pressed_button_is_verified_and_answered(sandbox, client, slack, endpoint):
    blocks = [{"type": "actions", "elements": [BUTTON]}]
    posted = client.chat_postMessage(channel="#operations", text="open", blocks=blocks)
    control = sandbox["control_url"]
    requests.post(f"{control}/control/slack/interactivity", json={"url": endpoint.url}, timeout=5)
    press = {"channel": "operations", "ts": posted["ts"], "action_id": "ack", "slack_url": slack["url"]}
    told = requests.post(f"{control}/control/slack/press", json=press, timeout=5).json()
    headers, body = endpoint.taken[-1]
    assert SignatureVerifier(slack["signing_secret"]).is_valid_request(body, headers)
    answered = WebhookClient(told["response_url"]).send(text="closed", replace_original=True)
    assert answered.status_code == 200
