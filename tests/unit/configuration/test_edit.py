"""Editing nightlatch.toml: only what was asked changes; comments, order and mode stay."""

from __future__ import annotations

import stat
import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.configuration.edit import remove_waiver, set_answer, set_waiver
from nightlatch.configuration.read import load
from nightlatch.errors import NightlatchError
from tests.unit.configuration.test_read import GOOD

DAY = date(2026, 11, 22)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "nightlatch.toml"
    path.write_text(GOOD)
    path.chmod(0o640)
    return path


def test_a_new_answer_is_added_and_every_line_of_the_file_stays(path: Path) -> None:
    set_answer(load(path), "door:front", "screws_mm", 80, DAY)
    text = path.read_text()
    assert text.startswith(GOOD.rstrip("\n"))
    assert load(path).tables.answers[-1].value == 80
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_the_same_question_answered_again_replaces_the_answer(path: Path) -> None:
    set_answer(load(path), "door:front", "strike_plate", "standard", DAY)
    (answer,) = load(path).tables.answers
    assert (answer.value, answer.on) == ("standard", DAY)
    assert "# the one with the lock" in path.read_text()


def test_a_list_can_be_answered(path: Path) -> None:
    set_answer(load(path), "home", "needs", ["remote", "voice"], DAY)
    assert load(path).tables.answers[-1].value == ["remote", "voice"]


def test_a_waiver_is_added_replaced_and_taken_back(path: Path) -> None:
    set_waiver(load(path), "upnp", "home", reason="the console", until=DAY)
    set_waiver(load(path), "upnp", "home", reason="still the console", until=DAY)
    set_waiver(load(path), "upnp", "router:r", reason="other", until=DAY)
    assert [waiver.reason for waiver in load(path).tables.waivers] == ["still the console", "other"]
    assert remove_waiver(load(path), "upnp", "home") == 1
    assert [waiver.subject for waiver in load(path).tables.waivers] == ["router:r"]
    assert remove_waiver(load(path), "upnp", "router:r") == 1
    assert remove_waiver(load(path), "upnp", "router:r") == 0
    assert "waivers" not in tomllib.loads(path.read_text())
    assert path.read_text().rstrip() == GOOD.rstrip()


def test_a_waiver_of_one_check_stands_beside_one_of_the_whole_practice(path: Path) -> None:
    set_waiver(load(path), "upnp", "home", reason="all", until=DAY)
    set_waiver(load(path), "upnp", "home", reason="one", until=DAY, check="off")
    assert [(waiver.check, waiver.reason) for waiver in load(path).tables.waivers] == [("", "all"), ("off", "one")]


def test_a_failed_edit_leaves_the_file_as_it_was(path: Path) -> None:
    configuration = load(path)
    path.chmod(0o600)
    path.write_text(GOOD.replace("[home]", "[hom]"))
    with pytest.raises(NightlatchError):
        set_answer(configuration, "door:front", "screws_mm", 80, DAY)
    assert path.read_text() == GOOD.replace("[home]", "[hom]")
    assert [item.name for item in path.parent.iterdir()] == ["nightlatch.toml"]


@given(reason=st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=80))
def test_any_reason_survives_the_way_into_the_file_and_back(
    tmp_path_factory: pytest.TempPathFactory, reason: str
) -> None:
    path = tmp_path_factory.mktemp("edit") / "nightlatch.toml"
    path.write_text(GOOD)
    set_waiver(load(path), "upnp", "home", reason=reason, until=DAY)
    assert load(path).tables.waivers[0].reason == reason
