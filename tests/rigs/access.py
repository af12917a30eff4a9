"""An owner's commands about access on a home that is guarded, and what the journal tells of it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from nightlatch.model.event import Event
from tests.rigs.guard import Guard
from tests.rigs.zwave import holds


class Home:
    """An owner's commands about access, and what the lock itself keeps."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self.pins: list[str] = []
        """Every PIN that was used: `searched` looks for them."""

    def tell(self, *arguments: str) -> str:
        """Run a command that must succeed; what it printed."""
        done = self.guard.owner.run(*arguments, "-c", "nightlatch.toml")
        assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def ask(self, *arguments: str) -> Any:
        """The same as JSON."""
        return json.loads(self.tell(*arguments, "--format", "json"))

    def welcome(self, person: str, name: str, *grant: str) -> tuple[str, ...]:
        """Add somebody with a grant; their PINs: locks may want different lengths."""
        self.tell("people", "add", person, "--name", name, "--yes")
        self.tell("grant", "add", "--to", person, *grant, "--yes")
        shown = tuple(str(one["pin"]) for one in self.ask("code", "show", person, "--yes")["codes"])
        self.pins += shown
        return shown

    def state(self, lock: str) -> dict[str, str]:
        """The state of every line of a lock's ledger, by person or slot."""
        lines = self.ask("ledger", lock)
        return {line["person"] or str(line["slot"]): line["state"] for line in lines}

    def told(self, value: str, since: float = 0) -> Event:
        """A change of the ledger, waited for."""
        return self.guard.event(lambda one: one.kind == "ledger" and one.value == value and one.at >= since * 1e6, 40)

    def searched(self) -> None:
        """No PIN that was used is in any file: state folder, logs, output; but for what `code show` printed."""
        for path in (*self.guard.owner.files(), self.guard.log):
            said = path.read_bytes().decode(errors="replace")
            for pin in self.pins:
                assert path.name == "stdout" or not holds(said, pin), path


def clock(ahead: float) -> str:
    return datetime.fromtimestamp(time.time() + ahead, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
