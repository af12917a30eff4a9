"""How long judging takes: one home, homes that grow, and many homes one after another."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.figures import Figure, timed
from benchmarks.homes import home, of_locks
from nightlatch.audit.judge import judge
from nightlatch.practices.registry import practices

ONE = "Judging one home, all 25 practices"
GROWTH = "Judging one home as it grows"
EXPONENT = "worst exponent of time over findings, from one size to the next"
MANY = "Judging many homes, each generated, judged and dropped"


class Many(msgspec.Struct, frozen=True):
    """What the child process that judges `homes` homes tells."""

    homes: int
    findings: int
    seconds: tuple[float, ...]
    """Judging alone, per block of `block` homes."""
    block: int
    generating: float
    """Making the homes up, s: not part of `seconds`."""
    peak: float
    """The most memory that the process held at any time, MiB."""


def one_home(runs: int, homes: int = 40) -> list[Figure]:
    """A typical home, judged for the first time: other homes in each run, so that nothing is remembered."""
    chosen = practices()
    judge(home(0), chosen)
    times, findings = [], 0
    for run in range(runs):
        made = [home(1 + run * homes + number) for number in range(homes)]
        times.append(timed(lambda one: judge(one, chosen), made))
        findings = len(judge(made[0], chosen))
    return [
        Figure(ONE, "3 locks, 2 hubs, 1 router, 4 zones, 3 Wi-Fis, 6 accounts, 20 codes", "ms", _thousand(times)),
        Figure(ONE, "findings of such a home", "", (float(findings),)),
        Figure(ONE, "per finding", "µs", tuple(1e6 * value / findings for value in times)),
    ]


def growth(runs: int, sizes: Sequence[int]) -> list[Figure]:
    """Homes of so many locks, with everything else in step; the exponent is 1 when cost keeps to the home's size."""
    chosen = practices()
    figures, costs = [], []
    for locks in sizes:
        made = [home(run, of_locks(locks)) for run in range(runs)]
        findings = len(judge(home(runs, of_locks(locks)), chosen))
        times = [timed(lambda one: judge(one, chosen), [one]) for one in made]
        figures += [
            Figure(GROWTH, f"{locks} locks, {findings} findings", "ms", _thousand(times)),
            Figure(GROWTH, f"{locks} locks, per finding", "µs", tuple(1e6 * value / findings for value in times)),
        ]
        costs.append((figures[-2].median, findings))
    exponents = [
        math.log(more / less) / math.log(many / few) for (less, few), (more, many) in itertools.pairwise(costs)
    ]
    return [*figures, Figure(GROWTH, EXPONENT, "(1 is linear)", (max(exponents),))]


def many_homes(sizes: Sequence[int]) -> list[Figure]:
    """So many homes in a process of their own each, for its peak of memory."""
    figures = []
    for size in sizes:
        told = _child(size)
        speeds = tuple(told.block / seconds for seconds in told.seconds)
        figures += [
            Figure(MANY, f"{size} homes, {told.findings} findings", "homes/s", speeds),
            Figure(MANY, f"{size} homes, peak memory", "MiB", (told.peak,)),
        ]
    return figures


def _child(size: int) -> Many:
    root = Path(__file__).parents[1]
    command = [sys.executable, "-m", "benchmarks.many", str(size)]
    done = subprocess.run(command, cwd=root, check=True, capture_output=True)
    return msgspec.json.decode(done.stdout, type=Many)


def _thousand(seconds: Sequence[float]) -> tuple[float, ...]:
    return tuple(1e3 * value for value in seconds)
