"""Finds lock models by free text: words weighed by how rare they are, typos forgiven, ranked."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

LONGEST_QUERY = 200
ENOUGH = 0.6
"""The share of what was asked for that must be found for an answer to count."""

# Words that nearly every lock is sold with: they name no model.
GENERIC = frozenset(
    re.findall(
        r"\w+",
        "a and of the my lock locks door doors smart smartlock digital electronic deadbolt lever latch keypad keyless"
        " with for home wifi wi fi bluetooth ble nfc zwave wave z zigbee matter thread touchscreen series gen"
        " generation family original pro plus module set touch screen key free based many brands",
    )
)
_WORD = re.compile(r"\d+\.\d+|[^\W_]+")
_SLASHED = re.compile(r"\b([A-Za-z]{2,5})(\d{2,4})((?:/\d{2,4})+)")


def words(text: str) -> list[str]:
    """The words of a text, lower case, without accents; `3.0` is `3`, `YRD410/420` gives `yrd420` too."""
    plain = "".join(
        char for char in unicodedata.normalize("NFKD", text[:LONGEST_QUERY]) if not unicodedata.combining(char)
    )
    plain = _SLASHED.sub(lambda m: " ".join(m[1] + part for part in (m[2] + m[3]).split("/")), plain)
    plain = re.sub(r"(?i)\bwi-?fi\b", "wifi", re.sub(r"(?i)\bz-?wave\b", "zwave", plain))
    return [word.removesuffix(".0") for word in _WORD.findall(plain.casefold())]


class Index:
    """Documents of words, built once.

    `names` are (main name, other names, brand, worth) per document; worth (0 to 1) scales its score.
    """

    def __init__(self, names: Iterable[tuple[str, str, str, float]]) -> None:
        self._main: list[frozenset[str]] = []
        self._worth: list[float] = []
        self._posting: dict[str, list[int]] = {}
        count = 0
        for number, (main, other, brand, worth) in enumerate(names):
            self._worth.append(worth)
            own = frozenset(words(main))
            self._main.append(own - GENERIC - frozenset(words(brand)))
            for word in own.union(words(other), words(brand)):
                self._posting.setdefault(word, []).append(number)
            count += 1
        self._rarity = {word: math.log(1 + count / len(found)) for word, found in self._posting.items()}
        self._unseen = math.log(1 + count)
        self._by_length: dict[int, list[str]] = {}
        for word in self._posting:
            self._by_length.setdefault(len(word), []).append(word)

    def find(self, text: str, limit: int) -> list[tuple[float, int]]:
        """(score 0 to 1, document number) of the best documents, best first; empty when nothing fits."""
        asked = Counter(words(text))
        telling = [word for word in asked if word not in GENERIC]
        if not telling:
            return []
        total = 0.0
        gained: dict[int, float] = {}
        met: dict[int, set[str]] = {}
        named: set[int] = set()
        for word in asked:
            near = self._near(word) if word not in GENERIC else {word: 1.0} if word in self._posting else {}
            weight = max((self._rarity[one] for one in near), default=self._unseen)
            if word in GENERIC:
                weight *= 0.1
            total += weight
            best: dict[int, float] = {}
            for one, likeness in near.items():
                for number in self._posting[one]:
                    best[number] = max(best.get(number, 0.0), likeness)
                    if one in self._main[number]:
                        met.setdefault(number, set()).add(one)
            for number, likeness in best.items():
                gained[number] = gained.get(number, 0.0) + weight * likeness
            if word not in GENERIC:
                named.update(best)
        return self._ranked({number: gained[number] for number in named}, met, total, len(telling), limit)

    def _ranked(
        self, gained: dict[int, float], met: dict[int, set[str]], total: float, telling: int, limit: int
    ) -> list[tuple[float, int]]:
        ranked = []
        for number, gain in gained.items():
            share = gain / total
            if share < ENOUGH:
                continue
            # What the name has beyond the question, its brand aside, counts a little against it.
            left_over = len(self._main[number] - met.get(number, set()))
            whole = 0.9 + 0.1 * telling / (telling + left_over)
            ranked.append((round(share * whole * self._worth[number], 4), number))
        ranked.sort(key=lambda one: (-one[0], one[1]))
        return ranked[:limit]

    def _near(self, word: str) -> dict[str, float]:
        """Known words that `word` may mean, with their likeness: itself, else longer ones, else typos."""
        if word in self._posting:
            return {word: 1.0}
        found = {}
        if len(word) >= 3:
            found = {one: 0.9 for one in self._posting if one.startswith(word) and _digits(one, word)}
        if found or len(word) < 4:
            return found
        allowed = 1 if len(word) < 8 else 2
        for length in range(len(word) - allowed, len(word) + allowed + 1):
            for one in self._by_length.get(length, ()):
                if _same_digits(one, word) and (steps := _distance(word, one, allowed)) <= allowed:
                    found[one] = 0.85 if steps == 1 else 0.75
        return found


def _digits(longer: str, shorter: str) -> bool:
    # "yrd45" is not "yrd450": a number must be whole; "yrd" and "assu" may go on.
    return not (shorter[-1].isdigit() and longer[len(shorter)].isdigit())


def _same_digits(one: str, other: str) -> bool:
    # Another digit is another model, not a typo.
    return [char for char in one if char.isdigit()] == [char for char in other if char.isdigit()]


def _distance(one: str, other: str, most: int) -> int:
    """Optimal string alignment distance (Damerau-Levenshtein without repeated edits), up to `most` + 1."""
    before: Sequence[int] = ()
    row: list[int] = list(range(len(other) + 1))
    for i, char in enumerate(one, 1):
        before, last, row = row, before, [i, *([0] * len(other))]
        for j, theirs in enumerate(other, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != theirs))
            if last and j > 1 and char == other[j - 2] and one[i - 2] == theirs:
                row[j] = min(row[j], last[j - 2] + 1)
        if min(row) > most:
            return most + 1
    return row[-1]
