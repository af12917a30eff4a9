"""The benchmark measures the same work on every engine, and runs from end to end."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from benchmarks import detections
from benchmarks.__main__ import main
from benchmarks.engines import cedar, rego, same, sigma
from benchmarks.homes import home, homes, of_locks

HOMES = list(homes(seed=11, number=200))
Verdicts = dict[tuple[str, str], same.Verdict]


def by_subject(verdicts: list[same.Verdict]) -> Verdicts:
    found = {(verdict.check, verdict.subject): verdict for verdict in verdicts}
    assert len(found) == len(verdicts)
    return found


@pytest.fixture(scope="module")
def ours() -> list[Verdicts]:
    checks = same.checks()
    return [by_subject([same.verdict_of(finding) for finding in same.judge(one, checks)]) for one in HOMES]


@pytest.mark.parametrize("engine", [rego.Compiled, rego.Interpreted])
def test_regorus_says_of_200_homes_what_nightlatch_says(engine: type, ours: list[Verdicts]) -> None:
    made = engine()
    assert [by_subject(rego.verdicts_of(made.judge(one))) for one in HOMES] == ours


def test_cedar_says_of_200_homes_what_nightlatch_says(ours: list[Verdicts]) -> None:
    made = cedar.Cedar()
    assert [by_subject([cedar.verdict_of(finding) for finding in made.judge(one)]) for one in HOMES] == ours


def test_the_200_homes_show_every_verdict_of_every_check(ours: list[Verdicts]) -> None:
    seen = Counter((verdict.check, verdict.verdict) for found in ours for verdict in found.values())
    for check in same.CHECKS:
        assert all(seen[check, verdict] for verdict in ("pass", "fail", "unknown")), check
    assert sum(verdict == "not_applicable" for _, verdict in seen) >= 4


def test_regorus_gives_the_sentences_of_nightlatch() -> None:
    made, checks = rego.Compiled(), same.checks()
    for one in HOMES[:50]:
        theirs = {
            (check, finding["subject"]): finding["summary"]
            for check, findings in json.loads(made.judge(one)).items()
            for finding in findings
        }
        for finding in same.judge(one, checks):
            if finding.verdict.value != "unknown" and finding.check != "not-expired":  # its instants are ISO there
                assert theirs[f"{finding.practice}/{finding.check}", str(finding.subject)] == finding.summary


@pytest.mark.parametrize("seed", [3, 4])
def test_sigma_matches_what_the_detections_tell(seed: int) -> None:
    rules = sigma.Sigma()
    events = detections.made(30_000, 100, seed=seed, per_second=1)
    ours = detections.matches(detections.judge(events, detections.shared(rules)))
    theirs = rules.find(events.lines)
    assert {rule: found for rule, found in theirs.items() if found} == ours
    assert len(ours) >= 13


def test_the_same_seed_gives_the_same_home_and_another_seed_another() -> None:
    def facts(seed: int) -> list[object]:
        made = home(seed)
        return [thing.facts() for things in made.things.values() for thing in things.values()]

    assert facts(3) == facts(3)
    assert facts(3) != facts(4)


def test_a_home_grows_in_step_with_its_locks() -> None:
    def things(locks: int) -> int:
        return sum(len(found) for found in home(1, of_locks(locks)).things.values())

    assert 9 < things(100) / things(10) < 11


def test_a_quick_run_measures_everything_and_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick", "--format", "json"]) == 0
    results = json.loads(capsys.readouterr().out)
    assert results["schema"] == "nightlatch.bench/1"
    # A count may be none: a second sync sends nothing.
    assert all(value > 0 or not figure["unit"] for figure in results["figures"] for value in figure["values"])
    assert {target["name"] for target in results["targets"]} >= {"help", "cedarpy", "regorus, compiled"}
