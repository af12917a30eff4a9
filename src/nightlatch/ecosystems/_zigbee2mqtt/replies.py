"""What orders to locks wait for: messages about a lock, and lines of Zigbee2MQTT's log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec

from nightlatch.ecosystems._zigbee2mqtt.watch import Message


class Reply(msgspec.Struct, frozen=True):
    """A message for an order that waits for one, with the content of the message before it."""

    message: Message | None
    """None: Zigbee2MQTT could not do what it was asked, or it is a line of its log."""
    before: Mapping[str, Any] = {}
    status: str = ""
    """The status with which the lock declined, where it gave one."""
    line: str = ""
    """A line of the log; only who asked for replies on its topic gets any."""


Replies = asyncio.Queue[Reply | None]
"""None: the connection has ended."""


class ConnectionEnded(Exception):
    """The connection ended while an order was followed."""


async def following(replies: Replies, seconds: float, wanted: Callable[[Reply], bool]) -> Reply | None:
    """The next reply that is wanted; None when none comes in time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                reply = await replies.get()
                if reply is None:
                    raise ConnectionEnded
                if wanted(reply):
                    return reply
    return None
