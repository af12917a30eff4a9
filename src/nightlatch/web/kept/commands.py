"""Locking and unlocking for somebody who waits: each command in the background, its progress for all who look.

A step is told only when something shows it: that the hub or the lock took a command, where it tells; that the bolt
is thrown or retracted, by what the lock itself reported afterwards. An answer that did not come is no success.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, Protocol

import msgspec
from litestar.status_codes import HTTP_409_CONFLICT

from nightlatch.guard.commanding import COMMAND_S
from nightlatch.guard.listening import Listener
from nightlatch.guard.standing import Standing
from nightlatch.model.command import LockDoor, Outcome, UnlockDoor
from nightlatch.model.evidence import Ref
from nightlatch.web.errors import Refused
from nightlatch.web.signin.who import Who
from nightlatch.web.texts import _

Does = Literal["lock", "unlock"]
Step = Literal["asked", "sent", "taken", "moving", "done", "refused", "jammed", "unknown"]
"""`asked`: it waits for its turn; `sent`; `taken`: the hub passed it on; `moving`: the lock said that it is at it;
`done`: the lock reported its bolt there; `refused`, `jammed`; `unknown`: nothing was reported in time."""
GOES_ON: frozenset[Step] = frozenset(("asked", "sent", "taken", "moving"))
SHOWN_DONE = 20_000_000
"""How long a command that was done is shown, µs."""
SHOWN_FAILED = 600_000_000
END_S = 2.0
"""How long commands that are on their way are waited for when the service ends."""


class Busy(Refused):
    """It is not done now: something else goes on at this door."""

    status = HTTP_409_CONFLICT


class Progress(msgspec.Struct, frozen=True):
    """How far a command has come. Instants are µs since 1970."""

    lock: str
    """"lock:front"."""
    does: Does
    step: Step
    text: str
    """In words."""
    begun: int
    at: int
    """Since when it is at this step."""
    evidence: str = ""
    """Where the lock's report was read, once there is one."""
    by: str = ""
    """Who asked, by name; only for who may read the journal."""
    ended: bool = False


class Acts(Protocol):
    """Puts an act of a user into the journal."""

    def __call__(self, who: Who | None, name: str, about: str = "home", detail: str = "") -> Awaitable[None]:
        """Of `who`."""


class Commands:
    """The commands of the web app, one at a time for each lock."""

    def __init__(
        self,
        listener: Listener,
        *,
        act: Acts,
        publish: Callable[[str, str, Any], None],
        clock: Callable[[], int],
    ) -> None:
        self._listener = listener
        self._act = act
        self._publish = publish
        self._clock = clock
        self._progress: dict[str, Progress] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def progress(self, lock: str) -> Progress | None:
        """The command at a lock that goes on, or ended a short while ago."""
        found = self._progress.get(lock)
        if found is None or not found.ended:
            return found
        shown = SHOWN_DONE if found.step == "done" else SHOWN_FAILED
        if not self._clock() - found.at < shown or self._outdated(found):
            del self._progress[lock]
            return None
        return found

    def _outdated(self, found: Progress) -> bool:
        """Whether the bolt was reported elsewhere since."""
        standing = self._listener.states.get(found.lock)
        return standing is not None and standing.bolt_since > found.at

    def start(self, lock: str, does: Does, who: Who) -> Progress:
        """Begin; Busy when the door is open, or another command goes on there."""
        running = self._progress.get(lock)
        if running is not None and not running.ended:
            going = _("unlocking") if running.does == "unlock" else _("locking")
            raise Busy(_("this door is just %(going)s", going=going), todo=_("Wait until that has ended."))
        if does == "lock" and self._is_open(lock):
            raise Busy(
                _("the door is open, and a bolt is never thrown into an open door"),
                todo=_("Close the door, then lock it."),
            )
        now = self._clock()
        progress = Progress(lock, does, "asked", _words("asked", does), now, now, by=who.name)
        self._tell(progress)
        task = asyncio.get_running_loop().create_task(self._run(progress, who), name=f"{does} {lock}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return progress

    async def close(self) -> None:
        """Wait a moment for what is on its way, then give it up."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=END_S)
        for task in self._tasks:
            task.cancel()

    def _is_open(self, lock: str) -> bool:
        standing = self._listener.states.get(lock) or Standing(lock)
        return standing.door == "open"

    async def _run(self, begun: Progress, who: Who) -> None:
        lock, does = begun.lock, begun.does
        outcome = Outcome("unknown", _("it broke off"))
        try:
            await self._act(who, does, lock)
            ref = Ref("lock", lock.partition(":")[2])
            command = LockDoor(ref) if does == "lock" else UnlockDoor(ref)

            def unless() -> str:
                # The last look: somebody may have opened the door meanwhile.
                if does == "lock" and self._is_open(lock):
                    return _("the door is open")
                self._step(lock, "sent")
                return ""

            def taken(by: Literal["hub", "lock"]) -> None:
                self._step(lock, "moving" if by == "lock" else "taken")

            outcome = await self._listener.command(command, unless=unless, taken=taken)
        finally:
            self._end(lock, outcome)

    def _step(self, lock: str, step: Step) -> None:
        progress = self._progress[lock]
        self._tell(msgspec.structs.replace(progress, step=step, text=_words(step, progress.does), at=self._clock()))

    def _end(self, lock: str, outcome: Outcome) -> None:
        progress = self._progress[lock]
        step = self._ending(lock, outcome)
        text = _words(step, progress.does)
        if step in ("refused", "unknown"):
            said = outcome.what[:1].upper() + outcome.what[1:]
            text = f"{said}. {text}"
        self._tell(
            msgspec.structs.replace(
                progress, step=step, text=text, at=self._clock(), evidence=outcome.where, ended=True
            )
        )

    def _ending(self, lock: str, outcome: Outcome) -> Step:
        if outcome.ending == "evidence":
            return "done"
        if outcome.ending != "refused":
            return "unknown"  # whatever was said: a radio may be jammed too
        standing = self._listener.states.get(lock)
        jammed = "bolt jammed" in outcome.what or (standing is not None and standing.bolt == "jammed")
        return "jammed" if jammed else "refused"

    def _tell(self, progress: Progress) -> None:
        self._progress[progress.lock] = progress
        told: Mapping[str, Any] = {"does": progress.does, "step": progress.step, "ended": progress.ended}
        self._publish("command", progress.lock, told)


def _words(step: Step, does: Does) -> str:
    locks = does == "lock"
    match step:
        case "asked":
            return _("Asked: it waits for its turn")
        case "sent":
            return _("Sent: waiting for the lock")
        case "taken":
            return _("The hub passed it on: waiting for the bolt")
        case "moving":
            return _("The lock is at it: waiting for the bolt")
        case "done":
            return _("Locked: the bolt is thrown") if locks else _("Unlocked: the bolt is retracted")
        case "jammed":
            if locks:
                return _("The bolt jammed: the door is not locked. Push the door shut and try again.")
            return _("The bolt jammed: pull or push the door a little, and try again.")
        case "refused":
            return _("The door is not locked.") if locks else _("The door was not unlocked.")
        case "unknown":
            return _("Whether it was done is not known after up to %(s)g s: look at the door.", s=COMMAND_S)
