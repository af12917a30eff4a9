"""What the catalogue claims of the locks of a home."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.catalogue import Catalogue
from nightlatch.catalogue.claims import candidates, catalogued, claims
from nightlatch.catalogue.imports import read, together
from nightlatch.catalogue.structs import FirmwareRelease
from nightlatch.model.evidence import Claim, Fact, Grade, Ref
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.model.values import KnownVulnerability
from tests.unit.catalogue.imports import samples

CATALOGUE = Catalogue()
NOW = datetime(2026, 11, 1, tzinfo=UTC)
REF = Ref("lock", "front")


def lock(grade: Grade = Grade.OBSERVED, **facts: Any) -> Lock:
    return Lock("front", {name: Fact(REF, name, value, grade, "test", NOW) for name, value in facts.items()})


def claimed(about: Lock, catalogue: Catalogue = CATALOGUE) -> dict[str, Claim]:
    found = list(claims(about, catalogue))
    assert len({one.fact for one in found}) == len(found), "a field is claimed once"
    return {one.fact: one for one in found}


def flaws(about: Lock, catalogue: Catalogue = CATALOGUE) -> dict[str, KnownVulnerability]:
    return {one.id: one for one in claimed(about, catalogue)["vulnerabilities"].value}


def test_a_z_wave_lock_by_its_ids_gets_what_its_model_can_do() -> None:
    told = claimed(lock(zwave_id="0x0129:0x8104:0x45d2"))
    assert {name: told[name].value for name in ("can_lockout", "can_auto_relock", "can_keypad", "can_cylinder")} == {
        "can_lockout": True,
        "can_auto_relock": True,
        "can_keypad": True,
        "can_cylinder": True,
    }
    assert told["battery_type"].value == "4×AA"
    assert told["code_slots"].value == 250
    assert told["model"].value == "YRD420-ZW3"


def test_every_claim_is_stamped_and_fits_a_field_of_the_model() -> None:
    home = Home(NOW, [lock(zwave_id="0x0129:0x8104:0x45d2")])
    found = list(catalogued(home))
    assert found
    for claim in found:
        assert claim.about == REF
        assert claim.fact in Lock.fields
        assert claim.grade is Grade.CATALOGUED
        assert claim.source.startswith("catalogue: ")
        assert len(claim.source) > len("catalogue: ")
        assert claim.confidence in ("high", "medium", "low")
        assert claim.at == datetime(2026, 8, 22, tzinfo=UTC)


def test_what_the_lock_itself_told_is_left_alone_and_what_the_owner_said_is_not() -> None:
    observed = claimed(lock(zwave_id="0x0129:0x8104:0x45d2", code_slots=20, maker="ASSA ABLOY"))
    assert "code_slots" not in observed
    assert "maker" not in observed
    declared = lock(Grade.DECLARED, model="Schlage BE469ZP", can_cylinder=False, battery_type="9V")
    told = claimed(declared)
    assert told["battery_type"].value == "4×AA"
    assert "model" not in told


def test_a_fact_that_differs_within_a_family_follows_the_models_name() -> None:
    assert claimed(lock(model="Yale YRD450"))["can_cylinder"].value is False
    assert claimed(lock(model="Yale YRD420"))["can_cylinder"].value is True
    assert "can_cylinder" not in claimed(lock(model="yale assure 2"))
    assert claimed(lock(model="Nuki Smart Lock 3.0"))["battery_type"].value == "4×AA"
    assert claimed(lock(model="Nuki Smart Lock 3.0 Pro"))["battery_type"].value == "pack"


def test_of_several_models_that_a_name_may_mean_only_what_they_agree_on_is_claimed() -> None:
    several = lock(model="Yale YRD450")
    assert len(candidates(several, CATALOGUE)) > 1
    told = claimed(several)
    assert "radio" not in told
    assert "model" not in told
    assert told["maker"].value == "Yale"
    assert told["can_cylinder"].confidence == "medium"
    assert all(
        one.entry is None or one.entry.protocol == "zigbee"
        for one in candidates(lock(model="Yale YRD450", radio="zigbee"), CATALOGUE)
    )


@pytest.mark.parametrize(
    "facts", [{}, {"model": "acme lock"}, {"model": ""}, {"zwave_id": "0xffff:0x0001:0x0001"}, {"zwave_id": "garbage"}]
)
def test_of_an_unknown_lock_nothing_is_claimed(facts: dict[str, Any]) -> None:
    assert claimed(lock(**facts)) == {}


def test_a_makers_name_alone_names_no_model_but_its_contact() -> None:
    told = claimed(lock(model="Yale"))
    assert set(told) == {"disclosure_contact"}
    assert told["disclosure_contact"].value.startswith("https://us.yalehome.com/")
    assert set(claimed(lock(maker="Wyze"))) == {"disclosure_contact"}


def test_a_policy_that_leaves_home_locks_out_is_no_contact() -> None:
    assert "disclosure_contact" not in claimed(lock(model="Schlage BE469ZP"))


def test_vulnerabilities_are_judged_with_the_locks_firmware() -> None:
    old = flaws(lock(model="nuki 3", firmware="3.3.4"))
    new = flaws(lock(model="nuki 3", firmware="3.3.5"))
    unknown = flaws(lock(model="nuki 3"))
    assert old["CVE-2022-32504"].applies == "yes"
    assert (old["CVE-2022-32504"].severity, old["CVE-2022-32504"].fixed_in) == ("critical", "3.3.5")
    assert new["CVE-2022-32504"].applies == "no"
    assert unknown["CVE-2022-32504"].applies == "cannot_tell"
    assert unknown["CVE-2022-32504"].reason


def test_vulnerabilities_of_z_wave_are_judged_with_the_security_of_the_link() -> None:
    yale = "0x0129:0x8104:0x45d2"
    assert flaws(lock(zwave_id=yale, security="s2_access_control"))["CVE-2013-20003"].applies == "no"
    assert flaws(lock(zwave_id=yale, security="s0"))["CVE-2013-20003"].applies == "yes"
    assert flaws(lock(zwave_id=yale))["CVE-2013-20003"].applies == "cannot_tell"


def test_a_flaw_of_one_of_several_models_is_not_said_to_apply(tmp_path: Path) -> None:
    (tmp_path / "csaf.json").write_text(json.dumps(samples.CSAF), encoding="utf-8")
    catalogue = together([read("csaf", tmp_path / "csaf.json")])
    certain = flaws(lock(model="Schlage BE469ZP", radio="zwave", firmware="10.1"), catalogue)
    one_of_several = flaws(lock(model="Schlage BE469", firmware="10.1"), catalogue)
    assert certain["CVE-2099-0005"].applies == "possible"
    assert one_of_several["CVE-2099-0005"].applies == "cannot_tell"
    assert "whether this lock is that model is not known" in one_of_several["CVE-2099-0005"].reason


def test_a_flaw_without_a_fix_says_so() -> None:
    keywe = flaws(lock(model="KeyWe Smart Lock"))["no-cve:keywe-key-exchange"]
    assert (keywe.applies, keywe.has_fix) == ("yes", False)


def test_no_record_found_is_claimed_with_low_confidence_and_only_where_somebody_looked() -> None:
    searched = claimed(lock(model="Schlage Encode"))["vulnerabilities"]
    assert (searched.value, searched.confidence) == ((), "low")
    assert "search of" in searched.source
    assert "vulnerabilities" not in claimed(lock(model="Lockin Smart Lock", radio="matter"))


def test_default_codes_are_told_in_words_and_never_in_digits() -> None:
    told = claimed(lock(model="kwikset 916"))["default_codes_known"]
    assert told.value == ("mastercode", "first user code")
    assert told.confidence == "low"


def test_a_lock_that_only_its_cloud_reaches_is_told_as_such() -> None:
    assert claimed(lock(model="Schlage Encode"))["path"].value == "cloud"
    assert "path" not in claimed(lock(model="yale assure 2"))


def test_a_last_used_pin_that_can_be_read_is_told() -> None:
    assert claimed(lock(zigbee_model="Nimly"))["pin_over_air"].value is True
    assert "pin_over_air" not in claimed(lock(zigbee_model="YRD652 TSDB"))


def test_a_matter_lock_gets_its_certificate_and_code_lengths() -> None:
    told = claimed(lock(matter_id="0x115f:0x2802"))
    assert told["certificate"].value.startswith("CSA")
    assert (told["code_length_min"].value, told["code_length_max"].value) == (4, 8)
    assert told["can_schedule"].value is False


def test_an_older_z_wave_firmware_has_an_update() -> None:
    bolt = "0x0452:0x0004:0x0001"
    told = claimed(lock(zwave_id=bolt, firmware="1.4"))
    assert (told["update_version"].value, told["update_available"].value) == ("1.5", True)
    assert "update_available" not in claimed(lock(zwave_id=bolt, firmware="1.5"))
    assert "update_available" not in claimed(lock(zwave_id=bolt))
    assert "update_available" not in claimed(lock(zwave_id=bolt, firmware="build seven"))


def test_an_imported_index_is_newer_than_the_catalogue() -> None:
    index = Catalogue(
        firmware=[FirmwareRelease("zwave", (0x0452, 4, 1), "1.10", released=date(2026, 9, 30))],
    )
    told = claimed(lock(zwave_id="0x0452:0x0004:0x0001", firmware="1.5"), index)
    assert (told["update_version"].value, told["update_available"].value) == ("1.10", True)
    assert told["last_release_on"].value == date(2026, 9, 30)
    assert told["update_version"].source == "catalogue: imported zwave firmware index"


def test_an_imported_record_is_only_possible(tmp_path: Path) -> None:
    (tmp_path / "cve.json").write_text(json.dumps(samples.CVE), encoding="utf-8")
    catalogue = together([read("cve", tmp_path / "cve.json")])
    assert flaws(lock(model="nuki 3", firmware="3.3.5"), catalogue)["CVE-2099-0001"].applies == "possible"


def test_every_model_of_the_catalogue_can_be_claimed_by_its_ids() -> None:
    for entry in CATALOGUE.entries():
        match entry.protocol:
            case "zwave":
                about = lock(zwave_id=":".join(f"0x{n:04x}" for n in (entry.manufacturer_id, *entry.ids[0])))  # type: ignore[union-attr]
            case "zigbee":
                about = lock(zigbee_model=entry.model)
            case _:
                about = lock(matter_id=f"0x{entry.vendor_id:04x}:0x{entry.product_id:04x}")  # type: ignore[union-attr]
        told = claimed(about)
        assert told["radio"].value == entry.protocol
        assert told["maker"].value


@given(model=st.text(max_size=40), firmware=st.text(max_size=20), zwave_id=st.text("0x123:abcdef", max_size=20))
def test_any_text_gives_claims_or_none(model: str, firmware: str, zwave_id: str) -> None:
    for claim in claims(lock(model=model, firmware=firmware, zwave_id=zwave_id), CATALOGUE):
        assert claim.fact in Lock.fields
