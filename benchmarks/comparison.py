"""Nightlatch's judge and two policy engines, side by side on the same homes and the same ten checks."""

from __future__ import annotations

from benchmarks.engines import same
from benchmarks.engines.cedar import Cedar, ask
from benchmarks.engines.rego import Compiled, Interpreted, text_of
from benchmarks.figures import Figure, timed
from benchmarks.homes import home

TIMES = "Ten checks on three engines, per check and thing, findings with evidence included"
RATIOS = "How many times as long as Nightlatch, from facts to findings"
BARE = "How many times as long as Nightlatch, when their input was converted beforehand"

OURS = "nightlatch"
RVM = "regorus, compiled (Rvm)"
ENGINE = "regorus, interpreted (Engine)"
CEDAR = "cedarpy"


def compare(rounds: int, homes: int = 50) -> list[Figure]:
    """Every engine in every round, one after another, so that a busy machine slows them alike."""
    checks, compiled, interpreted, cedar = same.checks(), Compiled(), Interpreted(), Cedar()
    whole: dict[str, list[float]] = {name: [] for name in (OURS, RVM, ENGINE, CEDAR)}
    bare: dict[str, list[float]] = {name: [] for name in (RVM, ENGINE, CEDAR)}
    for turn in range(rounds + 1):
        made = [home(turn * homes + number) for number in range(homes)]
        texts = [text_of(one) for one in made]
        asked = [ask(one) for one in made]
        per_finding = 1e6 / len(same.judge(made[0], checks))  # every home of this size has as many
        took = {
            OURS: timed(lambda one: same.judge(one, checks), made),
            RVM: timed(compiled.judge, made),
            ENGINE: timed(interpreted.judge, made),
            CEDAR: timed(cedar.judge, made),
        }
        took_bare = {
            RVM: timed(compiled.evaluate, texts),
            ENGINE: timed(interpreted.evaluate, texts),
            CEDAR: timed(cedar.evaluate, asked),
        }
        if turn:  # the first warms up
            for name, seconds in took.items():
                whole[name].append(per_finding * seconds)
            for name, seconds in took_bare.items():
                bare[name].append(per_finding * seconds)
    return [
        *(Figure(TIMES, name, "µs", tuple(values)) for name, values in whole.items()),
        *(Figure(TIMES, f"{name}, input converted beforehand", "µs", tuple(values)) for name, values in bare.items()),
        *(_ratio(RATIOS, name, whole[name], whole[OURS]) for name in (RVM, ENGINE, CEDAR)),
        *(_ratio(BARE, name, bare[name], whole[OURS]) for name in (RVM, ENGINE, CEDAR)),
    ]


def _ratio(group: str, name: str, theirs: list[float], ours: list[float]) -> Figure:
    return Figure(group, name, "×", tuple(a / b for a, b in zip(theirs, ours, strict=True)))
