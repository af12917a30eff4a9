"""`nightlatch`, with a simulated home that takes orders: one line of JSON on standard input each.

An order is a fault (`{"kind": "jam", "lock": "front"}`) or `{"kind": "unlock", "lock": "front"}`.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import msgspec

from nightlatch.cli import main
from nightlatch.ecosystems import simulated
from nightlatch.ecosystems._simulated.faults import Fault
from nightlatch.ecosystems._simulated.house import House


class Unlock(msgspec.Struct, tag_field="kind", tag="unlock"):
    """Somebody turns the thumb-turn."""

    lock: str


class Ordered(House):
    """A house that does what it is told."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._rest = b""
        asyncio.get_running_loop().add_reader(0, self._read)

    def _read(self) -> None:
        given = os.read(0, 65536)
        if not given:
            asyncio.get_running_loop().remove_reader(0)
        *lines, self._rest = (self._rest + given).split(b"\n")
        for line in lines:
            self.advance(self._clock())
            order = msgspec.json.decode(line, type=Fault | Unlock)
            if isinstance(order, Unlock):
                self.unlock(self.locks[order.lock], "thumb")
            else:
                self.order(order)


if __name__ == "__main__":
    simulated.House = Ordered  # type: ignore[misc]
    main()
