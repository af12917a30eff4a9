"""Tailored advice: the model meant, what is told with its source, and never a parameter that resets."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.catalogue import Catalogue, Role
from nightlatch.catalogue._data import bundled
from nightlatch.catalogue.structs import ZwaveModel
from nightlatch.errors import ReadError, SourceError
from nightlatch.model.evidence import Claim
from nightlatch.model.finding import Verdict
from nightlatch.tailor import topics
from nightlatch.tailor.advice import Scope
from nightlatch.tailor.meant import meant
from nightlatch.tailor.network import read_network
from nightlatch.tailor.tailor import PracticeAdvice, Tailored, tailor

NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
CATALOGUE = Catalogue()
ENTRIES = tuple(CATALOGUE.entries())
PROFILES = bundled().profiles
HOUSE = Path("tests/unit/sources/data/openwrt/house")
EVERY = sorted({f"{entry.maker} {entry.model}" for entry in ENTRIES} | {profile.name for profile in PROFILES})


def advice(text: str, **more: str) -> Tailored:
    return tailor(text, now=NOW, catalogue=CATALOGUE, **more)  # type: ignore[arg-type]  # the tests name the options


def of(found: Tailored, practice: str) -> PracticeAdvice:
    return next(one for one in found.practices if one.id == practice)


def test_a_family_is_meant_in_one_protocol_and_its_other_protocols_are_named() -> None:
    found = advice("yale assure 2")
    assert found.model is not None
    assert found.model.name == "Yale Assure Lock 2 (YRD410/420/430/450)"
    assert (found.model.protocol, found.model.choices) == ("zwave", ("zwave", "zigbee"))
    assert "Yale Assure 2 Biometric ZW4 (Fortune Brands 0x0463)" in found.others


def test_a_version_that_is_named_is_told_apart_from_its_family() -> None:
    found = advice("yrd450")
    assert found.model is not None
    assert found.model.versions == ("Yale YRD450-ZW2", "Yale YRD450-ZW3")
    assert "It has no keyhole: keep another way in." in [said.text for said in of(found, "backup-key").says]
    family = advice("yale assure 2")
    assert [said.text for said in of(family, "backup-key").says] == [
        "Keyhole: YRD410: yes, YRD420: yes, YRD430: no, YRD450: no."
    ]


def test_a_protocol_chooses_the_version_and_what_is_said_of_another_one_is_left_out() -> None:
    zigbee, zwave = advice("yrd450", protocol="zigbee"), advice("yrd450", protocol="zwave")
    assert zigbee.model is not None and zigbee.model.versions == ("Yale YRD450-BLE",)
    told = "The master code can be read and changed over Z-Wave"
    assert any(said.text.startswith(told) for said in of(zwave, "default-credentials").says)
    assert not any(said.text.startswith(told) for said in of(zigbee, "default-credentials").says)
    assert "Zigbee" in of(zigbee, "encryption").do[0].summary


def test_a_protocol_that_the_model_is_not_known_in_is_said_and_not_made_up() -> None:
    found = advice("schlage be469", protocol="matter")
    assert found.model is not None and found.model.protocol == "zwave"
    assert "no Matter version" in found.notes[0]


def test_the_models_own_parameters_and_values_are_recommended_with_what_they_take() -> None:
    limit = next(one for one in advice("yale assure 2").settings if one.role == Role.WRONG_CODE_LIMIT)
    assert (limit.parameter, limit.label, limit.value, limit.takes) == ("4", "Wrong Code Limit", 5, "3 to 10")
    assert limit.source == "@zwave-js/config 15.29.0 (npm)"
    steps = [step for one in of(advice("yale assure 2"), "tamper-resistance").do for step in one.steps]
    assert any("parameter 4 (Wrong Code Limit) to 5" in step for step in steps)


def test_a_setting_that_differs_between_versions_is_told_of_each() -> None:
    found = [one for one in advice("yale assure 2").settings if one.role == Role.WRONG_CODE_LOCKOUT]
    assert [(one.takes, len(one.models)) for one in found] == [("0 to 180", 4), ("10 to 132", 4)]


def test_a_delay_that_is_its_own_switch_is_set_and_a_latch_is_left_alone() -> None:
    (relock,) = advice("danalock v3").settings
    assert (relock.shown, relock.takes) == ("30 seconds", "0 or more")
    steps = [step for one in of(advice("danalock v3"), "fail-safe").do for step in one.steps]
    assert any("parameter 6 (Auto Lock) to 30 seconds" in step for step in steps)
    assert not any(one.label == "Auto Latch Time" for one in advice("danalock btzw125").settings)


def test_flaws_are_judged_by_the_firmware_and_cannot_be_told_without_it() -> None:
    def status(firmware: str) -> dict[str, str]:
        return {flaw.id: flaw.applies for flaw in advice("nuki 3", firmware=firmware).flaws}

    assert status("")["CVE-2022-32504"] == "cannot_tell"
    assert status("3.3.4")["CVE-2022-32504"] == "yes"
    assert status("3.3.5")["CVE-2022-32504"] == "no"
    judged = of(advice("nuki 3", firmware="3.3.4"), "vendor").judged
    assert any(one.verdict is Verdict.FAIL and "CVE-2022-32504" in one.summary for one in judged)


def test_flaws_of_the_radio_protocol_are_told_apart_from_the_locks_own() -> None:
    assert {flaw.general for flaw in advice("yale assure 2").flaws} == {True}
    assert {flaw.general for flaw in advice("nuki 3").flaws} == {False}


def test_no_known_flaw_is_not_told_as_safe() -> None:
    found = advice("tedee go")
    assert found.flaws == ()
    assert "does not show that it has none" in found.flaws_note


def test_a_lock_that_only_its_makers_cloud_commands_is_said_to_be_so() -> None:
    found = advice("schlage encode be489wb")
    said = next(said for said in of(found, "local-control").says if "cloud" in said.text)
    assert (said.text, said.good) == ("Commands to it pass through the maker's cloud.", False)
    assert found.model is not None and found.model.hub == ""


def test_what_differs_from_any_lock_is_the_models_and_the_rest_is_not() -> None:
    found = advice("yale assure 2")
    scopes = {one.summary: one.scope for practice in found.practices for one in practice.do}
    assert scopes["Let the keypad lock out for 60 s or more after 5 wrong codes."] is Scope.MODEL
    assert scopes["Shelter the keypad of the Yale Assure Lock 2 from rain and from strangers' view."] is Scope.ANY
    assert scopes["Read Yale's privacy policy."] is Scope.ANY
    assert scopes["Let nobody command the hub without a password or token."] is Scope.HUB


def test_of_an_unknown_lock_nothing_is_claimed_and_everything_is_asked() -> None:
    found = advice("acme lock")
    assert (found.known, found.model, found.flaws, found.settings) == (False, None, (), ())
    assert not any(practice.says or practice.judged for practice in found.practices)
    assert {one.scope for practice in found.practices for one in practice.do} == {Scope.ANY}
    asked = {topic.ask for topic in topics.TOPICS if topic.ask and not topic.radios}
    assert asked <= set(found.questions)
    assert "Nobody has looked" in found.flaws_note


def test_a_makers_name_alone_is_not_taken_for_one_of_its_models() -> None:
    found = advice("yale")
    assert (found.known, found.maker) == (False, "Yale")
    assert found.others


def test_no_step_asks_to_tell_nightlatch_of_a_lock_that_is_not_there() -> None:
    steps = [
        step for text in ("nuki 3", "acme lock") for one in advice(text).practices for do in one.do for step in do.steps
    ]
    assert steps and not any("nightlatch answer" in step for step in steps)


def test_the_same_advice_is_given_once() -> None:
    given = [(one.summary, one.steps) for practice in advice("nuki 3").practices for one in practice.do]
    assert len(given) == len(set(given))


def test_a_routers_export_is_judged_with_its_own_commands() -> None:
    found = tailor("yrd450", now=NOW, network=read_network(HOUSE, NOW), catalogue=CATALOGUE)
    upnp = of(found, "upnp")
    assert upnp.network[0].verdict is Verdict.FAIL
    assert "etc/config/upnpd:4" in upnp.network[0].evidence[0].where
    commands = [step for one in upnp.do if one.scope is Scope.NETWORK for step in one.steps]
    assert "uci commit upnpd" in commands
    zones = of(found, "segregated-network").network
    assert zones[0].verdict is Verdict.FAIL and "iot" in zones[0].summary
    assert "uci set firewall.@forwarding[2].enabled='0'" in [
        step for one in of(found, "segregated-network").do for step in one.steps
    ]


@pytest.mark.parametrize(
    ("name", "software"),
    [
        ("mikrotik/house7.rsc", "routeros"),
        ("openwrt/house/etc/config", "openwrt"),
        ("opnsense/house.xml", "opnsense"),
        ("pfsense/house.xml", "pfsense"),
    ],
)
def test_the_kind_of_an_export_is_seen_from_what_it_holds(name: str, software: str) -> None:
    items = read_network(Path("tests/unit/sources/data") / name, NOW)
    assert software in [item.value for item in items if isinstance(item, Claim) and item.fact == "software"]


@pytest.mark.parametrize("content", [b"", b"hello\n", b"\xff\x00\xfe", b"<xml><opnsense", b"\x1f\x8bnot gzip"])
def test_what_is_no_export_gives_one_clear_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "router.txt"
    path.write_bytes(content)
    with pytest.raises((ReadError, SourceError)) as caught:
        read_network(path, NOW)
    assert str(caught.value)


def test_a_missing_export_is_named() -> None:
    with pytest.raises(ReadError, match="cannot be read"):
        read_network(Path("nowhere/router.rsc"), NOW)


def test_every_curated_fact_of_the_catalogue_has_words_or_is_told_elsewhere() -> None:
    names = {name for profile in PROFILES for name in profile.facts}
    assert names - set(topics.CURATED) - topics.ELSEWHERE == set()
    assert len(names) > 30


def test_default_codes_are_never_told_in_digits() -> None:
    for text in ("brinks 80", "kwikset 910", "philio psa03"):
        found = msgspec.json.encode(advice(text)).decode()
        for code in CATALOGUE.default_pins(CATALOGUE.identify(text)):
            assert f'"{code}"' not in found and f" {code} " not in found and f": {code}" not in found


RESETS = {
    (entry.key, one.number)
    for entry in ENTRIES
    if isinstance(entry, ZwaveModel)
    for one in entry.parameters
    if one.role is Role.RESET_DANGER
}


def check_sound(text: str, protocol: str = "") -> None:
    found = advice(text, protocol=protocol)
    for practice in found.practices:
        for said in practice.says:
            assert said.text.strip() and said.source.strip() and said.confidence in ("high", "medium", "low"), said
            assert "{" not in said.text and "None" not in said.text, said
        for judged in practice.judged:
            assert judged.evidence and all(fact.source for fact in judged.evidence)
        for one in practice.do:
            assert one.summary.strip() and "None" not in one.summary
    for flaw in found.flaws:
        assert flaw.sources and flaw.reason, flaw
    for setting in found.settings:
        assert setting.source and setting.why and setting.models
        if setting.role == Role.AUTO_RELOCK:
            assert not re.search(r"disable|off\b|manual", setting.shown, re.IGNORECASE), setting
        for model in meant(text, CATALOGUE, protocol).models:
            if model.entry is not None and model.name in setting.models:
                number = setting.parameter.partition("[")[0]
                assert not number.isdigit() or (model.entry.key, int(number)) not in RESETS
    steps = [step for practice in found.practices for one in practice.do for step in one.steps]
    assert not any(re.search(r"factory reset|reset to", step, re.IGNORECASE) for step in steps)
    assert [practice.number for practice in found.practices] == list(range(1, 26))
    msgspec.json.decode(msgspec.json.encode(found), type=Tailored)


def test_every_entry_of_the_catalogue_gets_sound_advice() -> None:
    assert len(ENTRIES) + len(PROFILES) >= 361 and RESETS
    for text in EVERY:
        check_sound(text)


@settings(max_examples=60, deadline=None)
@given(
    text=st.one_of(st.text(max_size=60), st.sampled_from(EVERY)),
    protocol=st.sampled_from(("", "zwave", "zigbee", "matter", "ble", "wifi", "proprietary")),
)
def test_any_text_in_any_protocol_gets_sound_advice(text: str, protocol: str) -> None:
    check_sound(text, protocol)
