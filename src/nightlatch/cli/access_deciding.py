"""What becomes of codes that no grant explains: written down, and waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from nightlatch.access.deciding import Choice
from nightlatch.access.strange import Strange
from nightlatch.cli.access_common import access
from nightlatch.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from nightlatch.access.reconciler.chooser import Step
    from nightlatch.configuration.read import Configuration
    from nightlatch.model.access import Decision, Entry


class Result(msgspec.Struct, frozen=True):
    """What came of a choice."""

    place: str
    proven: bool
    what: str
    advice: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {"code": self.place, "done": self.proven, "what": self.what, "advice": list(self.advice)}

    def show(self, out: Console) -> None:
        """For people."""
        from rich.text import Text

        line = Text("done       " if self.proven else "not proven ", "green" if self.proven else "yellow")
        out.print(line.append(f"{self.place}: {self.what}", "default"), soft_wrap=True)
        for one in self.advice:
            out.print(Text(f"           {one}", "yellow"), soft_wrap=True)


def chosen(*, person: str, name: str, role: str, manage: bool, keep: str, remove: bool) -> Choice | None:
    """What the options say; None: nothing. UsageError where they contradict each other."""
    if sum(map(bool, (person, keep, remove))) > 1:
        raise UsageError("a code cannot be kept, removed and given to somebody at once", todo="Say one of them.")
    if (name or manage) and not person:
        raise UsageError("--name and --manage are about a person", todo="Add --person PERSON.")
    if person:
        return Choice("take" if manage else "keep", person, name, new=bool(name), role=role)
    if keep:
        return Choice("keep", name=keep)
    return Choice("remove") if remove else None


def found(settings: Configuration, locks: Collection[str]) -> list[Strange]:
    """The codes on these locks that no grant explains, kept ones too."""
    from nightlatch.access import deciding
    from nightlatch.cli.who import journal
    from nightlatch.store.access import AccessRecords
    from nightlatch.store.database import connect

    engine = connect()
    try:
        with journal() as log:
            return deciding.found(settings, AccessRecords(engine), locks, log)
    finally:
        engine.dispose()


def carry_out(
    settings: Configuration, folder: Path, choices: Sequence[tuple[Strange, Choice]], now: datetime, wait: float
) -> list[Result]:
    """Write the choices down, have them done, and tell what came of each."""
    return follow(settings, folder, decide(settings, choices, now), wait)


def decide(settings: Configuration, choices: Sequence[tuple[Strange, Choice]], now: datetime) -> list[Decision]:
    """Write the choices down: from then on they hold. UsageError, and nothing is decided, where one cannot be."""
    from nightlatch.access import deciding
    from nightlatch.model.event import micros

    with access(settings.path) as registrar:
        return deciding.decide(registrar, choices, micros(now))


def follow(settings: Configuration, folder: Path, decided: Sequence[Decision], wait: float) -> list[Result]:
    """Have what was decided done, and tell what came of each."""
    from nightlatch.access.vault import Vault
    from nightlatch.cli.access_reaching import settle
    from nightlatch.store.access import AccessRecords
    from nightlatch.store.database import connect

    slots = {(one.lock, one.slot) for one in decided}
    locks = {one.lock for one in decided}
    engine = connect()
    try:
        records = AccessRecords(engine)

        def done() -> bool:
            open_ = {one.id for one in records.decisions()}
            going = any(_going(line, slots) for line in records.entries(locks))
            return not going and not any(one.id in open_ for one in decided)

        asyncio.run(settle(settings, folder, _may, done, wait))
        lines = records.entries(locks)
        left = {one.id for one in records.decisions()}
        results = [_result(one, lines, waits=one.id in left) for one in decided]
        taken = any(one.does == "take" for one in decided)
        pins = Vault.open(folder, records, settings).pins() if taken else {}
    finally:
        engine.dispose()
    return [_advised(result, one, lines, pins) for result, one in zip(results, decided, strict=True)]


def _may(step: Step) -> bool:
    """Reads, and taking codes off that the owner decided about: the rest is for `sync`."""
    return step.act.value in ("learn", "read") or (step.act.value == "clear" and not step.credential)


def _going(line: Entry, slots: Collection[tuple[str, int]]) -> bool:
    return not line.credential and line.state in ("removing", "exposed") and (line.lock, line.slot) in slots


def _result(one: Decision, lines: Iterable[Entry], *, waits: bool) -> Result:
    place = f"{one.lock.partition(':')[2]}/{one.slot}"
    here = [line for line in lines if line.lock == one.lock and line.slot == one.slot and line.state != "absent"]
    line = next(iter(here), None)
    if line is not None and not line.credential and line.state == "foreign" and line.since != one.since:
        return Result(place, proven=False, what="another code is in this slot by now: nothing was done with it")
    if one.does == "remove":
        if line is None:
            return Result(place, proven=True, what="it is gone: its slot was read empty")
        why = f" ({line.reason})" if line.reason else ""
        what = f"it is not proven gone yet{why}; Nightlatch goes on trying while it runs"
        return Result(place, proven=False, what=what, advice=("See: nightlatch who",))
    if waits or line is None:
        gone = "it is not on the lock any more" if line is None else "the lock was not reached yet; it is kept in mind"
        return Result(place, proven=False, what=gone)
    if one.does == "take" and line.credential:
        return Result(place, proven=True, what=f"it is {one.person}'s, and managed from now on")
    whose = f"as {one.person}'s" if one.person else f"as {one.name!r}"
    if one.does == "take":
        why = "it is another's code too, no grant is for it, or the lock did not give it back"
        return Result(place, proven=False, what=f"it is kept {whose}, and could not be taken over: {why}")
    return Result(place, proven=line.kept, what=f"it is kept {whose}")


def _advised(result: Result, one: Decision, lines: Iterable[Entry], pins: Mapping[str, Any]) -> Result:
    """What is weak about a code that was taken over is told, and not refused: it opened the door before."""
    from nightlatch.access.pins import faults
    from nightlatch.catalogue.lookup import Catalogue

    line = next((line for line in lines if (line.lock, line.slot) == (one.lock, one.slot) and line.credential), None)
    if one.does != "take" or line is None or line.credential not in pins:
        return result
    others = [pin for credential, pin in pins.items() if credential != line.credential]
    wrong = faults(pins[line.credential], others, Catalogue())
    if not wrong:
        return result
    said = (f"This code is weak: {'; '.join(wrong)}.", f"Make a better one: nightlatch code new {one.person}")
    return msgspec.structs.replace(result, advice=said)
