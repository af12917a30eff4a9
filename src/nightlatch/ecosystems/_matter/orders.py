"""Orders to a Matter lock, each followed until the lock itself has said what became of it.

That the server took a command proves nothing, and its copy of an attribute is not the lock: evidence is an attribute
read from the lock after the command. Matter wants commands that open and close to be timed (specification 5.2.10).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from nightlatch.ecosystems._matter.coding import Coding
from nightlatch.ecosystems._matter.server import DOOR_LOCK, Declined, Refused
from nightlatch.ecosystems._matter.watch import LOCK_STATE, PARAMETERS, Watch, bolt
from nightlatch.ecosystems._websocket import Silent
from nightlatch.ecosystems.interface import Taken
from nightlatch.errors import ReadError, SourceError
from nightlatch.model.command import ClearCode, Command, LockDoor, Outcome, ReadCodes, SetCode, SetParameter, UnlockDoor
from nightlatch.model.event import Bolt

if TYPE_CHECKING:
    from nightlatch.ecosystems._matter.link import MatterLink

COMMAND_S = 10.0
"""How long the server may take to pass a command on to the lock."""
MOVE_S = 2.0
"""How long a bolt may take before it is looked at again."""
LOOKS = 4
"""How often it is looked at: one that was seen elsewhere may still be moving."""
TURN_S = 5.0
"""How long an order waits for the one before it to the same lock."""
TOTAL_S = 24.0
_TIMED_MS = 10_000

_FLAGS = frozenset(("local_programming", "one_touch", "pin_over_air", "pin_for_remote"))


class Orders:
    """The orders of one link; those to one lock wait for each other."""

    def __init__(self, link: MatterLink, clock: Callable[[], int]) -> None:
        self._link = link
        self._clock = clock
        self._turns: dict[tuple[int, int], asyncio.Lock] = {}

    async def carry_out(self, watch: Watch, command: Command, taken: Taken | None = None) -> Outcome:
        """Give an order, ask the lock, and tell how it stands then; within 30 s."""
        turn = self._turns.setdefault((watch.node_id, watch.endpoint), asyncio.Lock())
        try:
            async with asyncio.timeout(TURN_S):
                await turn.acquire()
        except TimeoutError:
            return Outcome("unknown", "not sent: an order before it is still being followed")
        try:
            async with asyncio.timeout(TOTAL_S):
                match command:
                    case SetParameter():
                        return await self._set(watch, command)
                    case LockDoor():
                        return await self._move(watch, "LockDoor", "thrown", taken)
                    case UnlockDoor():
                        return await self._move(watch, "UnlockDoor", "retracted", taken)
                    case SetCode() | ClearCode() | ReadCodes():
                        return await Coding(self._link, watch, self._clock).carry_out(command)
                    case _:
                        return Outcome("refused", "a Matter lock cannot be told that", why="unsupported")
        except TimeoutError:
            return Outcome("unknown", f"the lock did not answer within {TOTAL_S:g} s")
        except SourceError as error:
            return Outcome("unknown", f"the connection ended before the lock had answered: {error.what}", error.where)
        finally:
            turn.release()

    async def _move(
        self, watch: Watch, name: Literal["LockDoor", "UnlockDoor"], wanted: Bolt, taken: Taken | None
    ) -> Outcome:
        args: dict[str, Any] = {
            "endpoint_id": watch.endpoint,
            "cluster_id": DOOR_LOCK,
            "command_name": name,
            "payload": {},
            "timed_request_timeout_ms": _TIMED_MS,
        }
        if (failed := await self._send(watch, "device_command", args, taken)) is not None:
            return failed
        path = watch.path(LOCK_STATE)
        last: Bolt | None = None
        at = 0
        for _ in range(LOOKS):
            values, read_at = await self._link.read(watch, [path])
            found = bolt(values.get(path))
            if found == wanted:
                return Outcome("evidence", f"bolt {wanted}", f"read_attribute {path} (LockState)", read_at)
            if found is not None:
                last, at = found, read_at
            await self._link.moved(MOVE_S)
        if last is not None:
            words = "not fully thrown" if last == "unknown" else last
            return Outcome("refused", f"the lock reports its bolt {words}", f"read_attribute {path} (LockState)", at)
        return Outcome("unknown", "the lock did not answer when asked for its bolt")

    async def _set(self, watch: Watch, command: SetParameter) -> Outcome:
        number = PARAMETERS.get(command.name)
        if number is None or not watch.has(number):
            return Outcome("refused", f"this lock has no setting {command.name} in Matter")
        path = watch.path(number)
        value = bool(command.value) if command.name in _FLAGS else command.value
        args = {"attribute_path": path, "value": value}
        if (failed := await self._send(watch, "write_attribute", args)) is not None:
            return failed
        values, at = await self._link.read(watch, [path])
        if path not in values:
            return Outcome("unknown", "the lock did not answer when asked for the setting")
        ending: Literal["evidence", "refused"] = "evidence" if values[path] == value else "refused"
        return Outcome(ending, f"the lock reports {values[path]!r:.40}", f"read_attribute {path}", at)

    async def _send(
        self, watch: Watch, command: str, args: Mapping[str, Any], taken: Taken | None = None
    ) -> Outcome | None:
        """None once the lock has it, or may have it: what it made of it is asked of the lock."""
        try:
            await self._link.ask(Any, command, {"node_id": watch.node_id, **args}, COMMAND_S)
        except Declined as error:
            return Outcome("refused", error.what, error.where)
        except Refused as error:
            return Outcome("unknown", error.what, error.where)
        except (Silent, ReadError):
            return None
        if taken is not None:
            taken("lock")
        return None
