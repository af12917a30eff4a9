"""What `[[autolock]]` sets, read with errors that name the line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Literal, TypeVar

import msgspec

from nightlatch.configuration.durations import SECOND, duration, window
from nightlatch.configuration.read import Configuration
from nightlatch.text import suggest

T = TypeVar("T")

SHORTEST = 2 * SECOND
LONGEST = 24 * 3600 * SECOND
MOST_RETRIES = 10


class Rule(msgspec.Struct, frozen=True):
    """How one door locks itself. Lengths in µs; hours as minutes since midnight at home."""

    lock: str
    """As in events: "lock:front"."""
    zone: tzinfo
    after: int
    night_after: int
    night: tuple[int, int] = (22 * 60, 6 * 60)
    hold_open: tuple[tuple[int, int], ...] = ()
    retries: int = 3
    retry_after: int = 20 * SECOND
    prefer: Literal["nightlatch", "lock"] = "nightlatch"
    without_sensor: bool = False


def rules(configuration: Configuration) -> tuple[Rule, ...]:
    """The rule of each door that locks itself; ConfigurationError where one cannot be."""
    found: dict[str, Rule] = {}
    locks = configuration.ids("lock")
    for number, table in enumerate(configuration.tables.autolock):

        def read(key: str, text: str, parse: Callable[[str], T], number: int = number) -> T:
            try:
                return parse(text)
            except ValueError as error:
                raise configuration.error(str(error), "autolock", number, key) from None

        def length(key: str, text: str, number: int = number) -> int:
            wanted = read(key, text, duration, number)
            if not SHORTEST <= wanted <= LONGEST:
                raise configuration.error(f"{key} must be from 2s to 24h", "autolock", number, key)
            return wanted

        if table.lock not in locks:
            todo = suggest(table.lock, locks) or "Name a lock of [[locks]]."
            raise configuration.error(f"there is no lock {table.lock!r}", "autolock", number, "lock", todo=todo)
        if table.lock in found:
            raise configuration.error(f"two rules for the lock {table.lock!r}", "autolock", number, "lock")
        if not 0 <= table.retries <= MOST_RETRIES:
            raise configuration.error(f"retries must be from 0 to {MOST_RETRIES}", "autolock", number, "retries")
        after = length("after", table.after)
        found[table.lock] = Rule(
            lock=f"lock:{table.lock}",
            zone=configuration.zone,
            after=after,
            night_after=length("night_after", table.night_after) if table.night_after else after,
            night=read("night", table.night, window),
            hold_open=tuple(read("hold_open", text, window) for text in table.hold_open),
            retries=table.retries,
            retry_after=length("retry_after", table.retry_after),
            prefer=table.prefer,
            without_sensor=table.without_sensor,
        )
    return tuple(found.values())
