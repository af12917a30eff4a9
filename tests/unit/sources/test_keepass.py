from __future__ import annotations

import builtins
import io
import struct
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from Cryptodome.Cipher import AES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pykeepass import PyKeePass, create_database

from nightlatch.errors import NightlatchError, ReadError, SourceError
from nightlatch.model.people import Account
from nightlatch.sources._kdbx import header
from nightlatch.sources._kdf import aes_kdf
from nightlatch.sources.keepass import KeePass
from tests.unit.sources.vaults import (
    HASS,
    MARK,
    MASTER,
    NUKI,
    SHARED,
    SHOP,
    STRONG,
    YALE,
    assert_silent,
    facts,
    gaps,
    vault,
)

ARGON2D = bytes.fromhex("ef636ddf8c29444b91f7a9a403e30a0c")
ARGON2ID = bytes.fromhex("9e298b1956db4773b23dfc3ec6f0a1e6")
CHACHA20 = bytes.fromhex("d6038a2b8b6f4cb5a524339a31dbb59a")
AES_KDF = bytes.fromhex("c9d9f39a628a4460bf740d08c18a4fea")


def filled(database: PyKeePass) -> None:
    root = database.root_group
    user = f"{MARK}-ana"
    yale = database.add_entry(root, f"{MARK} Yale", user, f"{MARK}-old", url=YALE, notes=f"{MARK} note")
    yale.mtime = datetime(2023, 1, 1, tzinfo=UTC)
    yale.save_history()
    yale.password = SHARED
    yale.mtime = datetime(2024, 6, 7, tzinfo=UTC)
    yale.save_history()
    yale.set_custom_property(f"{MARK} field", f"{MARK} value", protect=True)
    yale.mtime = datetime(2026, 1, 1, tzinfo=UTC)
    group = database.add_group(root, f"{MARK} group")
    shop = database.add_entry(group, f"{MARK} shop", user, "", url=SHOP)
    shop.password = f"{{REF:P@I:{yale.uuid.hex.upper()}}}"
    hass = database.add_entry(group, f"{MARK} hass", user, STRONG, url="")
    hass.set_custom_property("KP2A_URL_1", HASS)
    hass.otp = f"otpauth://totp/{MARK}?secret={MARK}"
    tedee = database.add_entry(group, f"{MARK} tedee", user, f"{MARK}-t", url="https://app.tedee.com")
    tedee.set_custom_property("KPEX_PASSKEY_CREDENTIAL_ID", f"{MARK}", protect=True)
    database.trash_entry(database.add_entry(group, f"{MARK} gone", user, SHARED, url=NUKI))


def saved(database: PyKeePass) -> bytes:
    """The file under MASTER with cheap key derivation."""
    settings_ = database.kdbx.header.value.dynamic_header.kdf_parameters.data.dict
    settings_["M"].value = 64 * 1024
    settings_["I"].value = 2
    out = io.BytesIO()
    database.password = MASTER
    database.save(out)
    return out.getvalue()


@cache
def kdbx4() -> bytes:
    database = create_database(io.BytesIO(), password=MASTER)
    filled(database)
    return saved(database)


@cache
def content() -> bytes:
    """The XML that the KDBX 4 file holds, its passwords in the clear."""
    from lxml import etree

    tree = PyKeePass(io.BytesIO(kdbx4()), password=MASTER).tree
    plain: bytes = etree.tostring(tree)
    return plain.replace(b' Protected="True"', b"")


def kdbx3(xml: bytes, *, rounds: int = 6000, cipher_id: str = "31c1f2e6bf714350be5805216afc5aff") -> bytes:
    """A KDBX 3.1 file under MASTER, put together by hand."""
    seed, transform, vector, start = b"m" * 32, b"t" * 32, b"v" * 16, b"s" * 32
    fields = [
        (2, bytes.fromhex(cipher_id)),
        (3, bytes(4)),
        (4, seed),
        (5, transform),
        (6, struct.pack("<Q", rounds)),
        (7, vector),
        (8, b"k" * 32),
        (9, start),
        (10, struct.pack("<I", 2)),
        (0, b"\r\n\r\n"),
    ]
    head = bytes.fromhex("03d9a29a67fb4bb5") + struct.pack("<HH", 1, 3)
    head += b"".join(struct.pack("<BH", number, len(value)) + value for number, value in fields)
    key = sha256(sha256(MASTER.encode()).digest()).digest()
    cipher = AES.new(transform, AES.MODE_ECB)
    for _ in range(min(rounds, 6000)):
        key = cipher.encrypt(key)
    master = sha256(seed + sha256(key).digest()).digest()
    body = start + struct.pack("<I", 0) + sha256(xml).digest() + struct.pack("<I", len(xml)) + xml
    body += struct.pack("<I", 1) + bytes(32) + bytes(4)
    padding = 16 - len(body) % 16
    return head + AES.new(master, AES.MODE_CBC, vector).encrypt(body + bytes([padding]) * padding)


def variants(**values: tuple[int, bytes]) -> bytes:
    items = b""
    for name, (kind, value) in values.items():
        key = {"UUID": "$UUID"}.get(name, name).encode()
        items += struct.pack("<Bi", kind, len(key)) + key + struct.pack("<i", len(value)) + value
    return b"\0\1" + items + b"\0"


def kdbx4_head(kdf: bytes) -> bytes:
    head = bytes.fromhex("03d9a29a67fb4bb5") + struct.pack("<HHBI", 0, 4, 2, 16) + CHACHA20
    return head + struct.pack("<BI", 11, len(kdf)) + kdf + struct.pack("<BI", 0, 4) + b"\r\n\r\n"


def argon_settings(uuid: bytes = ARGON2D, memory: int = 65536, passes: int = 2, lanes: int = 2) -> bytes:
    return variants(
        UUID=(0x42, uuid),
        S=(0x42, b"s" * 32),
        M=(0x05, struct.pack("<Q", memory)),
        I=(0x05, struct.pack("<Q", passes)),
        P=(0x04, struct.pack("<I", lanes)),
        V=(0x04, struct.pack("<I", 0x13)),
    )


def written(path: Path, data: bytes) -> Path:
    file = path / "vault.kdbx"
    file.write_bytes(data)
    return file


def refused(path: Path, password: str | None = MASTER) -> NightlatchError:
    with pytest.raises(NightlatchError) as caught:
        list(vault(KeePass, path, password).collect())
    assert caught.value.where.startswith(str(path))
    assert_silent(caught.value)
    return caught.value


def both() -> list[Any]:
    return [pytest.param(kdbx4, id="kdbx4"), pytest.param(lambda: kdbx3(content()), id="kdbx3")]


@pytest.mark.parametrize("made", both())
def test_entries_of_both_formats_are_told_with_reuse_through_references(tmp_path: Path, made: Any) -> None:
    items = list(vault(KeePass, written(tmp_path, made())).collect())
    assert facts(items, Account.service) == {"yale": "Yale", "homeassistant": "homeassistant", "tedee": "Tedee"}
    assert facts(items, Account.password_reused) == {"yale": 1, "homeassistant": 0, "tedee": 0}
    assert facts(items, Account.two_factor) == {"homeassistant": "app", "tedee": "passkey"}
    assert len(gaps(items, Account.two_factor)) == 1
    assert_silent(*items)


def test_age_is_that_of_the_oldest_version_with_todays_password(tmp_path: Path) -> None:
    items = list(vault(KeePass, written(tmp_path, kdbx4())).collect())
    assert facts(items, Account.password_changed_on)["yale"] == date(2024, 6, 7)


def test_no_planted_text_leaves_the_source(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = vault(KeePass, written(tmp_path, kdbx4()))
    assert_silent(source, source.settings, *source.collect(), *source.logins(), caplog.text)


def test_a_kdbx_4_file_with_argon2id_opens(tmp_path: Path) -> None:
    database = create_database(io.BytesIO(), password=MASTER)
    filled(database)
    kdf = database.kdbx.header.value.dynamic_header.kdf_parameters.data.dict
    kdf["$UUID"].value = ARGON2ID
    items = list(vault(KeePass, written(tmp_path, saved(database))).collect())
    assert "yale" in facts(items, Account.name)


def test_our_aes_derivation_equals_the_plain_loop() -> None:
    key, seed = b"0123456789abcdef" * 2, b"s" * 32
    expected, cipher = key, AES.new(seed, AES.MODE_ECB)
    for _ in range(70_001):
        expected = cipher.encrypt(expected)
    assert aes_kdf(key, seed, 70_001, where="") == sha256(expected).digest()


@pytest.mark.parametrize("made", both())
def test_a_wrong_password_and_a_missing_one_are_told_apart(tmp_path: Path, made: Any) -> None:
    file = written(tmp_path, made())
    assert "password is wrong" in refused(file, "not it").what
    assert "needs its password" in refused(file, None).what


def test_without_the_extra_the_error_gives_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("pykeepass"):
            raise ModuleNotFoundError(name)
        return imported(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    error = refused(written(tmp_path, kdbx4()))
    assert isinstance(error, SourceError)
    assert "pip install 'nightlatch[keepass]'" in error.todo


@pytest.mark.parametrize(
    "kdf",
    [
        argon_settings(memory=10 * 1024**3),
        argon_settings(ARGON2ID, memory=10 * 1024**3),
        argon_settings(passes=2**31),
        argon_settings(lanes=2**24),
        argon_settings(memory=0),
        argon_settings(passes=0),
        variants(UUID=(0x42, AES_KDF), S=(0x42, b"s" * 32), R=(0x05, struct.pack("<Q", 2**31))),
        variants(UUID=(0x42, AES_KDF), S=(0x42, b"s" * 32), R=(0x05, struct.pack("<Q", 2**64 - 1))),
        variants(UUID=(0x42, AES_KDF), S=(0x42, b"short"), R=(0x05, struct.pack("<Q", 1))),
        variants(UUID=(0x42, b"unknown"), S=(0x42, b"s" * 32)),
        variants(UUID=(0x42, ARGON2D), S=(0x42, b"s" * 32)),
        variants(UUID=(0x42, AES_KDF), R=(0x05, struct.pack("<Q", 1))),
        variants(UUID=(0x42, AES_KDF))[:-4],
        b"\0\1\x05\xff\xff\xff\xff",
        b"",
    ],
)
def test_a_key_derivation_that_asks_for_too_much_is_refused_before_it_runs(
    tmp_path: Path, kdf: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def must_not_run(*_: object, **__: object) -> bytes:
        raise AssertionError("derived")

    monkeypatch.setattr("argon2.low_level.hash_secret_raw", must_not_run)
    monkeypatch.setattr("nightlatch.sources._kdf._iterated", must_not_run)
    assert isinstance(refused(written(tmp_path, kdbx4_head(kdf))), ReadError)


def test_a_kdbx_3_file_that_asks_for_2_to_the_31_rounds_is_refused(tmp_path: Path) -> None:
    assert "asks for 2147483648 rounds" in refused(written(tmp_path, kdbx3(b"<x/>", rounds=2**31))).what


def test_twofish_is_refused_because_it_would_take_hours(tmp_path: Path) -> None:
    file = written(tmp_path, kdbx3(b"<x/>", cipher_id="ad68f29f576f4bb9a36ad47af965346c"))
    assert "cipher" in refused(file).what


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a vault",
        bytes.fromhex("03d9a29a65fb4bb5") + bytes(100),
        bytes.fromhex("03d9a29a67fb4bb5"),
        bytes.fromhex("03d9a29a67fb4bb5") + struct.pack("<HH", 0, 9),
        bytes.fromhex("03d9a29a67fb4bb5") + struct.pack("<HHBI", 0, 4, 11, 2**32 - 1),
    ],
)
def test_other_files_are_one_clear_error(tmp_path: Path, data: bytes) -> None:
    assert isinstance(refused(written(tmp_path, data)), ReadError)


@pytest.mark.parametrize("xml", [b"", b"<unclosed", b"<a/>", b"<KeePassFile><Root/></KeePassFile>"])
def test_content_that_is_no_vault_is_an_error_or_an_empty_vault(tmp_path: Path, xml: bytes) -> None:
    file = written(tmp_path, kdbx3(xml))
    try:
        items = list(vault(KeePass, file).collect())
    except ReadError as error:
        assert_silent(error)
    else:
        assert facts(items, Account.name) == {}
        assert gaps(items, Account.name)


def test_references_in_a_circle_end(tmp_path: Path) -> None:
    from base64 import b64encode

    uuids = [b"a" * 16, b"b" * 16]
    entries = "".join(
        f"<Entry><UUID>{b64encode(own).decode()}</UUID>"
        f"<String><Key>URL</Key><Value>https://nuki.io</Value></String>"
        f"<String><Key>Password</Key><Value>{{REF:P@I:{other.hex().upper()}}}</Value></String></Entry>"
        for own, other in (uuids, reversed(uuids))
    )
    xml = f"<KeePassFile><Root><Group>{entries}</Group></Root></KeePassFile>"
    items = list(vault(KeePass, written(tmp_path, kdbx3(xml.encode()))).collect())
    assert "nuki" in facts(items, Account.name)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 10_000), flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=3))
def test_a_damaged_vault_is_one_clear_error_or_unharmed(tmp_path: Path, cut: int, flips: list[tuple[int, int]]) -> None:
    data = bytearray(kdbx4())
    whole = len(data)
    for at, value in flips:
        data[at % len(data)] = value
    file = written(tmp_path, bytes(data[: max(0, whole - cut % whole)]))
    try:
        list(vault(KeePass, file).collect())
    except NightlatchError as error:
        assert error.where


@given(st.binary(max_size=200))
def test_whatever_bytes_follow_the_signature_only_clear_errors_come(tail: bytes) -> None:
    for version in (3, 4):
        try:
            header(bytes.fromhex("03d9a29a67fb4bb5") + struct.pack("<HH", 0, version) + tail, where="file")
        except NightlatchError as error:
            assert error.where == "file"
