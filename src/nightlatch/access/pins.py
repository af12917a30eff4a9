"""Makes PINs by chance, and says in words what is wrong with one that somebody chose. No error ever holds a digit."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator

from nightlatch.access.lengths import LONG_ENOUGH, LONGEST, SHORTEST
from nightlatch.catalogue import pins as catalogued
from nightlatch.catalogue.lookup import Catalogue
from nightlatch.catalogue.pins import Likeness
from nightlatch.errors import UsageError
from nightlatch.secrets import Secret
from nightlatch.text import count, listed

TRIES = 1_000
"""By chance alone this fails once in 10^9 where 2 of 100 codes are free. Then they are counted."""
COUNTED = 6
"""The most digits of which all codes can be counted in seconds."""

_ALIKE = {
    Likeness.SAME: "it is in use, or was lately",
    Likeness.ONE_DIGIT_CHANGED: "it differs in a single digit from another code",
    Likeness.NEIGHBOURS_SWAPPED: "it is another code with two neighbouring digits swapped",
    Likeness.ONE_DIGIT_ADDED: "it is another code with a digit more or less at its end",
}
Chance = Callable[[int], int]
"""A number from 0 to below another, each as likely."""


def make(digits: int, taken: Collection[Secret], catalogue: Catalogue, chance: Chance = secrets.randbelow) -> Secret:
    """A PIN by chance: every one that is not weak and not near one of `taken` is as likely. UsageError when none is."""
    used = {pin.reveal() for pin in taken}
    for _ in range(TRIES):
        text = f"{chance(10**digits):0{digits}}"
        if _free(text, used, catalogue):
            return Secret(text)
    if digits <= COUNTED:
        free = [text for text in (f"{n:0{digits}}" for n in range(10**digits)) if _free(text, used, catalogue)]
        if free:
            return Secret(free[chance(len(free))])
    raise UsageError(
        f"no code of {digits} digits is left that is neither weak nor near one of the {count(len(used), 'other')}",
        todo=f"Take longer ones where the locks allow it (--digits {digits + 1}), or end codes that nobody needs.",
    )


def faults(pin: Secret, taken: Collection[Secret], catalogue: Catalogue, most: int = LONGEST) -> tuple[str, ...]:
    """What is wrong with a PIN that somebody chose, in words; `most`: how many digits the locks take at most."""
    text = pin.reveal()
    if not (text.isascii() and text.isdigit()):
        return ("it is not made of digits",)
    if not SHORTEST <= len(text) <= LONGEST:
        return (f"it has {len(text)} digits, and locks take {SHORTEST} to {LONGEST}",)
    found = [one.summary for one in catalogued.weaknesses(pin, catalogue, long_enough=min(LONG_ENOUGH, most))]
    likeness = {like for other in taken if (like := catalogued.alike(pin, other)) is not None}
    found.extend(words for like, words in _ALIKE.items() if like in likeness)
    return tuple(dict.fromkeys(found))


def check(pin: Secret, taken: Collection[Secret], catalogue: Catalogue, most: int = LONGEST) -> None:
    """Refuse a PIN that somebody chose where anything is wrong with it: UsageError says what."""
    if found := faults(pin, taken, catalogue, most):
        raise UsageError(f"this code cannot be taken: {listed(found)}", todo="Choose another, or let one be made.")


def _free(text: str, used: Collection[str], catalogue: Catalogue) -> bool:
    # The few codes near this one are looked for among the used, not this one beside each of them.
    if any(other in used for other in neighbours(text)):
        return False
    return not catalogued.weaknesses(Secret(text), catalogue, long_enough=len(text))


def neighbours(digits: str) -> Iterator[str]:
    """Every code that is too much like this one, itself too: what `catalogue.pins.alike` tells."""
    yield digits
    for at, digit in enumerate(digits):
        for other in "0123456789":
            if other != digit:
                yield f"{digits[:at]}{other}{digits[at + 1 :]}"
    for at in range(len(digits) - 1):
        yield f"{digits[:at]}{digits[at + 1]}{digits[at]}{digits[at + 2 :]}"
    for digit in "0123456789":
        yield f"{digit}{digits}"
        yield f"{digits}{digit}"
    if len(digits) > 1:
        yield digits[1:]
        yield digits[:-1]
