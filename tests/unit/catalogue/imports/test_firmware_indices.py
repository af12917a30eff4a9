"""The firmware indices of zigbee-OTA and Z-Wave JS."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from nightlatch.catalogue import Catalogue
from nightlatch.catalogue.imports import read
from nightlatch.errors import ReadError
from tests.unit.catalogue.imports import samples


def test_the_newest_zigbee_firmware_of_a_model_is_found(tmp_path: Path) -> None:
    path = tmp_path / "index.json"
    path.write_text(json.dumps(samples.ZIGBEE_OTA), encoding="utf-8")
    catalogue = Catalogue(firmware=read("zigbee-ota", path).firmware)
    lock = catalogue.zigbee("V3-BTZBE")
    assert lock is not None
    newest = catalogue.newest_firmware(lock)
    assert newest is not None
    assert (newest.version, newest.released, newest.number) == ("17.7.0", date(2024, 2, 1), 285671424)


def test_the_newest_z_wave_firmware_is_the_highest_number_and_no_beta(tmp_path: Path) -> None:
    path = tmp_path / "bolt.json"
    path.write_text(samples.ZWAVE_FIRMWARE, encoding="utf-8")
    imported = read("zwave-firmware", path)
    assert imported.skipped == 1
    catalogue = Catalogue(firmware=imported.firmware)
    lock = catalogue.zwave(0x0452, 0x0004, 0x0001)
    assert lock is not None
    newest = catalogue.newest_firmware(lock)
    assert newest is not None
    assert (newest.version, newest.when) == ("1.10", "firmwareVersion >= 1.4")


def test_without_an_index_or_for_another_lock_no_firmware_is_known(tmp_path: Path) -> None:
    path = tmp_path / "index.json"
    path.write_text(json.dumps(samples.ZIGBEE_OTA), encoding="utf-8")
    yale = Catalogue().zwave(0x0129, 0x8104, 0x45D2)
    assert yale is not None
    assert Catalogue().newest_firmware(yale) is None
    assert Catalogue(firmware=read("zigbee-ota", path).firmware).newest_firmware(yale) is None


def test_the_repositorys_own_settings_are_not_read(tmp_path: Path) -> None:
    for name in (".vscode/settings.json", "firmwares/_example.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("not json", encoding="utf-8")
    (tmp_path / "firmwares/bolt.json").write_text(samples.ZWAVE_FIRMWARE, encoding="utf-8")
    assert len(read("zwave-firmware", tmp_path).firmware) == 2


def test_a_wrong_id_is_told_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "bolt.json"
    path.write_text(samples.ZWAVE_FIRMWARE.replace("0x0452", "452"), encoding="utf-8")
    with pytest.raises(ReadError, match="where an id like 0x0129 belongs") as error:
        read("zwave-firmware", path)
    assert "bolt.json" in error.value.where
