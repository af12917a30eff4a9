"""`python -m benchmarks`: measure everything, print a table (or JSON) and which targets are met."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import msgspec

from benchmarks import (
    access,
    comparison,
    detections,
    intake_mqtt,
    intake_zwave,
    journal_pages,
    judging,
    live,
    pages,
    processes,
    syncing,
)
from benchmarks.figures import Figure, Results, Target, machine, number, table
from benchmarks.journals import results as journals

NOTES = (
    "What is counted: Nightlatch takes a home's facts and gives findings with evidence and tailored fixes. The others",
    "take the same facts, converted as they need it, and give the same findings with evidence, without fixes: regorus",
    "as JSON text that is not parsed again, cedarpy as Python objects, its verdicts read from the policies' @id.",
    "Input converted beforehand: regorus is handed JSON text (its fastest input), cedarpy a parsed Entities handle.",
)


def measure(quick: bool) -> Results:
    """All figures. `quick` is a smoke run: the same code on so little that its figures say nothing."""
    runs = 2 if quick else 7
    where = machine()
    figures = [
        *processes.commands(1 if quick else 5),
        *judging.one_home(runs, 2 if quick else 40),
        *judging.growth(1 if quick else 5, (1, 10) if quick else (1, 10, 100, 1000)),
        *comparison.compare(runs, 2 if quick else 50),
        *judging.many_homes((1, 20) if quick else (1, 100, 10_000, 100_000)),
        *journals.measure(quick),
        *journal_pages.measure(quick),
        *pages.measure(quick),
        *live.measure(quick),
        *detections.measure(quick),
        *access.measure(quick),
        *syncing.measure(),
        *intake_zwave.intake(*((1, 1) if quick else (5, 60))),
        *intake_mqtt.intake(*((1, 1) if quick else (5, 50))),
    ]
    return Results(
        where,
        tuple(figures),
        (
            *targets(figures),
            *journals.targets(figures),
            *journal_pages.targets(figures),
            *pages.targets(figures),
            *live.targets(figures),
            *detections.targets(figures),
            *access.targets(figures),
            *syncing.targets(figures),
        ),
        (
            *(*NOTES, *journals.NOTES, *journal_pages.NOTES, *pages.NOTES, *live.NOTES),
            *(*detections.NOTES, *access.NOTES, *syncing.NOTES),
        ),
    )


def targets(figures: Sequence[Figure]) -> tuple[Target, ...]:
    """The project's targets against these figures."""
    named = {(figure.group, figure.name): figure.median for figure in figures}
    peaks = [figure.median for figure in figures if figure.group == judging.MANY and figure.unit == "MiB"]
    one = next(figure.median for figure in figures if figure.group == judging.ONE)
    at_most = [
        ("help", named[processes.WHOLE, processes.HELP], 0.25, "s"),
        ("sample audit, cold", named[processes.WHOLE, processes.AUDIT], 3.0, "s"),
        ("one home, 25 practices", one, 2.0, "ms"),
        ("growth with the home, worst exponent", named[judging.GROWTH, judging.EXPONENT], 1.2, ""),
        ("peak memory, most homes over fewest", peaks[-1] / peaks[0], 1.5, "times"),
    ]
    at_least = [
        ("regorus, compiled", named[comparison.RATIOS, comparison.RVM], 3.0),
        ("regorus, compiled, input converted beforehand", named[comparison.BARE, comparison.RVM], 3.0),
        ("regorus, interpreted", named[comparison.RATIOS, comparison.ENGINE], 3.0),
        ("regorus, interpreted, input converted beforehand", named[comparison.BARE, comparison.ENGINE], 3.0),
        ("cedarpy", named[comparison.RATIOS, comparison.CEDAR], 10.0),
        ("cedarpy, input converted beforehand", named[comparison.BARE, comparison.CEDAR], 10.0),
    ]
    return (
        *(
            Target(name, f"under {limit:g} {unit}".strip(), f"{number(found)} {unit}".strip(), found < limit)
            for name, found, limit, unit in at_most
        ),
        *(
            Target(name, f"at least {limit:g} ×", f"{number(found)} ×", found >= limit)
            for name, found, limit in at_least
        ),
    )


def main(arguments: Sequence[str]) -> int:
    """Always 0 once everything was measured: a target that is not met is said, not failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Nightlatch.")
    parser.add_argument("--quick", action="store_true", help="a smoke run of some seconds; its figures say nothing")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="what to print")
    options = parser.parse_args(arguments)
    results = measure(options.quick)
    print(msgspec.json.encode(results).decode() if options.format == "json" else table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
