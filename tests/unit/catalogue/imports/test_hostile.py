"""Every importer on hostile input: it reads it, or refuses it with one clear error that names the file."""

from __future__ import annotations

import copy
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightlatch.catalogue import Catalogue
from nightlatch.catalogue.imports import KINDS, Imported, read
from nightlatch.errors import ReadError
from tests.unit.catalogue.imports import samples

VALID: dict[str, Any] = {
    "cve": samples.CVE,
    "nvd": samples.NVD,
    "csaf": samples.CSAF,
    "osv": samples.OSV,
    "zigbee-ota": samples.ZIGBEE_OTA,
    "zwave-firmware": {
        "devices": [{"manufacturerId": "0x0001", "productType": "0x0001", "productId": "0x0001"}],
        "upgrades": [{"version": "1.0"}],
    },
    "zwave-config": {
        "manufacturer": "X",
        "manufacturerId": "0x0129",
        "label": "Lock",
        "devices": [{"productType": "0x0001", "productId": "0x0001"}],
        "paramInformation": [{"#": "1", "label": "Auto Relock", "options": [{"label": "On", "value": 1}]}],
    },
}
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def place(kind: str, folder: Path) -> Path:
    return folder / ("0x0129/lock.json" if kind == "zwave-config" else "in.json")


def attempt(kind: str, data: bytes, folder: Path) -> None:
    path = place(kind, folder)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    try:
        imported = read(kind, folder if kind == "zwave-config" else path)
    except ReadError as error:
        assert str(folder) in error.where
        assert error.what
    else:
        assert isinstance(imported, Imported)
        Catalogue(models=imported.models, vulnerabilities=imported.vulnerabilities).search("nuki 3")


def mutate(document: Any, draw: Any) -> Any:
    """The document with one place, drawn at random, replaced by anything or taken out."""
    document = copy.deepcopy(document)
    node = document
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return document
        key = draw(st.sampled_from(keys))
        child = node[key]
        if isinstance(child, (dict, list)) and child and draw(st.booleans()):
            node = child
            continue
        if draw(st.booleans()):
            node[key] = draw(ANY)
        else:
            del node[key]
        return document


@pytest.mark.parametrize("kind", KINDS)
@QUICK
@given(data=st.data())
def test_a_damaged_document_is_read_or_refused(kind: str, data: st.DataObject, tmp_path: Path) -> None:
    attempt(kind, json.dumps(mutate(VALID[kind], data.draw)).encode(), tmp_path)


@pytest.mark.parametrize("kind", KINDS)
@QUICK
@given(data=st.binary(max_size=200) | ANY.map(lambda value: json.dumps(value).encode()))
def test_anything_else_is_read_or_refused(kind: str, data: bytes, tmp_path: Path) -> None:
    attempt(kind, data + b" lock", tmp_path)
    attempt(kind, data, tmp_path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"[" * 100_000 + b" lock",
        b'{"a":' * 100_000 + b" lock",
        b'"' + b'\\"' * 100_000 + b" lock",
        b"\x00" * 1000 + b"lock",
        b'{"vulnerabilities": [' + b"{}," * 10_000 + b"lock",
    ],
)
def test_hostile_bytes_give_one_error_that_names_the_file(kind: str, data: bytes, tmp_path: Path) -> None:
    path = place(kind, tmp_path)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    if kind == "zwave-config" and b"lock" not in data:
        assert read(kind, tmp_path).skipped == 1
        return
    with pytest.raises(ReadError) as error:
        read(kind, tmp_path if kind == "zwave-config" else path)
    assert path.name in error.value.where


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_path_is_told(kind: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="does not exist"):
        read(kind, tmp_path / "nothing.json")


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_folder_or_archive_is_told(kind: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "empty.zip", tmp_path / "folder"):
        with pytest.raises(ReadError, match="no file of this kind"):
            read(kind, path)


@pytest.mark.parametrize("name", ["cut.zip", "cut.tgz"])
def test_a_truncated_archive_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04" if name.endswith("zip") else b"\x1f\x8b\x08\x00\x00")
    with pytest.raises(ReadError, match="archive") as error:
        read("cve", tmp_path / name)
    assert name in error.value.where
