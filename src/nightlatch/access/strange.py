"""A code that no grant explains, with all that is known of it: what the owner is shown before they decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

import msgspec

from nightlatch.access import ledger
from nightlatch.model.access import Entry
from nightlatch.model.event import instant

if TYPE_CHECKING:
    from rich.text import Text

FORMS = {"pin": "code", "master": "master code", "app": "app user"}


class Strange(msgspec.Struct, frozen=True):
    """One of them."""

    line: Entry
    lock_name: str
    whose: str = ""
    """The name of the person whose it is said to be."""
    used: int = 0
    """When it last opened the door, as far as Nightlatch heard; 0: never."""

    @property
    def slot(self) -> int:
        """Where it is."""
        return self.line.slot

    @property
    def kept(self) -> bool:
        """Whether the owner lets it stay."""
        return self.line.kept

    @property
    def place(self) -> str:
        """As it is named on the command line."""
        return f"{self.line.lock.partition(':')[2]}/{self.slot}"

    def document(self) -> dict[str, Any]:
        """For programs."""
        line = self.line
        return {
            "lock": line.lock,
            "slot": line.slot,
            "state": "kept" if line.kept else line.state,
            "form": line.form,
            "name": line.name,
            "person": line.person or None,
            "creator": line.creator or None,
            "evidence": ledger.evidence(line),
            "readable": line.proof == "value",
            "found": _iso(line.since),
            "seen": _iso(line.seen),
            "last_used": _iso(self.used),
        }

    def told(self, zone: tzinfo) -> list[str]:
        """What is known, a sentence without a full stop each."""
        line = self.line
        found = [f"found {_when(line.since, zone)}"]
        if line.creator:
            found.append(f"put there by {line.creator}")
        if line.name and line.name != self.whose:
            found.append(f"called {line.name!r}")
        found.append(f"last used {_when(self.used, zone)}" if self.used else "no use of it was heard")
        found.append(f"{ledger.evidence(line)} {_when(line.seen, zone)}")
        if line.state in ("removing", "exposed"):
            found.append(f"it is to be removed: {line.state}")
        return found

    def text(self, zone: tzinfo) -> Text:
        """For people, on one line."""
        from rich.text import Text

        kind = FORMS.get(self.line.form, self.line.form)
        text = Text(f"{self.place:<12}", style="" if self.kept else "bold red")
        text.append(f"{self.lock_name}, slot {self.slot}: a {kind}{f' of {self.whose}' if self.whose else ''}; ")
        return text.append("; ".join(self.told(zone)), style="dim")


def strangers(
    lines: Iterable[Entry],
    names: Mapping[str, str],
    people: Mapping[str, str],
    used: Mapping[tuple[str, int], int],
) -> list[Strange]:
    """Those among the lines of a ledger, unexplained ones first. `used` is by lock and slot."""
    found = [
        Strange(
            line,
            names.get(line.lock, line.lock),
            people.get(line.person, line.person),
            max(line.used, used.get((line.lock, line.slot), 0)),
        )
        for line in lines
        if not line.credential and line.state != "absent"
    ]
    return sorted(found, key=lambda one: (one.kept, one.line.lock, one.slot))


def _when(at: int, zone: tzinfo) -> str:
    return f"{instant(at).astimezone(zone):%Y-%m-%d %H:%M}" if at else "never"


def _iso(at: int) -> str | None:
    return instant(at).isoformat() if at else None
