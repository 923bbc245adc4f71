"""The outbox: messages stored with what they tell of, and published afterwards, in order per key."""

from plumbline.common.outbox.box import put
from plumbline.common.outbox.relay import Publisher, Relay

__all__ = ["Publisher", "Relay", "put"]
