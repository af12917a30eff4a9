"""What one command asks of one lock: each message is counted, and all of them end before the command must."""

from __future__ import annotations

import time
from typing import Any, TypeVar

from msgspec import Raw

from nightlatch.ecosystems._websocket import Silent
from nightlatch.ecosystems._zwavejs.conversation import Conversation, Lost
from nightlatch.ecosystems._zwavejs.messages import Node, Response, decoded
from nightlatch.ecosystems._zwavejs.server import Refused
from nightlatch.errors import ReadError, SourceError

T = TypeVar("T")

STEP_S = 10.0
_UNHEARD = ("Controller_", "Transport_", "Security2CC_", "SecurityCC_")
"""How the names of errors begin that tell of the radio and not of the lock: what became of the command is not known."""
_TOO_LONG = "Controller_MessageTooLarge"
_REACHED = ("Controller_NodeTimeout",)


class Unheard(Exception):
    """The lock's word did not come back; the text says why. What it was asked to do may have been done."""


class TooLong(Unheard):
    """The driver did not send it, as it did not fit into a frame. It fits once the two agree on their nonces again."""


class HubRefused(Exception):
    """The hub did not send it; `name` is its word for why."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the hub refused ({name})")
        self.name = name


class Asker:
    """Asks the lock `node`; `sent` counts the messages that went out. `until` is on the monotonic clock."""

    def __init__(self, conversation: Conversation, node: Node, until: float) -> None:
        self.sent = 0
        self.node = node
        self._conversation = conversation
        self._until = until

    @property
    def seconds_left(self) -> float:
        """How much longer the command may take."""
        return self._until - time.monotonic()

    async def invoke(self, command_class: int, method: str, *arguments: Any) -> Raw:
        """What the lock answers, NULL for nothing. Unheard and HubRefused as they say."""
        response: Response = await self._send(
            "endpoint.invoke_cc_api",
            Response,
            commandClass=command_class,
            methodName=method,
            args=list(arguments),
        )
        return response.response

    async def read(self, command_class: int, method: str, type: type[T], *arguments: Any) -> T:  # noqa: A002
        """What the lock answers to a question, as this type; Unheard when it answers nothing or something else."""
        found: T | None = decoded(await self.invoke(command_class, method, *arguments), type)
        if found is None:
            raise Unheard("the lock did not answer")
        return found

    async def access(self, command: str, type: type[T], **arguments: Any) -> T:  # noqa: A002
        """The result of an `endpoint.access_control` command that sends one message to the lock."""
        return await self._send(f"endpoint.access_control.{command}", type, **arguments)

    async def hub(self, command: str, type: type[T], **arguments: Any) -> T | None:  # noqa: A002
        """What the hub tells of the lock by itself, without asking it; None where it does not."""
        try:
            return await self._ask(command, type, **arguments)
        except Refused:
            return None

    async def _send(self, command: str, type: type[T], **arguments: Any) -> T:  # noqa: A002
        self.sent += 1
        try:
            return await self._ask(command, type, **arguments)
        except Refused as refused:
            if refused.name == _TOO_LONG:
                self.sent -= 1
                raise TooLong(f"the hub could not send it ({refused.name})") from None
            if refused.name.startswith(_UNHEARD):
                answered = "did not answer" if refused.name in _REACHED else "was not reached"
                raise Unheard(f"the lock {answered} ({refused.name})") from None
            self.sent -= 1
            raise HubRefused(refused.name) from None

    async def _ask(self, command: str, type: type[T], **arguments: Any) -> T:  # noqa: A002
        seconds = min(STEP_S, self.seconds_left)
        if seconds <= 0:
            raise Unheard("there was no time left for it")
        try:
            answer: T = await self._conversation.ask(
                command, type, seconds, nodeId=self.node.nodeId, endpoint=0, **arguments
            )
        except ReadError:
            # Its text may quote what the hub said.
            raise Unheard("the hub's answer makes no sense") from None
        except SourceError as error:
            if self.sent <= 1 and not isinstance(error, Silent | Lost):
                # The connection was gone before anything was sent.
                raise
            raise Unheard(error.what) from None
        return answer
