"""How fast events are judged: all detections on one core, and the rules that Sigma can say too, beside Sigma."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from benchmarks.engines.sigma import CORRELATIONS, Matches, Sigma
from benchmarks.events import BEGIN, household, stream
from benchmarks.figures import Figure, Target, number
from nightlatch.guard.detections.gap import Gap
from nightlatch.guard.detections.interface import Detection, Noticed, Thresholds
from nightlatch.guard.detections.registry import Chosen, defaults
from nightlatch.guard.detections.wrong_codes_across_doors import WrongCodesAcrossDoors
from nightlatch.guard.engine import Engine
from nightlatch.guard.household import Household
from nightlatch.model.event import Event

SPEED = "Detections, from JSON to notices, on one core"
SIDE = "The 14 rules that Sigma can say too, from JSON to matches"
RATIOS = "How many times as long as Nightlatch takes Sigma's SQL over SQLite, as Zircolite runs it"
ALL = "all detections"
OURS = "nightlatch, these 14"
OURS_ALL = "nightlatch, all detections"
THEIRS = "pySigma's SQL over SQLite"

NOTES = (
    "Zircolite is not on PyPI: measured is what its engine does, without its options: pySigma's SQL in its format over",
    "flattened events in an SQLite table in memory. Both begin at lines of JSON and find the same matches. Seconds are",
    "those of the processor.",
)

decode = msgspec.json.Decoder(Event).decode_lines


class Stream(msgspec.Struct, frozen=True):
    """Events as one text of lines, as lines, and the home that they happen in."""

    text: bytes
    lines: list[bytes]
    home: Household


def made(count: int, locks: int, *, seed: int, per_second: int, begin: int = BEGIN) -> Stream:
    """Events of so many locks."""
    lines = stream(count, locks, seed=seed, per_second=per_second, begin=begin)
    return Stream(b"\n".join(lines), lines, household(locks))


def shared(rules: Sigma) -> tuple[Chosen, ...]:
    """The detections that the Sigma rules say too. Of gaps only the long ones."""
    chosen = (one for one in defaults() if one[0].id in rules.queries)
    return tuple((one, _as_there(one, thresholds)) for one, thresholds in chosen)


def _as_there(detection: type[Detection], thresholds: Thresholds) -> Thresholds:
    if detection is Gap:
        return Gap.Thresholds(count=100)
    return WrongCodesAcrossDoors.Thresholds(count=2) if detection is WrongCodesAcrossDoors else thresholds


def judge(events: Stream, chosen: Sequence[Chosen]) -> list[Noticed]:
    """From text to notices."""
    return Engine(chosen, events.home).feed(decode(events.text))


def matches(told: Sequence[Noticed]) -> Matches:
    """Notices as Sigma's matches: a door stands for its lock."""
    found: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
    for one in told:
        if not one.over:
            about = one.about.replace("door:", "lock:")
            found[one.detection].add((about, 0 if one.detection in CORRELATIONS else one.at))
    return {detection: frozenset(seen) for detection, seen in found.items()}


def speed(rounds: int, sizes: Sequence[int], count: int) -> list[Figure]:
    """All detections, decoding included, in homes of so many locks; all were heard before, as in a running service."""
    figures = []
    for locks in sizes:
        before = made(max(count, 8 * locks), locks, seed=1, per_second=1000)
        engine = Engine(defaults(), before.home)
        engine.feed(decode(before.text))
        speeds, begin = [], BEGIN + len(before.lines) * 1000
        for turn in range(rounds):
            events = made(count, locks, seed=2 + turn, per_second=1000, begin=begin)
            begin += count * 1000
            speeds.append(count / _timed(partial(_feed, engine), events))
        figures.append(Figure(SPEED, f"{ALL}, {locks} locks", "events/s", tuple(speeds)))
    return figures


def compare(rounds: int, count: int, locks: int = 100) -> list[Figure]:
    """Both in every round, one after another, so that a busy machine slows them alike."""
    rules = Sigma()
    chosen = shared(rules)
    took: dict[str, list[float]] = {name: [] for name in (OURS, OURS_ALL, THEIRS)}
    for turn in range(rounds + 1):
        events = made(count, locks, seed=turn + 1, per_second=1)
        times = {
            OURS: _timed(lambda given: judge(given, chosen), events),
            OURS_ALL: _timed(lambda given: judge(given, defaults()), events),
            THEIRS: _timed(lambda given: rules.find(given.lines), events),
        }
        if turn:  # the first warms up
            for name, seconds in times.items():
                took[name].append(1e6 * seconds / count)
    return [
        *(Figure(SIDE, name, "µs per event", tuple(values)) for name, values in took.items()),
        *(
            Figure(RATIOS, f"against {name}", "×", tuple(a / b for a, b in zip(took[THEIRS], took[name], strict=True)))
            for name in (OURS, OURS_ALL)
        ),
    ]


def _feed(engine: Engine, events: Stream) -> object:
    return engine.feed(decode(events.text))


def _timed(work: Callable[[Stream], object], events: Stream) -> float:
    """Seconds of the processor: both sides work on one core, and what else the machine does is not theirs."""
    begin = time.process_time()
    work(events)
    return time.process_time() - begin


def measure(quick: bool) -> list[Figure]:
    """`quick` is a smoke run, whose figures say nothing."""
    if quick:
        return [*speed(1, (10,), 2_000), *compare(1, 2_000)]
    return [*speed(5, (10, 100, 1_000, 10_000), 200_000), *compare(5, 50_000)]


def targets(figures: Sequence[Figure]) -> list[Target]:
    """What the project asks of the detections, and what was found."""
    speeds = [one for one in figures if one.group == SPEED]
    ratio = next(one for one in figures if one.group == RATIOS).median
    return [
        *(
            Target(one.name, "at least 300 000 events/s", f"{number(one.median)} events/s", one.median >= 300_000)
            for one in speeds
        ),
        Target("detections beside Sigma's SQL over SQLite", "at least 10 ×", f"{number(ratio)} ×", ratio >= 10),
    ]
