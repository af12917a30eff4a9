"""Known vulnerabilities judged for a model and its firmware."""

from __future__ import annotations

from nightlatch.catalogue import Catalogue, Judged, Knowledge, Status

CATALOGUE = Catalogue()


def lock(text: str) -> Knowledge:
    found = CATALOGUE.identify(text)
    assert found is not None
    return found


def judged(model: Knowledge, firmware: str | None = None, **more: object) -> dict[str, Judged]:
    return {one.vulnerability.id: one for one in CATALOGUE.vulnerabilities(model, firmware, **more)}  # type: ignore[arg-type]


def test_an_old_nuki_is_affected_and_a_new_one_is_fixed() -> None:
    nuki = lock("nuki 3")
    assert judged(nuki, "3.3.4")["CVE-2022-32507"].status is Status.APPLIES
    assert judged(nuki, "3.3.5")["CVE-2022-32507"].status is Status.FIXED
    assert judged(nuki, "3.10.1")["CVE-2022-32507"].status is Status.FIXED


def test_without_a_firmware_nothing_is_claimed() -> None:
    found = judged(lock("nuki 3"))
    assert found["CVE-2022-32507"].status is Status.CANNOT_TELL
    assert "not known" in found["CVE-2022-32507"].reason
    assert Status.APPLIES not in {one.status for one in found.values()}
    assert judged(lock("nuki 3"), "no number")["CVE-2022-32507"].status is Status.CANNOT_TELL


def test_a_companion_of_unknown_version_does_not_hide_a_fixed_lock() -> None:
    nuki = lock("nuki 3")
    assert judged(nuki, "3.3.5")["CVE-2022-32504"].status is Status.FIXED
    with_bridge = judged(nuki, "3.3.5", parts={"Nuki Bridge v2": "2.13.1"})["CVE-2022-32504"]
    assert with_bridge.status is Status.APPLIES
    assert with_bridge.part.name == "Nuki Bridge v2"
    assert judged(nuki, "3.3.5", parts={"Nuki Bridge v2": "2.13.2"})["CVE-2022-32504"].status is Status.FIXED


def test_a_record_that_names_one_version_says_nothing_of_others() -> None:
    conexis = lock("yale conexis")
    assert judged(conexis, "1.1.0")["CVE-2023-26941"].status is Status.APPLIES
    other = judged(conexis, "1.2.0")["CVE-2023-26941"]
    assert other.status is Status.CANNOT_TELL
    assert "1.1.0" in other.reason


def test_a_model_without_a_fix_stays_open_whatever_its_firmware() -> None:
    found = judged(lock("TTLock Sciener-based locks"), "6.5.08")
    assert found["CVE-2023-7017"].status is Status.CANNOT_TELL
    assert "no fix is known" in found["CVE-2023-7017"].reason
    assert judged(lock("TTLock Sciener-based locks"), "6.5.3")["CVE-2023-7017"].status is Status.APPLIES


def test_a_flaw_of_z_wave_depends_on_how_the_lock_was_joined() -> None:
    yale = CATALOGUE.zwave(0x0129, 0x8104, 0x45D2)
    assert yale is not None
    assert judged(yale)["CVE-2013-20003"].status is Status.CANNOT_TELL
    assert judged(yale, link="s0")["CVE-2013-20003"].status is Status.APPLIES
    assert judged(yale, link="s2")["CVE-2013-20003"].status is Status.NOT_AFFECTED
    chip = judged(yale, link="none")["CVE-2020-9057"]
    assert chip.status is Status.CANNOT_TELL
    assert "series radio" in chip.reason


def test_a_flaw_of_the_cloud_is_told_as_such() -> None:
    aqara = CATALOGUE.matter(0x115F, 0x2802)
    assert aqara is not None
    found = judged(aqara, "1.0")
    assert found["CVE-2026-50082"].status is Status.CANNOT_TELL
    assert "cloud" in found["CVE-2026-50082"].reason


def test_a_flaw_without_a_cve_number_is_kept() -> None:
    keywe = lock("keywe smart lock")
    assert judged(keywe)["no-cve:keywe-key-exchange"].status is Status.APPLIES
    guardtec = CATALOGUE.identify("Guardtec GKW-2000")
    assert guardtec is not None
    assert judged(guardtec)["no-cve:keywe-key-exchange"].status is Status.CANNOT_TELL


def test_what_applies_comes_first() -> None:
    order = [one.status for one in CATALOGUE.vulnerabilities(lock("nuki 3"), "3.3.4")]
    assert order[0] is Status.APPLIES
    assert order == sorted(
        order, key=[*map(str, ("applies", "possible", "cannot_tell", "fixed", "not_affected"))].index
    )


def test_every_judgement_of_every_model_gives_its_reason() -> None:
    for match in ("yale", "schlage", "aqara", "nuki", "august", "danalock", "tapplock", "saflok"):
        for found in CATALOGUE.search(match, 50):
            for firmware in (None, "1.0", "weird build"):
                assert all(one.reason for one in CATALOGUE.vulnerabilities(found.model, firmware))
