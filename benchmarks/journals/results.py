"""All figures of the journal, and the project's targets against them."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.figures import Figure, Target, number
from benchmarks.journals import appending, verifying
from benchmarks.journals.appending import BATCH, OURS, PLAIN, SINGLE

NOTES = (
    "The journal's appends begin at the event: encoding, sealing, hashing and signing are measured. Plain SQLite and",
    "pymerkle are handed the finished bytes; pymerkle gives its root after each append, and signs nothing.",
    "journalctl verifies fewer entries, as it takes long; its figure is per entry.",
)


def measure(quick: bool) -> list[Figure]:
    """`quick` is a smoke run, whose figures say nothing."""
    if quick:
        return [
            *appending.appends(1, 20, 1),
            *appending.syncs(50, 2),
            *verifying.full(1, 2_000, 512),
            *verifying.growth(1, (1_000, 2_000)),
        ]
    return [
        *appending.appends(5, 1_000, 80),
        *appending.syncs(20_000, 200),
        *verifying.full(5, 1_000_000, 200_000),
        *verifying.growth(5, (10_000, 100_000, 1_000_000, 10_000_000)),
    ]


def targets(figures: Sequence[Figure]) -> list[Target]:
    """What the project asks of the journal, and what was found."""
    found = {(one.group, one.name): one for one in figures}
    ratios = [
        (how, found[appending.RATIOS, f"{OURS}, {how}"].median, least) for how, least in ((SINGLE, 0.7), (BATCH, 0.45))
    ]
    verified = next(one for one in figures if one.group == verifying.FULL and "two processes" in one.name)
    grown = [one for one in figures if one.group == verifying.GROWTH]
    proved, opened = ([one for one in grown if one.name.endswith(what)][-1] for what in ("prove one", "open"))
    listed = [
        *(Target(f"append, {how}", f"at least {least}", number(ratio), ratio >= least) for how, ratio, least in ratios),
        Target(
            "full verification", "at least 1 000 000 entries/s", number(verified.median), verified.median >= 1_000_000
        ),
        Target(proved.name, "at most 2 ms", number(proved.median), proved.median <= 2),
        Target(opened.name, "under 2 000 ms", number(opened.median), opened.median < 2_000),
    ]
    for how in (SINGLE, BATCH):
        calls = {
            one.name.partition(",")[0]: one.median
            for one in figures
            if one.group == appending.SYNCS and how in one.name
        }
        if calls:
            wanted, had = calls[PLAIN], calls[OURS]
            listed.append(Target(f"syncs, {how}", f"at most {number(wanted)}", number(had), had <= wanted))
    if (verifying.FULL, verifying.TIMES_JOURNALD) in found:
        times = found[verifying.FULL, verifying.TIMES_JOURNALD].median
        listed.append(Target("verification beside journalctl", "at least 4 ×", f"{number(times)} ×", times >= 4))
    return listed
