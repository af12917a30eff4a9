"""A strong lock in a weak frame gives way with the frame; a bolt that rubs drains the battery and jams."""

from __future__ import annotations

from nightlatch.fixes import doors
from nightlatch.model.door import Door
from nightlatch.model.evidence import Fact
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.practices.interface import Judgement, Practice, fails, passes, unknown
from nightlatch.practices.physical._doors import locks_by_door
from nightlatch.text import count

practice = Practice(
    "installation",
    number=14,
    section=Section.PHYSICAL,
    severity=Severity.MEDIUM,
    title="Mount the lock firmly in a strong frame",
    why="Most doors that are forced open give way at the frame, where short screws hold the strike plate. A lock that "
    "is loose or out of line jams, drains its battery, and may report locked while the bolt is not in.",
    standards=("BHMA A156.36", "BHMA A156.40"),
)

screw_length = practice.threshold(
    "screws-mm", 75, unit="mm", doc="the strike plate's screws must be at least", stricter="higher"
)
jams = practice.threshold("jams", 1, unit="in 30 days", doc="jams that do not count as repeated")


@practice.check(
    "mounting",
    per=Door,
    advice=doors.remount,
    title="The lock is mounted to its maker's torque",
    needs=(Door.mounting,),
    settled_by="your answer, with the lock's manual and a screwdriver at hand",
)
def mounting(door: Door, home: Home) -> Judgement:
    """Judge how firmly the lock sits."""
    found = door.mounting
    if found is None:
        return unknown()
    if found.value == "to_maker_torque":
        return passes(found, because="The lock is mounted as its maker says.")
    how = "loosely" if found.value == "loose" else "by hand, not to its maker's torque"
    return fails(found, because=f"The lock is mounted {how}.", fix=doors.remount)


@practice.check(
    "strike-plate",
    per=Door,
    advice=doors.reinforce,
    title="The strike plate is reinforced",
    needs=(Door.strike_plate,),
    settled_by="your answer, after a look at the plate in the frame",
)
def strike_plate(door: Door, home: Home) -> Judgement:
    """Judge the plate that holds the bolt."""
    plate = door.strike_plate
    if plate is None:
        return unknown()
    if plate.value == "reinforced":
        return passes(plate, because="The strike plate is reinforced.")
    found = "There is no strike plate" if plate.value == "none" else "The strike plate is a standard one"
    return fails(plate, because=f"{found}.", fix=doors.reinforce)


@practice.check(
    "screws",
    per=Door,
    advice=doors.lengthen_screws,
    title="The strike plate's screws reach into the wall",
    needs=(Door.screws_mm,),
    settled_by="your answer: take one screw out and measure it",
)
def screws(door: Door, home: Home) -> Judgement:
    """Judge the length of the screws."""
    length = door.screws_mm
    if length is None:
        return unknown()
    least = screw_length.of(home)
    if length.value >= least:
        return passes(length, because=f"Its screws are {length.value} mm long.")
    return fails(
        length,
        because=f"Its screws are {length.value} mm long; {least:g} mm reach into the wall.",
        fix=doors.lengthen_screws,
    )


@practice.check(
    "aligned",
    per=Door,
    advice=doors.align,
    title="The bolt slides in freely",
    needs=(Door.aligned,),
    settled_by="your answer, after throwing the bolt by hand with the door closed; or a log that counts jams",
)
def aligned(door: Door, home: Home) -> Judgement:
    """Judge by jams, which contradict a bolt that was said to slide freely, then by what was said."""
    said = door.aligned
    counted = _jams(door, home)
    if counted is not None and counted.value > jams.of(home):
        against = ", which contradicts that it slides in freely" if said is not None and said.value else ""
        return fails(
            counted,
            said,
            because=f"The bolt jammed {count(counted.value, 'time')} in 30 days{against}.",
            fix=doors.align,
        )
    if said is None:
        return unknown(counted)
    if said.value:
        return passes(said, counted, because="The bolt slides in freely.")
    return fails(said, counted, because="The bolt slides in only when the door is pushed or pulled.", fix=doors.align)


def _jams(door: Door, home: Home) -> Fact[int] | None:
    """The worst count of jams known of the door or of a lock in it."""
    locks = home.cached(locks_by_door).get(door.ref.key, ())
    counts = [fact for fact in (door.jams_30_days, *(lock.jams_30_days for lock in locks)) if fact is not None]
    return max(counts, key=lambda fact: fact.value) if counts else None
