"""Hands a message to a channel, by apprise: in a thread of its own, within a time, and without a word of its URL."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Any, Protocol

from nightlatch.guard.alerts.render import Message
from nightlatch.guard.alerts.rules import Channel

if TYPE_CHECKING:
    from apprise.plugins.base import NotifyBase

TIMEOUT = 60.0
"""Seconds for one message: connecting, sending, and whatever pause a service asks for between two."""
DELIVERED = ""
_LOGGERS = ("apprise", "urllib3", "requests")
"""They log URLs with the tokens in them."""


class Carrier(Protocol):
    """Takes messages to channels."""

    async def send(self, channel: Channel, message: Message) -> str:
        """Send a message: DELIVERED once the channel has taken it, else why not, in words without a secret."""


class Apprise:
    """Sends by apprise. It reads no configuration files, loads no plugins from outside and keeps nothing on disk."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._plugins: dict[str, NotifyBase | None] = {}

    async def send(self, channel: Channel, message: Message) -> str:
        """Send a message. What takes longer than the time is given up; it may still arrive."""
        if channel.url is None:
            return channel.problem
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[str] = loop.create_future()

        def end(reason: str) -> None:
            if not ended.done():
                ended.set_result(reason)

        def work() -> None:
            reason = self._send(channel, message)
            try:
                loop.call_soon_threadsafe(end, reason)
            except RuntimeError:
                return  # Nightlatch has ended meanwhile: the line stays, and is sent again at the next start

        # A daemon, unlike the threads of a pool: a service that hangs must not hold up the end of Nightlatch.
        threading.Thread(target=work, name=f"alerts-{channel.id}", daemon=True).start()
        try:
            async with asyncio.timeout(self._timeout):
                return await ended
        except TimeoutError:
            return f"it took longer than {self._timeout:.0f} seconds"

    def problem(self, channel: Channel) -> str:
        """Why a channel cannot work as it is set; nothing when it can."""
        if channel.url is None:
            return channel.problem
        return "" if self._plugin(channel) is not None else "its URL is none that apprise knows"

    def _send(self, channel: Channel, message: Message) -> str:
        try:
            plugin = self._plugin(channel)
            if plugin is None:
                return "its URL is none that apprise knows"
            from apprise import NotifyFormat

            silence()
            taken = plugin.notify(
                title=message.title, body=message.body, notify_type=message.tone, body_format=NotifyFormat.TEXT
            )
        except Exception as error:  # noqa: BLE001  # a service's own code: whatever breaks in it is this channel's alone
            return f"sending broke ({type(error).__name__})"
        return DELIVERED if taken else "the service did not take it, or cannot be reached"

    def _plugin(self, channel: Channel) -> NotifyBase | None:
        """What apprise makes of the channel's URL; None when it makes nothing of it."""
        if channel.id not in self._plugins and channel.url is not None:
            silence()
            from apprise import Apprise as Library
            from apprise import AppriseAsset, PersistentStoreMode

            silence()
            settings: dict[str, Any] = {"http_redirects": False, "pgp_autogen": False, "pem_autogen": False}
            asset = AppriseAsset(
                storage_mode=PersistentStoreMode.MEMORY, allow_templates=False, app_id="Nightlatch", **settings
            )
            self._plugins[channel.id] = Library.instantiate(channel.url.reveal(), asset=asset)
        return self._plugins.get(channel.id)


def silence() -> None:
    """Let the libraries log nothing, whatever level anybody set for them or for a part of them."""
    for name in {*_LOGGERS, *logging.root.manager.loggerDict}:
        if name.partition(".")[0] in _LOGGERS:
            logger = logging.getLogger(name)
            logger.disabled = True
            logger.propagate = False
