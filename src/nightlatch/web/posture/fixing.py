"""What Nightlatch can put right by itself: shown before it is done, and how it went."""

from __future__ import annotations

from typing import Literal

import msgspec

from nightlatch.audit.repairs import Repair, words
from nightlatch.model.command import Outcome, SetParameter
from nightlatch.model.document import Audit
from nightlatch.model.finding import Severity
from nightlatch.model.lock import Lock
from nightlatch.service.repairing import Repairer, Run, State
from nightlatch.web.errors import NotFound
from nightlatch.web.house import House
from nightlatch.web.signin.who import Who
from nightlatch.web.texts import _


class Step(msgspec.Struct, frozen=True):
    """One command to one thing."""

    what: str
    meaning: str = ""
    """What the setting is."""
    ending: Literal["", "evidence", "refused", "unknown"] = ""
    """How it ended; nothing before it did. Only `evidence` is done: the lock told the new state."""
    outcome: str = ""
    where: str = ""
    """The place of the evidence."""


class Closed(msgspec.Struct, frozen=True):
    """A check that it closes."""

    practice: str
    check: str
    title: str


class RepairView(msgspec.Struct, frozen=True):
    """Something that can be put right at once."""

    id: str
    subject: str
    name: str
    """What people call the thing."""
    severity: Severity
    summary: str
    closes: tuple[Closed, ...]
    steps: tuple[Step, ...]
    state: State | Literal["open"] = "open"
    proven: bool = False


class Repairs(msgspec.Struct, frozen=True):
    """All of it. `busy`: something is being put right now."""

    open: tuple[RepairView, ...]
    runs: tuple[RepairView, ...]
    """Those that were asked for, newest first."""
    busy: bool


def repairs(house: House) -> Repairs:
    """What can be put right, and what is being. To be asked on the event loop."""
    auditor, repairer = house.service.auditor, house.service.repairer
    titles = _titles(auditor.known)
    runs = [one for one in repairer.runs.values() if one.state != "ended" or _shown(house, one)]
    under_way = {one.repair.id for one in runs if one.state != "ended" or one.proven}
    return Repairs(
        tuple(_view(one, None, titles) for one in auditor.repairs if one.id not in under_way),
        tuple(_view(one.repair, one, titles) for one in reversed(runs)),
        repairer.busy,
    )


def find(house: House, id_: str) -> Repair:
    """One that can be done; NotFound where the last audit finds no need of it."""
    for one in house.service.auditor.repairs:
        if one.id == id_:
            return one
    raise NotFound(_("this is not to be put right any more"))


async def start(house: House, who: Who, chosen: list[Repair]) -> None:
    """Have them done, one after the other."""
    repairer: Repairer = house.service.repairer
    for one in chosen:
        repairer.start(one)
        await house.act(who, "fix", one.subject, f"{one.summary} ({', '.join(map(words, one.does))})")


SHOWN_MICROS = 24 * 3600 * 1_000_000
"""How long it is shown how a repair went."""


def _shown(house: House, run: Run) -> bool:
    return house.now() - run.at < SHOWN_MICROS


def _titles(audit: Audit | None) -> dict[str, str]:
    return {f"{one.practice}/{one.check}": one.title for one in audit.findings} if audit is not None else {}


def _view(repair: Repair, run: Run | None, titles: dict[str, str]) -> RepairView:
    outcomes = run.outcomes if run is not None else []
    steps = []
    for place, command in enumerate(repair.does):
        outcome: Outcome | None = outcomes[place] if place < len(outcomes) else None
        meaning = (
            Lock.fields[command.name].doc if isinstance(command, SetParameter) and command.name in Lock.fields else ""
        )
        what = words(command)
        if outcome is None:
            steps.append(Step(what, meaning))
        else:
            steps.append(Step(what, meaning, outcome.ending, outcome.what, outcome.where))
    return RepairView(
        repair.id,
        repair.subject,
        repair.name,
        repair.severity,
        repair.summary,
        tuple(_closed(one, titles) for one in repair.closes),
        tuple(steps),
        run.state if run is not None else "open",
        run is not None and run.proven,
    )


def _closed(check: str, titles: dict[str, str]) -> Closed:
    practice, _slash, name = check.partition("/")
    return Closed(practice, name, titles.get(check, check))
