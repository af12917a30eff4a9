"""Hears a link to a fake Z-Wave JS server: what it gives, in order, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from nightlatch.ecosystems._zwavejs import commands, link
from nightlatch.ecosystems.zwavejs import ZwaveJs
from nightlatch.model.evidence import Ref
from tests.unit.ecosystems import hearing
from tests.unit.ecosystems.asking import context
from tests.unit.ecosystems.fake_zwavejs import YALE, Peer, lock, served
from tests.unit.ecosystems.test_zwavejs_events import SENSED

THREE = Ref("lock", "zwavejs:3")
LOCKED = {"currentMode": 255, "boltStatus": "locked"}
UNLOCKED = {"currentMode": 0, "boltStatus": "unlocked"}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "HOLD_S", 0.05)
    monkeypatch.setattr(link, "FRESH_S", 1.0)
    monkeypatch.setattr(commands, "PAUSES_S", (0.01, 0.05, 0.05))
    monkeypatch.setattr(commands, "SEND_S", 0.3)
    monkeypatch.setattr(commands, "READ_S", 0.3)


def door(*values: dict[str, Any], node: int = 3, ids: tuple[int, int, int] = YALE, **more: Any) -> dict[str, Any]:
    return lock(node, ids, values=values or SENSED, **more)


class Ear(hearing.Ear):
    """Waits for so many things to be heard."""

    @property
    def kinds(self) -> list[str]:
        return [one.kind for one in self.events]

    async def has(self, number: int) -> None:
        """Return once so many were heard, or the link ended."""
        await self.until(lambda ear: len(ear.all) >= number or ear.error is not None)


def plug(url: str) -> ZwaveJs:
    return ZwaveJs(ZwaveJs.Settings(url=url), context("zwavejs"))


@asynccontextmanager
async def listening(server: Peer) -> AsyncIterator[Ear]:
    async with served(server) as url, plug(url).connect() as open_link:
        ear = Ear(open_link)
        try:
            yield ear
        finally:
            ear.task.cancel()
            await asyncio.wait([ear.task])


def update(command_class: int, property_: str | int, new: Any, node: int = 3, **more: Any) -> dict[str, Any]:
    args = {"commandClass": command_class, "endpoint": 0, "property": property_, "newValue": new, **more}
    return {"source": "node", "event": "value updated", "nodeId": node, "args": args}


def keypad(user: int = 4, node: int = 3) -> dict[str, Any]:
    args = {"type": 6, "event": 6, "label": "Access Control", "parameters": {"userId": user}}
    return {"source": "node", "event": "notification", "nodeId": node, "ccId": 113, "args": args}
