"""The @zwave-js/config package: lock definitions with their templates."""

from __future__ import annotations

import tarfile
import time
from io import BytesIO
from pathlib import Path

import pytest

from nightlatch.catalogue import Catalogue, Role, settable_parameters
from nightlatch.catalogue.imports import read
from nightlatch.catalogue.structs import ZwaveModel
from nightlatch.errors import ReadError
from tests.unit.catalogue.imports import samples


def package(root: Path, **changes: str) -> Path:
    for name, text in {**samples.ZWAVE_CONFIG, **changes}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def the_lock(path: Path) -> ZwaveModel:
    (model,) = read("zwave-config", path).models
    assert isinstance(model, ZwaveModel)
    return model


def test_a_lock_is_read_with_what_its_templates_say(tmp_path: Path) -> None:
    lock = the_lock(package(tmp_path))
    assert (lock.key, lock.model, lock.ids) == ("zwave:0x0129/yrd999-zw9", "YRD999-ZW9", ((0x9999, 1),))
    relock = next(one for one in lock.parameters if one.role is Role.AUTO_RELOCK)
    assert (relock.label, relock.default, relock.options) == ("Auto Relock", 255, {"0": "Disable", "255": "Enable"})
    assert [one.name for one in lock.parameters] == ["2", "4", "15", "31[0x02]"]


def test_a_reset_parameter_is_known_as_one_and_never_offered(tmp_path: Path) -> None:
    lock = the_lock(package(tmp_path))
    assert [one.number for one in lock.parameters if one.role is Role.RESET_DANGER] == [15]
    assert [one.number for one in settable_parameters(lock)] == [2, 4]


def test_devices_that_are_no_locks_are_skipped(tmp_path: Path) -> None:
    assert read("zwave-config", package(tmp_path)).skipped == 1


def test_the_package_is_read_from_its_tgz_as_from_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "config-1.0.0.tgz"
    with tarfile.open(path, "w:gz") as tar:
        for name, text in samples.ZWAVE_CONFIG.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(text.encode())
            tar.addfile(info, BytesIO(text.encode()))
    assert the_lock(path) == the_lock(package(tmp_path / "folder"))


def test_an_imported_definition_is_found_and_replaces_the_catalogues_own(tmp_path: Path) -> None:
    changed = (
        samples.ZWAVE_CONFIG["config/devices/0x0129/yrd999-zw9.json"]
        .replace("0x9999", "0x8104")
        .replace("0x0001", "0x45d2")
    )
    path = package(tmp_path, **{"config/devices/0x0129/yrd420-zw3.json": changed})
    catalogue = Catalogue(models=read("zwave-config", path).models)
    new, replaced = catalogue.zwave(0x0129, 0x9999, 0x0001), catalogue.zwave(0x0129, 0x8104, 0x45D2)
    assert new is not None
    assert new.name == "Yale YRD999-ZW9"
    assert replaced is not None
    assert replaced.profile is not None
    assert replaced.name == "Yale YRD999-ZW9"
    assert catalogue.search("YRD999")
    keys = [entry.key for entry in catalogue.entries()]
    assert len(keys) == len(set(keys)) == 151 + 55 + 120 + 1


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ('{"auto_relock": {"$import": "#auto_relock"}}', "templates deep"),
        ('{"auto_relock": {"$import": "~/templates/master_template.json#missing"}}', "is not there"),
        ('{"auto_relock": {"$import": "../../../../etc/passwd#x"}}', "is not there"),
        ('{"auto_relock": "text"}', "is not there"),
        ('{"auto_relock": ', "not valid JSON"),
        ("[]", "not what was expected"),
    ],
)
def test_a_template_that_cannot_be_followed_is_told(template: str, says: str, tmp_path: Path) -> None:
    path = package(tmp_path, **{"config/devices/0x0129/templates/yale_template.json": template})
    with pytest.raises(ReadError, match=says) as error:
        read("zwave-config", path)
    assert "0x0129" in error.value.where


def test_a_folder_without_definitions_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no file of this kind"):
        read("zwave-config", tmp_path)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text("not json", encoding="utf-8")
    root = package(tmp_path / "root")
    (root / "config/devices/0x0129/zlink.json").symlink_to(outside)
    assert the_lock(root).model == "YRD999-ZW9"


def test_hostile_comments_cost_linear_time(tmp_path: Path) -> None:
    for hostile in ("/*" * 200_000, '"' + '\\"' * 200_000, "// \n" * 200_000, "," + " " * 400_000, "/" * 400_000):
        path = package(tmp_path, **{"config/devices/0x0129/yrd999-zw9.json": f"lock {hostile}"})
        start = time.perf_counter()
        with pytest.raises(ReadError):
            read("zwave-config", path)
        assert time.perf_counter() - start < 2
