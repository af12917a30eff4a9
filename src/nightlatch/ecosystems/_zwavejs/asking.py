"""What a lock is asked over the radio while it is listened to: where its bolt is, what a setting is."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec import Struct

from nightlatch.ecosystems._zwavejs.conversation import Conversation
from nightlatch.ecosystems._zwavejs.lock import DOORS, bolt_of, senses
from nightlatch.ecosystems._zwavejs.messages import DOOR_LOCK, LOCK, Node, Operation, Response, decoded
from nightlatch.model.event import Bolt, DoorState

T = TypeVar("T")

BURST = 8
REFILL_S = 300.0


class Budget:
    """How often one lock is asked without a command: a few times at once, then once in five minutes.

    A connection that comes and goes, and a hub that changes its mind, do not drain its battery.
    """

    def __init__(self) -> None:
        self._left = float(BURST)
        self._at = 0.0

    def spend(self, now: float) -> bool:
        """Whether it may be asked now; `now` in s of a clock that only goes forward."""
        self._left = min(BURST, self._left + (now - self._at) / REFILL_S)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


async def call(
    conversation: Conversation,
    node: Node,
    command_class: int,
    method: str,
    *arguments: Any,
    seconds: float,
    type: type[T],  # noqa: A002
) -> T | None:
    """What a lock answers to a command, None for nothing; raises as `Conversation.ask` does."""
    response = await conversation.ask(
        "endpoint.invoke_cc_api",
        Response,
        seconds,
        nodeId=node.nodeId,
        endpoint=0,
        commandClass=command_class,
        methodName=method,
        args=list(arguments),
    )
    answer: T | None = decoded(response.response, type)
    return answer


class Report(Struct, frozen=True):
    """Where a lock says that its bolt is, and whether its door is open; None where it does not say."""

    bolt: Bolt | None = None
    door: DoorState | None = None


async def read_bolt(conversation: Conversation, node: Node, seconds: float) -> Report:
    """Ask the lock itself; raises as `Conversation.ask` does."""
    if DOOR_LOCK not in node.supports:
        locked = await call(conversation, node, LOCK, "get", seconds=seconds, type=bool)
        return Report(None if locked is None else "thrown" if locked else "retracted")
    operation = await call(conversation, node, DOOR_LOCK, "get", seconds=seconds, type=Operation)
    if operation is None:
        return Report()
    door = DOORS.get(operation.doorStatus) if senses(node, "doorStatus") else None
    return Report(bolt_of(node, operation), door)
