"""Every detection is found, documented, bounded, and set by the owner's file or refused with its line."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from nightlatch.configuration.read import Configuration, parse
from nightlatch.errors import ConfigurationError
from nightlatch.guard.detections.interface import Detection
from nightlatch.guard.detections.registry import configured, defaults, detections, limits, set_at

HERE = Path(__file__).parent
PAGE = (Path(__file__).parents[4] / "docs" / "detections.md").read_text("utf-8")


def read(text: str) -> Configuration:
    return parse(text, Path("/home/elm/nightlatch.toml"))


def refused(text: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        configured(read(text))
    return str(error.value)


@pytest.mark.parametrize("detection", detections().values(), ids=str)
def test_every_detection_has_its_file_its_tests_its_words_and_its_place_in_the_docs(detection: type[Detection]) -> None:
    name = detection.id.replace("-", "_")
    assert detection.__module__.endswith(f".{name}")
    assert (HERE / f"test_{name}.py").exists()
    assert detection.title
    assert detection.hearing
    assert f"## {detection.id}\n" in PAGE
    for limit in limits(detection):
        assert limit.least <= limit.default <= limit.most
        assert f"| `{limit.name}` | {limit.default:g} |" in PAGE
    assert detection.__dict__.keys() >= {"state", "restore"} or not detection.__dict__.keys() & {"state", "restore"}


def test_there_is_no_test_of_a_detection_that_is_gone() -> None:
    tested = {path.stem.removeprefix("test_").replace("_", "-") for path in HERE.glob("test_*.py")}
    assert set(detections()) == tested - {"registry"}


def test_a_table_sets_thresholds_and_the_rest_stay_as_they_come() -> None:
    settings = read("[detections.repeated-wrong-codes]\ncount = 5\n\n[detections.tamper]\non = false\n")
    chosen = {detection.id: thresholds for detection, thresholds in configured(settings)}
    given = {detection.id: thresholds for detection, thresholds in defaults()}
    assert msgspec.structs.asdict(chosen["repeated-wrong-codes"]) == {"on": True, "count": 5, "within_s": 300}
    assert chosen["tamper"].on is False
    assert chosen["jam"] == given["jam"]
    assert set_at(settings, "repeated-wrong-codes", "count") == "nightlatch.toml:2"
    assert set_at(settings, "repeated-wrong-codes", "within_s") == ""


def test_an_unknown_detection_is_refused_with_its_line_and_the_nearest_one() -> None:
    told = refused("[home]\n\n[detections.repeated-wrong-code]\ncount = 5\n")
    assert told.startswith("/home/elm/nightlatch.toml:3: there is no detection 'repeated-wrong-code'.")
    assert told.endswith('Did you mean "repeated-wrong-codes"?')


def test_an_unknown_threshold_is_refused_with_its_line_and_the_nearest_one() -> None:
    assert refused("[detections.repeated-wrong-codes]\n\ncounts = 5\n") == (
        "/home/elm/nightlatch.toml:3: unknown key 'counts'. Did you mean \"count\"?"
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[detections.repeated-wrong-codes]\ncount = 1\n", ":2: count: expected a whole number >= 2"),
        ('[detections.tamper]\non = "no"\n', ":2: on: expected true or false, got text"),
        ("[detections.battery-low]\nlow_percent = 10\n", ":1: battery-low: empty_percent lies above low_percent"),
        ("[detections]\ntamper = {off = true}\n", ":2: unknown key 'off'"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_line(text: str, what: str) -> None:
    assert what in refused(text)
