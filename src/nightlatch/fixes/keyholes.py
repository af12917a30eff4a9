"""Next steps on the parts of a lock that no setting changes: cylinder, keypad, what reports tampering.

Each is `(lock, home) -> Fix`.
"""

from __future__ import annotations

from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock


def model(lock: Lock) -> str:
    """The lock by its maker and model, or by its label when neither is known."""
    named = " ".join(fact.value for fact in (lock.maker, lock.model) if fact is not None)
    return named or lock.label


def upgrade_cylinder(lock: Lock, home: Home) -> Fix:
    """Fit a graded cylinder."""
    return Fix(
        f"Fit a cylinder in the {model(lock)} that resists picking, drilling and snapping.",
        (
            "Choose one with a grade stamped on it: UL 437, EN 1303 security 5 or 6 with attack resistance C or D, "
            "SKG three stars, or TS 007 three stars.",
            f"Check in the manual of the {model(lock)} that it fits: retrofit locks turn the key that is left inside "
            "and need a cylinder with an emergency function.",
            f"Tell Nightlatch: nightlatch answer {lock.ref} cylinder_grade high",
        ),
    )


def shelter_keypad(lock: Lock, home: Home) -> Fix:
    """Keep weather and eyes off the keypad."""
    return Fix(
        f"Shelter the keypad of the {model(lock)} from rain and from strangers' view.",
        (
            "Fit the maker's cover or a small hood above it; do not cover air holes or the seal.",
            "Turn it away from the street, or plant something beside it; wipe it, so that worn or greasy keys tell "
            "nothing of the code.",
            f"Tell Nightlatch: nightlatch answer {lock.ref} keypad_sheltered true",
        ),
    )


def notice_tampering(lock: Lock, home: Home) -> Fix:
    """Notice tampering although the lock cannot report it."""
    return Fix(
        f"Let something else notice tampering: the {model(lock)} cannot report it.",
        (
            "Fit a vibration or contact sensor on the door that reports to the same hub, and make it raise an alert.",
            "When the lock is replaced, choose one that reports tampering to its hub.",
        ),
    )
