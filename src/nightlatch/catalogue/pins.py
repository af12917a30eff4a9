"""What makes a PIN weak, and when two PINs are too much alike. No result ever holds the PIN's digits.

Of a common PIN only a band of ranks is told, because an exact rank in a public list names the PIN.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from enum import StrEnum
from functools import cache
from itertools import pairwise

import msgspec

from nightlatch.catalogue._data import pin_lists
from nightlatch.catalogue.lookup import Catalogue
from nightlatch.catalogue.structs import Knowledge
from nightlatch.secrets import Secret

LONG_ENOUGH = 6
_BANDS = (10, 30, 100, 300)
_YEARS = range(1900, 2100)
_KEYS = {key: (at % 3, at // 3) for at, key in enumerate("123456789 0 ") if key != " "}


class Kind(StrEnum):
    """Why a PIN is weak, worst first."""

    DEFAULT_OF_MODEL = "default_of_model"
    KNOWN_DEFAULT = "known_default"
    COMMON = "common"
    REPEATED = "repeated"
    SEQUENCE = "sequence"
    YEAR = "year"
    DATE = "date"
    KEYPAD_PATTERN = "keypad_pattern"
    TOO_SHORT = "too_short"
    NOT_DIGITS = "not_digits"


class Weakness(msgspec.Struct, frozen=True):
    """One reason why a PIN is weak. `source` is a key of the catalogue's sources, or a page."""

    kind: Kind
    summary: str
    source: str


class Likeness(StrEnum):
    """How two PINs are too much alike."""

    SAME = "same"
    ONE_DIGIT_CHANGED = "one_digit_changed"
    NEIGHBOURS_SWAPPED = "neighbours_swapped"
    ONE_DIGIT_ADDED = "one_digit_added"


def weaknesses(
    pin: Secret, catalogue: Catalogue, model: Knowledge | None = None, *, long_enough: int = LONG_ENOUGH
) -> tuple[Weakness, ...]:
    """Every reason why this PIN is weak, worst first. `long_enough` is what the lock allows, at most 6."""
    digits = pin.reveal()
    if not digits.isascii() or not digits.isdigit():
        return (Weakness(Kind.NOT_DIGITS, "it is not made of digits", "nist63b"),)
    found = [
        *_defaults(digits, catalogue, model),
        *_common(digits),
        *_rules(digits),
    ]
    if len(digits) < long_enough:
        found.append(Weakness(Kind.TOO_SHORT, f"it has fewer than {long_enough} digits", "nist63b"))
    order = list(Kind)
    return tuple(sorted(found, key=lambda one: order.index(one.kind)))


def alike(one: Secret, other: Secret) -> Likeness | None:
    """How two PINs are too much alike, or None: equal, one digit changed, swapped, or added at an end."""
    a, b = one.reveal(), other.reveal()
    if a == b:
        return Likeness.SAME
    if len(a) == len(b):
        different = [at for at in range(len(a)) if a[at] != b[at]]
        if len(different) == 1:
            return Likeness.ONE_DIGIT_CHANGED
        if len(different) == 2:
            first, second = different
            if second == first + 1 and a[first] == b[second] and a[second] == b[first]:
                return Likeness.NEIGHBOURS_SWAPPED
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    if shorter and len(longer) == len(shorter) + 1 and shorter in (longer[:-1], longer[1:]):
        return Likeness.ONE_DIGIT_ADDED
    return None


def _defaults(digits: str, catalogue: Catalogue, model: Knowledge | None) -> list[Weakness]:
    if model is not None and (source := catalogue.default_pins(model).get(digits)):
        return [Weakness(Kind.DEFAULT_OF_MODEL, f"it is the factory default of {model.name}", source)]
    if source := catalogue.default_pins().get(digits):
        return [Weakness(Kind.KNOWN_DEFAULT, "it is the factory default of another lock", source)]
    return []


def _common(digits: str) -> list[Weakness]:
    found = []
    for source, places in _ranks().items():
        if (place := places.get(digits)) is not None:
            band = next((band for band in _BANDS if 0 < place <= band), 0)
            among = f"among the {band} most used" if band else "on the list of PINs that phones refuse"
            found.append(Weakness(Kind.COMMON, f"it is {among}", source))
    return found


@cache
def _ranks() -> dict[str, dict[str, int]]:
    return {
        one.source: {pin: place if one.ranked else 0 for place, pin in enumerate(one.pins, 1)} for one in pin_lists()
    }


def _rules(digits: str) -> list[Weakness]:
    found = []
    if _repeats(digits):
        found.append(Weakness(Kind.REPEATED, "it repeats the same digits", "nist63b"))
    elif _counts(digits):
        found.append(Weakness(Kind.SEQUENCE, "its digits go up or down in equal steps", "nist63b"))
    if len(digits) == 4 and int(digits) in _YEARS:
        found.append(Weakness(Kind.YEAR, "it is a year", "birthday"))
    if _is_date(digits):
        found.append(Weakness(Kind.DATE, "it can be read as a date", "birthday"))
    if _is_pattern(digits):
        found.append(Weakness(Kind.KEYPAD_PATTERN, "it draws a simple shape on the keypad", "markert"))
    return found


def _repeats(digits: str) -> bool:
    # aaaa, abab, abcabc: a shorter block, over and over; and aabb (a rule of the iOS block list).
    block = (digits + digits).find(digits, 1) < len(digits)
    pairs = len(digits) % 2 == 0 and len(digits) >= 4 and digits[::2] == digits[1::2]
    return block or pairs


def _counts(digits: str) -> bool:
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(digits)}
    return len(digits) >= 3 and len(steps) == 1 and steps <= {1, 2, 8, 9}


def _is_date(digits: str) -> bool:
    """DDMM, MMDD; DDMMYY, MMDDYY, YYMMDD, MMYYYY, YYYYMM; DDMMYYYY, MMDDYYYY, YYYYMMDD."""
    pair = [int(digits[at : at + 2]) for at in range(0, len(digits) - 1, 2)]
    if len(digits) == 4:
        return _day(pair[0], pair[1]) or _day(pair[1], pair[0])
    if len(digits) == 6:
        short = _day(pair[0], pair[1]) or _day(pair[1], pair[0]) or _day(pair[2], pair[1])
        month_first = 1 <= pair[0] <= 12 and int(digits[2:]) in _YEARS
        return short or month_first or (1 <= pair[2] <= 12 and int(digits[:4]) in _YEARS)
    if len(digits) == 8:
        year_last = int(digits[4:]) in _YEARS and (_day(pair[0], pair[1]) or _day(pair[1], pair[0]))
        return year_last or (int(digits[:4]) in _YEARS and _day(pair[3], pair[2]))
    return False


def _day(day: int, month: int) -> bool:
    try:
        date(2000, month, day)
    except ValueError:
        return False
    return True


def _is_pattern(digits: str) -> bool:
    """A walk over neighbouring keys, the four corners in turn, or straight lines of three keys each."""
    if len(digits) < 4:
        return False
    steps = [_step(before, after) for before, after in pairwise(digits)]
    distinct = len(set(digits)) == len(digits)
    if distinct and all(abs(x) + abs(y) == 1 for x, y in steps):
        return True
    if distinct and len(digits) == 4 and set(digits) == set("1379"):
        return True
    lines = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return len(digits) % 3 == 0 and all(_straight(line) for line in lines)


def _straight(line: Collection[str]) -> bool:
    first, middle, last = line
    one, two = _step(first, middle), _step(middle, last)
    return one == two and one != (0, 0) and max(map(abs, one)) == 1


def _step(before: str, after: str) -> tuple[int, int]:
    (x, y), (to_x, to_y) = _KEYS[before], _KEYS[after]
    return to_x - x, to_y - y
