"""Messages of Home Assistant that come unasked: changes of entities, and events of its bus. Shapes as of 2024.3.3."""

from __future__ import annotations

from typing import Any

import msgspec


class Reported(msgspec.Struct, frozen=True):
    """A state, whole (`a`) or what changed of it (`+` of `c`), as `subscribe_entities` compresses it.

    `c` is the context: its id, or an object with what changed of it. `lc` is when the state last changed, seconds
    since 1970 by Home Assistant's clock.
    """

    s: str | None = None
    a: dict[str, Any] = {}
    c: str | dict[str, Any] | None = None
    lc: float | None = None


class _Removed(msgspec.Struct, frozen=True):
    """Attributes that are gone."""

    a: list[str] = []


class Difference(msgspec.Struct, frozen=True):
    """How a state changed."""

    new: Reported = msgspec.field(default=Reported(), name="+")
    gone: _Removed = msgspec.field(default=_Removed(), name="-")


class Changes(msgspec.Struct, frozen=True):
    """One message of `subscribe_entities`: entities that are new, changed and removed."""

    a: dict[str, Reported] = {}
    c: dict[str, Difference] = {}
    r: list[str] = []


class Fired(msgspec.Struct, frozen=True):
    """An event of the bus."""

    event_type: str
    data: dict[str, Any] = {}
    context: dict[str, Any] = {}


class Known:
    """The state of one entity, kept up to date. Of its attributes only those that are asked for are kept."""

    ATTRIBUTES = ("changed_by", "code_format", "assumed_state")

    def __init__(self) -> None:
        self.state = ""
        """Nothing: Home Assistant has none."""
        self.attributes: dict[str, Any] = {}
        self.context: dict[str, str | None] = {}
        self.changed = 0
        """When the state last changed, µs since 1970 by Home Assistant's clock; 0: not told."""

    def replace(self, whole: Reported) -> None:
        """Take a whole state."""
        self.attributes, self.context, self.changed = {}, {}, 0
        self._take(whole)

    def change(self, difference: Difference) -> None:
        """Take what changed."""
        for name in difference.gone.a:
            self.attributes.pop(name, None)
        self._take(difference.new)

    def _take(self, reported: Reported) -> None:
        if reported.s is not None:
            self.state = reported.s[:255]
        self.attributes.update({name: reported.a[name] for name in self.ATTRIBUTES if name in reported.a})
        if isinstance(reported.c, str):
            self.context = {**self.context, "id": reported.c[:64]}
        elif reported.c is not None:
            told = {name: reported.c[name] for name in ("id", "user_id", "parent_id") if name in reported.c}
            self.context |= {name: text[:64] if isinstance(text, str) else None for name, text in told.items()}
        if reported.lc is not None and 0 < reported.lc < 1e11:
            self.changed = int(reported.lc * 1e6)

    @property
    def battery(self) -> int | None:
        """The charge in %, of a battery sensor."""
        try:
            percent = float(self.state)
        except ValueError:
            return None
        return int(percent) if 0 <= percent <= 100 else None
