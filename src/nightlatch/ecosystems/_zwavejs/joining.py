"""Closing a Z-Wave network to new devices, and reading back that it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from nightlatch.ecosystems._websocket import Silent
from nightlatch.ecosystems._zwavejs.conversation import Conversation, Lost
from nightlatch.ecosystems._zwavejs.messages import ControllerState
from nightlatch.ecosystems._zwavejs.server import Refused
from nightlatch.model.command import Outcome

LOOKS_S = (0.0, 0.5, 2.0)
ASK_S = 8.0

_WHERE = "controller.inclusionState"
_IDLE, _INCLUDING, _EXCLUDING, _BUSY, _SMART_START = range(5)
_STOPS = {_INCLUDING: "controller.stop_inclusion", _EXCLUDING: "controller.stop_exclusion"}
_CLOSED = (_IDLE, _SMART_START)
"""Smart Start waits for devices that the owner listed beforehand by their keys; nobody else can join by it."""


async def close(conversation: Conversation, clock: Callable[[], int]) -> Outcome:
    """Stop inclusion or exclusion, whichever runs."""
    state: int | None = None
    try:
        for pause in LOOKS_S:
            await asyncio.sleep(pause)
            found: ControllerState = await conversation.ask("controller.get_state", ControllerState, ASK_S)
            state = found.state.inclusionState
            if state in _STOPS:
                await conversation.ask(_STOPS[state], Any, ASK_S)
                found = await conversation.ask("controller.get_state", ControllerState, ASK_S)
                state = found.state.inclusionState
            if state in _CLOSED:
                return Outcome("evidence", "no device can join", _WHERE, clock())
    except Refused as refused:
        return Outcome("refused", f"the hub refused ({refused.name})", "controller", why="denied")
    except (Silent, Lost) as error:
        return Outcome("unknown", error.what, "controller")
    if state is None:
        return Outcome("unknown", "the hub does not tell whether devices can join", _WHERE)
    busy = "a device is joining or leaving right now" if state == _BUSY else "devices can still join"
    return Outcome("refused", busy, _WHERE, why="" if state == _BUSY else "unheeded")
