"""What somebody may do at a door: which lock is meant, and what is begun there."""

from __future__ import annotations

from nightlatch.web.errors import Refused
from nightlatch.web.home.doors import place
from nightlatch.web.house import House
from nightlatch.web.kept.commands import Does, Progress
from nightlatch.web.signin.who import Who
from nightlatch.web.texts import _

HOUR = 3_600_000_000
HOURS = (1, 4, 12)
"""For how long the auto-lock can be paused here."""


def meant(house: House, door: str, lock: str) -> str:
    """The lock of a door, as in events; `lock` names it where the door has several."""
    found = place(house, door)
    if not lock and len(found.locks) == 1:
        return found.locks[0]
    if lock not in found.locks:
        raise Refused(
            _("say which of the door's locks is meant"), todo=_("It has: %(locks)s", locks=", ".join(found.locks))
        )
    return lock


def begin(house: House, who: Who, door: str, lock: str, does: Does) -> Progress:
    """Lock or unlock."""
    return house.commands.start(meant(house, door, lock), does, who)


async def pause(house: House, who: Who, door: str, lock: str, hours: int) -> None:
    """Leave a door alone for some hours."""
    about = meant(house, door, lock)
    if hours not in HOURS:
        raise Refused(_("a pause lasts %(hours)s hours", hours=", ".join(map(str, HOURS))))
    await house.service.autolock.pause(about, house.now() + hours * HOUR)
    await house.act(who, "pause-auto-lock", about, detail=f"{hours} h")


async def resume(house: House, who: Who, door: str, lock: str) -> None:
    """End a pause."""
    about = meant(house, door, lock)
    await house.service.autolock.resume(about)
    await house.act(who, "resume-auto-lock", about)
