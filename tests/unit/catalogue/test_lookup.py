"""Lookup by ids, by model and by free text."""

from __future__ import annotations

import time

import pytest

from nightlatch.catalogue import Catalogue
from nightlatch.catalogue.structs import ZigbeeModel, ZwaveModel


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue()


def test_zwave_ids_find_the_definition_with_its_profile_and_battery(catalogue: Catalogue) -> None:
    lock = catalogue.zwave(0x0129, 0x8104, 0x45D2)
    assert lock is not None
    assert lock.name == "Yale YRD420-ZW3"
    assert lock.profile is not None
    assert lock.profile.name.startswith("Yale Assure Lock 2")
    assert str(lock.battery) == "4×AA"
    assert lock.vendor is not None
    assert lock.vendor.disclosure is not None


def test_unknown_ids_find_nothing(catalogue: Catalogue) -> None:
    assert catalogue.zwave(0xFFFF, 1, 1) is None
    assert catalogue.zigbee("TS0601") is None
    assert catalogue.matter(0xFFF1, 0x8000) is None


def test_a_zigbee_lock_is_found_by_what_it_reports_and_by_its_converter(catalogue: Catalogue) -> None:
    by_report, by_converter = catalogue.zigbee("yrd652 tsdb"), catalogue.zigbee("YRD652HA20BP")
    assert by_report is not None
    assert by_report == by_converter
    danalock = catalogue.zigbee("V3-BTZBE")
    assert danalock is not None
    assert danalock.entry is not None
    assert danalock.entry.key == "zigbee:V3-BTZB/V3-BTZBE"


def test_a_matter_lock_carries_its_certificate(catalogue: Catalogue) -> None:
    lock = catalogue.matter(0x115F, 0x2802)
    assert lock is not None
    assert lock.entry is not None
    assert lock.entry.protocol == "matter"
    assert getattr(lock.entry, "certificate", "").startswith("CSA")
    assert lock.fact("code_length") is not None


def test_every_entry_is_found_by_its_own_ids(catalogue: Catalogue) -> None:
    for entry in catalogue.entries():
        if isinstance(entry, ZwaveModel):
            found = [catalogue.zwave(entry.manufacturer_id, *ids) for ids in entry.ids]
        elif isinstance(entry, ZigbeeModel):
            found = [catalogue.zigbee(name) for name in entry.zigbee_models or (entry.model,)]
        else:
            found = [catalogue.matter(entry.vendor_id, entry.product_id)]
        assert all(one is not None and one.entry == entry for one in found), entry.key


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("yale assure 2", "Yale Assure Lock 2 (YRD410/420/430/450)"),
        ("Yale Assure Lock 2", "Yale Assure Lock 2 (YRD410/420/430/450)"),
        ("yael asure 2", "Yale Assure Lock 2 (YRD410/420/430/450)"),
        ("nuki 3", "Nuki Smart Lock 3.0 / 3.0 Pro"),
        ("Nuki Smart Lock 3.0 Pro", "Nuki Smart Lock 3.0 / 3.0 Pro"),
        ("nuki ultra", "Nuki Smart Lock 4 / Pro (4th gen), Ultra, Go"),
        ("schlage conect", "Schlage BE469 / BE469ZP (Connect)"),
        ("Schlage BE469ZP", "Schlage BE469ZP"),
        ("kwikset 916", "Kwikset 916"),
        ("danalok v3", "Danalock V3 (Z-Wave BTZE / Zigbee BTZB)"),
        ("tapplock", "Tapplock"),
        ("yale conexis", "Yale Conexis L1 (SD-L1000-CH)"),
        ("BE489WB", "Schlage Encode BE489WB / Encode Plus BE499WB"),
        ("TTLock", "TTLock / Sciener-based locks (many brands)"),
        ("august md-01", "August MD-01"),
    ],
)
def test_free_text_names_the_model(catalogue: Catalogue, asked: str, answer: str) -> None:
    best = catalogue.search(asked)[0]
    assert best.model.name == answer
    assert best.score >= 0.8


@pytest.mark.parametrize("asked", ["YRD450", "Yale YRD450", "YDR450"])
def test_a_model_number_finds_only_models_of_that_number(catalogue: Catalogue, asked: str) -> None:
    found = catalogue.search(asked)
    assert found
    assert all("450" in match.model.name for match in found)


@pytest.mark.parametrize(
    "asked", ["acme lock", "acme", "lock", "smart lock", "", "   ", "!?", "x" * 10_000, "lock " * 999]
)
def test_an_unknown_lock_gets_an_honest_empty_answer(catalogue: Catalogue, asked: str) -> None:
    assert catalogue.search(asked) == ()
    assert catalogue.identify(asked) is None


def test_another_digit_is_another_model_and_no_typo(catalogue: Catalogue) -> None:
    assert all("YRD450" not in match.model.name for match in catalogue.search("YRD459"))


def test_scores_fall_and_lie_between_zero_and_one(catalogue: Catalogue) -> None:
    scores = [match.score for match in catalogue.search("yale touchscreen deadbolt yrd226", 50)]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


def test_a_host_belongs_to_the_longest_suffix_of_whole_labels(catalogue: Catalogue) -> None:
    cloud, push = catalogue.host("a1.tuyaeu.com"), catalogue.host("eu.M2.TuyaEU.com.")
    assert cloud is not None
    assert cloud.suffix == "tuyaeu.com"
    assert push is not None
    assert (push.suffix, push.purpose) == ("m2.tuyaeu.com", "push")
    assert catalogue.host("nottuyaeu.com") is None
    assert catalogue.host("") is None
    assert catalogue.host("a." * 5000 + "nuki.io") is None


def test_makers_are_known_by_their_other_names(catalogue: Catalogue) -> None:
    lock = catalogue.zwave(0x033F, 1, 1)
    assert lock is not None
    assert lock.maker == "August"
    assert catalogue.vendor("allegion") == catalogue.vendor("Schlage")
    assert catalogue.vendor("Acme") is None


def test_an_integration_says_whether_it_is_local(catalogue: Catalogue) -> None:
    local, cloud = catalogue.integration("zwave_js"), catalogue.integration("schlage")
    assert local is not None
    assert local.local
    assert cloud is not None
    assert not cloud.local
    assert catalogue.integration("unheard_of") is None


def test_a_fact_that_was_looked_for_and_not_found_is_not_known(catalogue: Catalogue) -> None:
    lock = catalogue.identify("yale assure 2")
    assert lock is not None
    assert lock.profile is not None
    assert "emergency_power" in lock.profile.facts
    assert lock.fact("emergency_power") is None


def test_a_maker_without_a_record_is_told_as_absence_of_evidence(catalogue: Catalogue) -> None:
    lock = catalogue.identify("kwikset 916")
    assert lock is not None
    assert lock.none_found is not None
    assert "no CVE record found" in lock.none_found.says
    assert lock.none_found.confidence == "low"


def test_a_search_takes_less_than_ten_milliseconds(catalogue: Catalogue) -> None:
    catalogue.search("warm up the index of nuki")
    for text in ("yale assure 2", "yael asure too", "completely unknown words here", "YRD450"):
        times = []
        for _ in range(5):
            start = time.perf_counter()
            catalogue.search(text)
            times.append(time.perf_counter() - start)
        assert min(times) < 0.010
