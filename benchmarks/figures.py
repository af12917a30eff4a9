"""What is measured and how it is told: figures of several runs each, and targets that are met or not."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")


class Figure(msgspec.Struct, frozen=True):
    """One thing measured; `values` holds every run's."""

    group: str
    name: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The run in the middle."""
        return statistics.median(self.values)

    @property
    def text(self) -> str:
        """`2.41 (2.38 to 2.60)`: the median, the least and the most; one number for a single run."""
        if len(self.values) == 1:
            return number(self.values[0])
        return f"{number(self.median)} ({number(min(self.values))} to {number(max(self.values))})"


class Target(msgspec.Struct, frozen=True):
    """What the project asks of a figure, and whether this run met it."""

    name: str
    wanted: str
    found: str
    met: bool


class Results(msgspec.Struct, frozen=True):
    """All of a run; printed as a table, or as JSON."""

    machine: str
    figures: tuple[Figure, ...]
    targets: tuple[Target, ...]
    notes: tuple[str, ...]
    schema: str = "nightlatch.bench/1"

    def figure(self, group: str, name: str) -> Figure:
        """The figure of this name; LookupError when it was not measured."""
        for figure in self.figures:
            if (figure.group, figure.name) == (group, name):
                return figure
        raise LookupError(f"no figure {group}: {name}")


def number(value: float) -> str:
    """Three digits that count: `0.213`, `2.41`, `213`, `48 300`."""
    if value >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def timed(work: Callable[[T], object], items: Iterable[T]) -> float:
    """How long this work takes with one of the items, s: the median of all, each timed by itself.

    What else the machine does then spoils the items that it interrupts, and not the run.
    """
    times = []
    for item in items:
        begin = time.perf_counter()
        work(item)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def machine() -> str:
    """The processor, its cores, the system and the Python that the figures hold for."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                model = " ".join(line.partition(":")[2].split())
                break
    return (
        f"{model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start, "
        f"{platform.system()}, {platform.python_implementation()} {platform.python_version()}"
    )


def table(results: Results) -> str:
    """The results as text: a block of figures for each group, then the targets."""
    lines = [f"Machine: {results.machine}", "Medians of the runs, with the least and the most in brackets."]
    for group in dict.fromkeys(figure.group for figure in results.figures):
        rows = [(one.name, one.text, f"{one.unit}") for one in results.figures if one.group == group]
        lines += ["", group, *_columns(rows)]
    lines += ["", "Targets", *_columns((one.name, one.found, one.wanted, _met(one)) for one in results.targets)]
    return "\n".join((*lines, "", *results.notes))


def _met(target: Target) -> str:
    return "met" if target.met else "not met"


def _columns(rows: Iterable[tuple[str, ...]]) -> list[str]:
    given = list(rows)
    widths = [max(map(len, column)) for column in zip(*given, strict=True)]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in given]
