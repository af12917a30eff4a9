"""What the commands of this machine ask of the running auto-lock, and what becomes of a pause while none runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from nightlatch.errors import UsageError
from nightlatch.guard.autolock.driver import AutoLock, DoorView, check_pause
from nightlatch.guard.autolock.machine import Memory
from nightlatch.guard.autolock.settings import Rule

SHOW, PAUSE, RESUME = "autolock.show", "autolock.pause", "autolock.resume"
SNAPSHOT = "autolock"
"""Under which name the auto-lock's memory is kept."""


def handlers(autolock: AutoLock) -> dict[str, Callable[[Mapping[str, Any]], Awaitable[Any]]]:
    """What the control socket answers for the auto-lock; doors are named as in events ("lock:front")."""

    async def show(_: Mapping[str, Any]) -> list[DoorView]:
        return autolock.view()

    async def pause(arguments: Mapping[str, Any]) -> DoorView:
        return await autolock.pause(str(arguments["lock"]), int(arguments["until"]))

    async def resume(arguments: Mapping[str, Any]) -> DoorView:
        return await autolock.resume(str(arguments["lock"]))

    return {SHOW: show, PAUSE: pause, RESUME: resume}


def paused(snapshot: bytes, rules: Sequence[Rule], lock: str, until: int, now: int) -> bytes:
    """The auto-lock's memory with a pause that is begun (or ended: 0) while no service runs."""
    if until:
        check_pause(until, now)
    if lock not in {rule.lock for rule in rules}:
        raise UsageError(f"the lock {lock.partition(':')[2]!r} does not lock by itself", todo="See [[autolock]].")
    memories = msgspec.json.decode(snapshot, type=dict[str, Memory]) if snapshot else {}
    memories.setdefault(lock, Memory()).paused_until = until
    return msgspec.json.encode(memories)
