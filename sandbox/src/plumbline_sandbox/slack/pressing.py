"""Pressing a button: the signed request that Slack sends to the app's interactivity URL.

Sources: Slack docs, verifying requests from Slack (signature `v0`), block_actions payload,
handling user interaction (an answer within three seconds). Slack does not try again.
"""

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

from plumbline_sandbox.journal import Journal
from plumbline_sandbox.sending import HttpSender, Sender, UndeliveredError
from plumbline_sandbox.slack.state import Channel, Message, Slack

PATIENCE_S = 3.0
"""Real seconds an app has to answer."""


class Pressing:
    """People who press the buttons of messages."""

    def __init__(self, slack: Slack, journal: Journal, sender: Sender | None = None) -> None:
        self._slack = slack
        self._journal = journal
        self._sender = sender or HttpSender(PATIENCE_S)

    async def press(
        self, channel_name: str, ts: str, action_id: str, *, user: str = "olivia", base_url: str = ""
    ) -> dict[str, Any]:
        """Press a button of a message; give what the app answered.

        Args:
            channel_name: Id or name of the channel.
            ts: Which message.
            action_id: Which button of it.
            user: Name of the person.
            base_url: Where the app reaches this Slack, for the response URL.

        Raises:
            KeyError: There is no such channel, message, button or person.
            ValueError: The app has no interactivity URL.
        """
        slack = self._slack
        if slack.interactivity_url is None:
            raise ValueError("the app has no interactivity URL")
        channel = slack.channel(channel_name)
        if channel is None or ts not in channel.messages:
            raise KeyError(f"message {ts} in {channel_name}")
        button = _button(channel.messages[ts], action_id)
        user_id = next((u for u, name in slack.users.items() if name == user), None)
        if button is None or user_id is None:
            raise KeyError(f"button {action_id} or person {user}")
        payload = self._payload(channel, channel.messages[ts], button, user_id, base_url)
        return await self._send(payload, slack.interactivity_url)

    async def aclose(self) -> None:
        """Close what connections are open."""
        await self._sender.aclose()

    async def _send(self, payload: Message, url: str) -> dict[str, Any]:
        body = urlencode({"payload": json.dumps(payload)}).encode()
        timestamp = str(int(self._slack.clock.time()))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self._slack.signing_secret, timestamp, body),
        }
        told: dict[str, Any]
        try:
            reply = await self._sender.post(url, headers, body)
            told = {"status": reply.status, "body": reply.body}
        except UndeliveredError as lost:
            told = {"status": None, "body": str(lost)}
        action = payload["actions"][0]
        self._journal.write(
            "webhook-attempt",
            provider="slack",
            url=url,
            action_id=action["action_id"],
            user=payload["user"]["username"],
            message=payload["message"]["ts"],
            status=told["status"],
        )
        return {**told, "response_url": payload["response_url"]}

    def _payload(
        self, channel: Channel, message: Message, button: Message, user_id: str, base_url: str
    ) -> Message:
        slack = self._slack
        name = slack.users[user_id]
        action = {
            name: button[name] for name in ("action_id", "value", "text", "type", "style") if name in button
        }
        return {
            "type": "block_actions",
            "user": {"id": user_id, "username": name, "name": name, "team_id": slack.team_id},
            "api_app_id": slack.app_id,
            "token": "deprecated",
            "container": {
                "type": "message",
                "message_ts": message["ts"],
                "channel_id": channel.id,
                "is_ephemeral": False,
            },
            "trigger_id": slack.secret(),
            "team": {"id": slack.team_id, "domain": "sandbox"},
            "channel": {"id": channel.id, "name": channel.name},
            "message": message,
            "response_url": f"{base_url}{slack.response_url(channel, message['ts'])}",
            "actions": [{**action, "block_id": button["block_id"], "action_ts": f"{slack.clock.time():.6f}"}],
        }


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Sign a request: HMAC-SHA256 over `v0:timestamp:body`, in hexadecimal after `v0=`."""
    signed = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _button(message: Message, action_id: str) -> Message | None:
    for place, block in enumerate(message.get("blocks", [])):
        for element in (*block.get("elements", []), block.get("accessory") or {}):
            if element.get("action_id") == action_id:
                return {**element, "block_id": block.get("block_id", f"b{place}")}
    return None
