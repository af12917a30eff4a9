"""Next steps on a lock's codes before the first of them is known. Each is `(lock, home) -> Fix`.

Those on a code that is on a lock are in `codes.py`.
"""

from __future__ import annotations

from nightlatch.fixes._lock import app_of, known
from nightlatch.fixes.codes import DIGITS
from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock


def replace_defaults(lock: Lock, home: Home) -> Fix:
    """Replace the codes that the lock comes with."""
    model = known(lock)
    entry = model.entry if model is not None else None
    manual = getattr(entry, "manual_url", "")
    named = lock.default_codes_known
    shipped = named.value if named is not None else ()
    return Fix(
        "Replace every code that the lock comes with, before it is fitted.",
        (
            *(f"This model comes with: {words}." for words in shipped),
            "Look in the manual for a master, programming or user code, and set new ones"
            f"{f' (manual of the {entry.model}: {manual})' if entry is not None and manual else ''}.",
            "Keep the label with codes or a pairing code where you keep keys, not on the lock.",
        ),
    )


def choose_codes(lock: Lock, home: Home) -> Fix:
    """Choose codes that nobody guesses, within what the lock takes."""
    shortest, longest = lock.code_length_min, lock.code_length_max
    digits = min(DIGITS, longest.value) if longest is not None else DIGITS
    takes = (
        f"This lock takes codes of {shortest.value} to {longest.value} digits."
        if shortest is not None and longest is not None
        else ""
    )
    return Fix(
        f"Give everybody a code of their own, of {digits} digits or more, chosen by chance.",
        tuple(
            step
            for step in (
                takes,
                "Let dice or a password manager choose: no year, date, row or pattern, and no two codes that differ by "
                "one digit.",
                "Use the code nowhere else: not for a phone, a card or another door.",
            )
            if step
        ),
    )


def hand_out_codes(lock: Lock, home: Home) -> Fix:
    """Give visitors codes that end by themselves, as far as the lock can do that."""
    schedules, slots = lock.can_schedule, lock.code_slots
    if schedules is not None and schedules.value:
        visitors = f"Give a visitor's code days, hours and an end in {app_of(lock)}: this lock keeps schedules itself."
    elif schedules is not None:
        visitors = (
            "This lock keeps no schedules: let the hub set a visitor's code before the visit and remove it afterwards."
        )
    else:
        visitors = (
            "Give a visitor's code days, hours and an end; where the lock keeps no schedules, let the hub set the code "
            "before the visit and remove it afterwards."
        )
    room = (f"It holds {slots.value} codes: enough for one per person.",) if slots is not None else ()
    return Fix(
        "Write down whose every code is, and let visitors' codes end.",
        (
            *room,
            visitors,
            "Look through the codes on the lock twice a year, and remove those of people who no longer come.",
        ),
    )
