"""A workspace: channels with their messages, and the app with its secrets."""

import random
from dataclasses import dataclass, field
from typing import Any

from plumbline_sandbox.clock import Clock
from plumbline_sandbox.journal import Journal
from plumbline_sandbox.limits import SlidingWindow

Message = dict[str, Any]
"""A message as Slack shows it."""

RESPONSE_URL_LIFE_S = 1800
"""How long a response URL is good (Slack docs, handling user interaction)."""

RESPONSE_URL_USES = 5
"""How often it is good."""


@dataclass(slots=True)
class Channel:
    """A public channel; the app is in it unless it says otherwise."""

    id: str
    name: str
    hook_path: str
    is_archived: bool = False
    has_app: bool = True
    messages: dict[str, Message] = field(default_factory=dict)
    posted: SlidingWindow = field(default_factory=lambda: SlidingWindow(60))


@dataclass(slots=True)
class ResponseUrl:
    """The right to answer to one pressed button."""

    channel: Channel
    ts: str
    expires_at_s: float
    uses: int = 0


class Slack:
    """One workspace with one app."""

    def __init__(self, clock: Clock, journal: Journal, rng: random.Random) -> None:
        self.clock = clock
        self._journal = journal
        self._rng = rng
        self.team_id, self.app_id = f"T{self._id()}", f"A{self._id()}"
        self.bot_id, self.bot_user_id = f"B{self._id()}", f"U{self._id()}"
        self.bot_token = f"xoxb-{rng.randbytes(20).hex()}"
        self.signing_secret = rng.randbytes(16).hex()
        self.interactivity_url: str | None = None
        self.users = {f"U{self._id()}": name for name in ("olivia", "oscar")}
        self.channels = {c.id: c for c in map(self._channel, ("operations", "billing"))}
        self.response_urls: dict[str, ResponseUrl] = {}
        self._last_ts_us = 0

    def channel(self, name: str) -> Channel | None:
        """Return the channel of this id or name (with or without `#`)."""
        plain = name.removeprefix("#")
        return next((c for c in self.channels.values() if name == c.id or plain == c.name), None)

    def post(self, channel: Channel, content: Message) -> Message:
        """Put a message of the app into a channel."""
        ts = self._ts()
        message = {
            "type": "message",
            "user": self.bot_user_id,
            "bot_id": self.bot_id,
            "app_id": self.app_id,
            "team": self.team_id,
            "ts": ts,
            **content,
        }
        channel.messages[ts] = message
        self._note(channel, message, "created")
        return message

    def change(self, channel: Channel, ts: str, content: Message) -> Message:
        """Replace what a message says."""
        before = channel.messages[ts]
        message = {**before, **content, "edited": {"user": self.bot_user_id, "ts": self._ts()}}
        channel.messages[ts] = message
        self._note(channel, message, "updated")
        return message

    def response_url(self, channel: Channel, ts: str) -> str:
        """Return the path of a new response URL for a message."""
        path = f"/actions/{self.team_id}/{self._rng.randrange(10**12)}/{self._rng.randbytes(12).hex()}"
        self.response_urls[path] = ResponseUrl(channel, ts, self.clock.time() + RESPONSE_URL_LIFE_S)
        return path

    def secret(self) -> str:
        """Return a fresh opaque string (trigger ids)."""
        return self._rng.randbytes(16).hex()

    def _channel(self, name: str) -> Channel:
        hook = f"/services/{self.team_id}/B{self._id()}/{self._rng.randbytes(12).hex()}"
        return Channel(f"C{self._id()}", name, hook)

    def _ts(self) -> str:
        """Return a timestamp that no other message has."""
        self._last_ts_us = max(int(self.clock.time() * 1_000_000), self._last_ts_us + 1)
        return f"{self._last_ts_us // 1_000_000}.{self._last_ts_us % 1_000_000:06d}"

    def _id(self) -> str:
        return "0" + "".join(self._rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=9))

    def _note(self, channel: Channel, message: Message, action: str) -> None:
        self._journal.write(
            "commit",
            provider="slack",
            entity="message",
            id=message["ts"],
            action=action,
            origin="api",
            channel=channel.name,
            text=message.get("text"),
        )
