"""`nightlatch tailor` and `catalogue search` as commands: what they print and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from nightlatch.cli.app import run
from nightlatch.cli.tailoring import complete_model
from nightlatch.report.words import is_command
from nightlatch.tailor.tailor import Tailored

HOUSE = "tests/unit/sources/data/openwrt/house"


@pytest.fixture(autouse=True)
def _width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_a_known_model_is_advised_on_with_sources_and_ends_with_zero(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tailor", "yale assure 2"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Yale Assure Lock 2 (YRD410/420/430/450) over Z-Wave\n")
    assert "4 Wrong Code Limit: 5 (it takes 3 to 10; its definition says 5)" in " ".join(text.split())
    assert "[1] @zwave-js/config 15.29.0 (npm)" in text
    assert "25. Make sure that no single failure locks you out" in text


def test_an_unknown_model_gets_an_honest_answer_and_ends_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tailor", "acme lock"]) == 1
    text = capsys.readouterr().out
    assert text.startswith('Nothing is known of "acme lock".')
    assert "Ask the seller or the maker" in text and "For any lock:" in text
    assert "With this lock" not in text and "Sources" not in text


def test_a_maker_alone_gets_its_models_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tailor", "yale"]) == 1
    text = capsys.readouterr().out
    assert text.startswith('"yale" names a maker, Yale, and no model.')
    assert "Known are, among others: Yale Smart Lock with Matter" in text


def test_piped_text_is_plain_and_fits_its_width_but_cuts_no_address(capsys: pytest.CaptureFixture[str]) -> None:
    run(["tailor", "yrd450", "--details"])
    text = capsys.readouterr().out
    assert "\x1b" not in text and "…" not in text
    long = [line for line in text.splitlines() if len(line) > 80]
    assert all("http" in line for line in long)
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_details_open_the_advice_for_any_lock_and_every_flaw(capsys: pytest.CaptureFixture[str]) -> None:
    run(["tailor", "yale assure 2"])
    short = capsys.readouterr().out
    run(["tailor", "yale assure 2", "--details"])
    full = capsys.readouterr().out
    step = "Put no address on it."
    assert step not in short and step in full
    assert "Only the fitted lock shows whether" in full
    assert full.count("CVE-2020-9060 (") == 1


def test_a_firmware_settles_which_flaws_apply(capsys: pytest.CaptureFixture[str]) -> None:
    run(["tailor", "nuki 3", "--firmware", "3.3.4"])
    text = " ".join(capsys.readouterr().out.split())
    assert "CVE-2022-32504 (critical, applies)" in text and "Fixed in Nuki Smart Lock 3.0 3.3.5." in text


def test_a_network_is_judged_beside_the_lock(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tailor", "yrd450", "--network", HOUSE]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "FAIL critical. Its administrator has an empty password" in text
    assert "uci set upnpd.config.enabled='0'" in text


def test_a_command_stands_on_one_line_however_long_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["tailor", "yrd450", "--network", "tests/unit/sources/data/mikrotik/house7.rsc"]
    run([*arguments, "--format", "json"])
    found = msgspec.json.decode(capsys.readouterr().out, type=Tailored)
    run([*arguments, "--details"])
    lines = {line.strip().removeprefix("· ") for line in capsys.readouterr().out.splitlines()}
    steps = [step for practice in found.practices for one in practice.do for step in one.steps]
    commands = {step for step in steps if is_command(step)}
    assert commands <= lines and any(len(command) > 80 for command in commands)


def test_json_is_the_document_of_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tailor", "nuki 3", "--format", "json"]) == 0
    out = capsys.readouterr().out
    assert json.loads(out)["schema"] == "nightlatch.tailor/1"
    found = msgspec.json.decode(out, type=Tailored)
    assert found.known and len(found.practices) == 25
    assert run(["tailor", "acme lock", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["model"] is None


@pytest.mark.parametrize(
    "arguments",
    [
        ["tailor", "  "],
        ["tailor", "yrd450", "--network", "nowhere.rsc"],
        ["tailor", "yrd450", "--protocol", "telepathy"],
        ["tailor"],
    ],
)
def test_wrong_use_ends_with_two_and_one_message(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    told = capsys.readouterr()
    assert told.err and "Traceback" not in told.err and not told.out


def test_a_file_that_is_no_export_says_what_to_give(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("buy milk\n")
    assert run(["tailor", "yrd450", "--network", str(tmp_path / "notes.txt")]) == 2
    assert "OpenWrt backup" in capsys.readouterr().err


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tailor", "--help"]) == 0
    assert 'nightlatch tailor "nuki 3" --firmware 3.3.5' in " ".join(capsys.readouterr().out.split())


def test_model_names_are_completed_from_what_was_typed() -> None:
    assert "Nuki Smart Lock 3.0 / 3.0 Pro" in complete_model("nuki")
    assert complete_model("") == []
    assert all(name.casefold().startswith("yale a") for name in complete_model("Yale A"))


def test_catalogue_search_names_maker_ids_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["catalogue", "search", "yrd450-zw3"]) == 0
    text = capsys.readouterr().out
    assert "100%  Yale YRD450-ZW3" in text
    assert "Yale · 0x0129:0x8104:0x45d5 · from @zwave-js/config 15.29.0 (npm)" in text


def test_catalogue_search_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["catalogue", "search", "aqara u200", "--format", "json", "--limit", "3"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found) == 3 and found[0]["maker"] == "Aqara"
    matter = next(one for one in found if one["protocol"] == "matter")
    assert matter["ids"] == ["0x115f:0x2802"] and "DCL" in matter["source"]


def test_catalogue_search_for_nothing_known_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["catalogue", "search", "acme"]) == 0
    assert "not known" in capsys.readouterr().out
