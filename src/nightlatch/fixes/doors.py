"""Next steps at the door itself: its plate, screws, bolt and spare key, and getting in when the lock does not.

Each is `(door, home) -> Fix`, or `(home, home) -> Fix` for the ones about every door.
"""

from __future__ import annotations

from nightlatch.fixes.power import emergency_power
from nightlatch.model.door import Door
from nightlatch.model.evidence import Ref
from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.text import listed

SCREWS_MM = 75


def remount(door: Door, home: Home) -> Fix:
    """Mount the lock as its maker says."""
    return Fix(
        f"Mount {_lock(door, home)} to the torque that its manual gives.",
        (
            "Take the inside half off and tighten the mounting screws evenly with a torque screwdriver; the manual "
            "gives the torque.",
            "Use a hand tool: a power driver bends the plate, and a bent plate makes the bolt rub.",
            f"Tell Nightlatch: nightlatch answer {door.ref} mounting to_maker_torque",
        ),
    )


def reinforce(door: Door, home: Home) -> Fix:
    """Fit a reinforced strike plate."""
    return Fix(
        f"Fit a reinforced strike plate on {door.label}.",
        (
            "Choose a box or security strike plate with four or more screws that fits the bolt (BHMA A156.36 lists "
            "grades).",
            f"Fasten it with screws of {SCREWS_MM} mm or longer, so that they hold in the wall's stud and not only in "
            "the frame.",
            f"Tell Nightlatch: nightlatch answer {door.ref} strike_plate reinforced",
        ),
    )


def lengthen_screws(door: Door, home: Home) -> Fix:
    """Put longer screws in the strike plate."""
    found = f" (now {door.screws_mm.value} mm)" if door.screws_mm is not None else ""
    return Fix(
        f"Put screws of {SCREWS_MM} mm or longer in the strike plate of {door.label}{found}.",
        (
            "Replace one screw at a time, so that the plate keeps its place; drill a pilot hole into the stud first.",
            "Do the same with the screws of the upper hinge.",
            f"Tell Nightlatch: nightlatch answer {door.ref} screws_mm {SCREWS_MM}",
        ),
    )


def align(door: Door, home: Home) -> Fix:
    """Align the door, so that the bolt slides in freely."""
    return Fix(
        f"Align {door.label}, so that the bolt of {_lock(door, home)} slides in by itself.",
        (
            "Close the door and throw the bolt by hand: note where you must push, pull or lift.",
            "Tighten the hinge screws; if the door still sags, shim the hinge or move the strike plate.",
            "Calibrate the lock again in its app if it learns the door's position.",
            f"Tell Nightlatch: nightlatch answer {door.ref} aligned true",
        ),
    )


def place_key(door: Door, home: Home) -> Fix:
    """Give the spare key to somebody who can bring it."""
    return Fix(
        f"Give the spare key of {door.label} to a person you trust, or put it in a key safe.",
        (
            "Choose somebody who lives near and does not live with you, or a key safe with a code of its own, screwed "
            "to the wall out of sight.",
            "Take the key away from mats, pots, ledges and letter boxes: these are the first places that are searched.",
            "Put no address on it.",
            f"Tell Nightlatch: nightlatch answer {door.ref} backup_key trusted_person",
        ),
    )


def try_key(door: Door, home: Home) -> Fix:
    """Open the door with the spare key."""
    return Fix(
        f"Open {door.label} with the spare key from outside.",
        (
            "Have its keeper bring it, and turn it while somebody is inside.",
            f"Tell Nightlatch: nightlatch answer {door.ref} backup_key_checked_on {home.today}",
        ),
    )


def add_way_in(door: Door, home: Home) -> Fix:
    """Make a way in that does not depend on the lock."""
    lock = _lock_of(door, home)
    power = emergency_power(lock) if lock is not None else ""
    steps = [
        f"Keep a way in that does not need {_lock(door, home)}: another door with a plain key, or a lock with a "
        "cylinder (UL 437 or EN 1303 rated).",
    ]
    if power:
        steps.append(f"Until then keep what powers it from outside within reach: {power}.")
    steps.append(f"Tell Nightlatch when there is one: nightlatch answer {door.ref} other_way_in true")
    return Fix(f"Make sure that somebody gets in at {door.label} when the lock does not open.", tuple(steps))


def free_exit(door: Door, home: Home) -> Fix:
    """Let people leave without power, code or phone."""
    return Fix(
        f"Make sure that everybody inside can open {door.label} by hand, in the dark.",
        (
            f"Fit a thumb turn on the inside of {_lock(door, home)}; it must not need a key, a code, a phone or power.",
            "Where the lock has no thumb turn, replace it: a door that a fire can lock is worse than no lock.",
            f"Tell Nightlatch: nightlatch answer {door.ref} egress_without_power true",
        ),
    )


def free_exit_of(lock: Lock, home: Home) -> Fix:
    """Let people leave by the lock's door without power, code or phone."""
    door = home.follow(lock.door, Door)
    return free_exit(door if door is not None else Door("the-door"), home)


def print_sheet(home: Home, _: Home) -> Fix:
    """Print the recovery sheet."""
    return Fix(
        "Print the recovery sheet and keep it outside the home.",
        (
            "Write down per door: who holds the key, which battery powers the lock from outside, whom to call.",
            "Leave PINs and passwords off it. Give a copy to the keeper of the spare key.",
            f"Tell Nightlatch: nightlatch answer home recovery_sheet_printed_on {home.today}",
        ),
    )


def drill(home: Home, _: Home) -> Fix:
    """Practise getting in without the smart lock."""
    doors = listed(door.label for door in home.all(Door) if door.exterior is not None and door.exterior.value)
    return Fix(
        "Practise getting in without the smart lock.",
        (
            f"With somebody inside, switch the hub off and get in{f' at {doors}' if doors else ''} as the recovery "
            "sheet says.",
            "Let everybody who lives here do it once.",
            f"Tell Nightlatch: nightlatch answer home recovery_drilled_on {home.today}",
        ),
    )


def _lock_of(door: Door, home: Home) -> Lock | None:
    return home.cached(_first_locks).get(door.ref)


def _first_locks(home: Home) -> dict[Ref, Lock]:
    """The first lock of every door."""
    return {lock.door.value: lock for lock in reversed(home.all(Lock)) if lock.door is not None}


def _lock(door: Door, home: Home) -> str:
    """The lock by its model, as the owner finds the manual under that name."""
    lock = _lock_of(door, home)
    if lock is None:
        return "the lock"
    named = " ".join(fact.value for fact in (lock.maker, lock.model) if fact is not None)
    return f"the {named}" if named else "the lock"
