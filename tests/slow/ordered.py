"""`nightlatch`, with a simulated home that takes orders: one line of JSON on standard input each.

An order is a fault (`{"kind": "jam", "lock": "front"}`) or `{"kind": "unlock", "lock": "front"}`.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, ClassVar

import msgspec

from nightlatch.cli import main
from nightlatch.ecosystems import simulated
from nightlatch.ecosystems._simulated.faults import Fault
from nightlatch.ecosystems._simulated.house import House


class Unlock(msgspec.Struct, tag_field="kind", tag="unlock"):
    """Somebody turns the thumb-turn."""

    lock: str


class Ordered(House):
    """A house that does what it is told while somebody listens to it."""

    made: ClassVar[list[Ordered]] = []

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.made.append(self)
        asyncio.get_running_loop().add_reader(0, self._read)

    @classmethod
    def _read(cls) -> None:
        given = os.read(0, 65536)
        if not given:
            asyncio.get_running_loop().remove_reader(0)
        for line in given.splitlines():
            order = msgspec.json.decode(line, type=Fault | Unlock)
            lock = getattr(order, "lock", "")
            (house,) = (one for one in cls.made if one._ears and (not lock or lock in one.locks))
            house.advance(house._clock())
            if isinstance(order, Unlock):
                house.unlock(house.locks[lock], "thumb")
            else:
                house.order(order)


if __name__ == "__main__":
    simulated.House = Ordered  # type: ignore[misc]
    main()
