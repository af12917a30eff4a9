import os
import signal
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import sqlalchemy as sa

from nightlatch.access import vault as module
from nightlatch.access.vault import FILE, Vault, VaultError, new_key
from nightlatch.configuration.read import Configuration, parse
from nightlatch.errors import SecretError, StoreError
from nightlatch.secrets import Secret
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect

PIN = Secret("824613")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = connect(tmp_path)
    yield engine
    engine.dispose()


@pytest.fixture
def records(engine: sa.Engine) -> AccessRecords:
    return AccessRecords(engine)


def configured(tmp_path: Path, reference: str) -> Configuration:
    return parse(f'[access]\nkey = "{reference}"\n', tmp_path / "nightlatch.toml")


def test_a_pin_comes_back_as_it_was_kept_and_stands_nowhere_in_clear(tmp_path: Path, records: AccessRecords) -> None:
    vault = Vault.open(tmp_path, records)
    vault.keep("c1", PIN)
    vault.keep_address("f1", Secret("https://calendar.example/feedsecret"))

    again = Vault.open(tmp_path, records)

    assert again.pin("c1") == PIN
    assert again.pins() == {"c1": PIN}
    assert again.address("f1") == Secret("https://calendar.example/feedsecret")
    assert again.prove() == 2
    for path in tmp_path.iterdir():
        assert PIN.reveal().encode() not in path.read_bytes()
        assert b"feedsecret" not in path.read_bytes()
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_without_a_secret_no_key_is_made(tmp_path: Path, records: AccessRecords) -> None:
    Vault.open(tmp_path, records)
    assert not (tmp_path / FILE).exists()


def test_what_is_not_kept_is_told_as_such(tmp_path: Path, records: AccessRecords) -> None:
    with pytest.raises(StoreError, match="not kept here"):
        Vault.open(tmp_path, records).pin("c1")


def test_a_pin_that_was_moved_to_another_credential_does_not_open(tmp_path: Path, records: AccessRecords) -> None:
    vault = Vault.open(tmp_path, records)
    vault.keep("c1", PIN)
    sealed = records.sealed("credential:c1")
    assert sealed is not None
    records.change(seal={"credential:c2": sealed})

    with pytest.raises(StoreError, match="credential:c2 was changed"):
        vault.pin("c2")


@pytest.mark.parametrize("at", [0, 8, 20, -1])
def test_a_sealed_pin_that_was_changed_does_not_open(tmp_path: Path, records: AccessRecords, at: int) -> None:
    vault = Vault.open(tmp_path, records)
    vault.keep("c1", PIN)
    changed = bytearray(records.sealed("credential:c1") or b"")
    changed[at] ^= 1
    records.change(seal={"credential:c1": bytes(changed)})

    with pytest.raises(StoreError):
        vault.pin("c1")


@pytest.mark.parametrize("sealed", [b"", b"short"])
def test_a_sealed_pin_that_was_cut_does_not_open(tmp_path: Path, records: AccessRecords, sealed: bytes) -> None:
    vault = Vault.open(tmp_path, records)
    vault.keep("c1", PIN)
    key = (records.sealed("credential:c1") or b"")[:8]
    for cut in (sealed, key + sealed):
        records.change(seal={"credential:c1": cut})
        with pytest.raises(StoreError):
            vault.pin("c1")


def test_a_missing_key_is_told_with_what_is_lost_with_it(tmp_path: Path, records: AccessRecords) -> None:
    Vault.open(tmp_path, records).keep("c1", PIN)
    (tmp_path / FILE).unlink()

    with pytest.raises(VaultError, match=r"access\.key: the key is missing, and 1 secret is sealed with it"):
        Vault.open(tmp_path, records)
    assert not (tmp_path / FILE).exists()


def test_once_nothing_is_sealed_any_more_a_lost_key_may_be_made_anew(tmp_path: Path, records: AccessRecords) -> None:
    Vault.open(tmp_path, records).keep("c1", PIN)
    records.change(unseal=["credential:c1"])
    (tmp_path / FILE).unlink()

    Vault.open(tmp_path, records).keep("c2", PIN)

    assert Vault.open(tmp_path, records).pin("c2") == PIN


def test_another_key_is_told_as_such(tmp_path: Path, records: AccessRecords) -> None:
    Vault.open(tmp_path, records).keep("c1", PIN)
    (tmp_path / FILE).write_text(new_key().reveal())

    with pytest.raises(VaultError, match="another key than the one"):
        Vault.open(tmp_path, records)


@pytest.mark.parametrize(
    "text", ["x", "AAAA", "ä", b64encode(b"0" * 31).decode(), f"{b64encode(b'0' * 32).decode()} x", "\x00"]
)
def test_what_is_no_key_is_told_and_not_repeated(tmp_path: Path, records: AccessRecords, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    (tmp_path / FILE).chmod(0o600)

    with pytest.raises(VaultError, match=r"is no key: it is 32 bytes as base64\. Restore") as told:
        Vault.open(tmp_path, records)
    if len(text) > 1:
        assert text not in str(told.value)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path, records: AccessRecords) -> None:
    Vault.open(tmp_path, records).keep("c1", PIN)
    (tmp_path / FILE).chmod(0o640)

    with pytest.raises(VaultError, match="mode 0640"):
        Vault.open(tmp_path, records)


def test_the_key_may_be_kept_elsewhere(tmp_path: Path, records: AccessRecords) -> None:
    configuration = configured(tmp_path, "env:NIGHTLATCH_ACCESS_KEY")
    env = {"NIGHTLATCH_ACCESS_KEY": new_key().reveal()}
    Vault.open(tmp_path, records, configuration, env).keep("c1", PIN)

    assert not (tmp_path / FILE).exists()
    assert Vault.open(tmp_path, records, configuration, env).pin("c1") == PIN
    with pytest.raises(SecretError, match=r"nightlatch\.toml:2.*not set"):
        Vault.open(tmp_path, records, configuration, {})
    with pytest.raises(VaultError, match=r"nightlatch\.toml:2: is another key"):
        Vault.open(tmp_path, records, configuration, {"NIGHTLATCH_ACCESS_KEY": new_key().reveal()})


def test_after_a_rotation_the_old_key_is_gone_and_opens_nothing(tmp_path: Path, records: AccessRecords) -> None:
    vault = Vault.open(tmp_path, records)
    vault.keep("c1", PIN)
    before = records.sealed("credential:c1")
    old = (tmp_path / FILE).read_text()

    assert vault.rotate() == 1

    assert old.strip() not in (tmp_path / FILE).read_text()
    assert len((tmp_path / FILE).read_text().split()) == 1
    assert before is not None
    assert before not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert vault.pin("c1") == PIN
    assert Vault.open(tmp_path, records).pin("c1") == PIN
    (tmp_path / FILE).write_text(old)
    with pytest.raises(VaultError, match="another key"):
        Vault.open(tmp_path, records)


def test_who_had_the_old_key_in_memory_reads_and_seals_on(tmp_path: Path, records: AccessRecords) -> None:
    other = Vault.open(tmp_path, records)
    other.keep("c1", PIN)

    Vault.open(tmp_path, records).rotate()

    assert other.pin("c1") == PIN
    Vault.open(tmp_path, records).rotate()
    other.keep("c2", Secret("519374"))
    assert Vault.open(tmp_path, records).pins() == {"c1": PIN, "c2": Secret("519374")}


def test_a_key_that_is_changed_while_a_vault_is_opened_is_found(
    tmp_path: Path, records: AccessRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Vault.open(tmp_path, records)
    other.keep("c1", PIN)
    read = module._from_file

    def changed(path: Path) -> str:
        text = read(path)
        monkeypatch.setattr(module, "_from_file", read)
        other.rotate()
        return text

    monkeypatch.setattr(module, "_from_file", changed)
    assert Vault.open(tmp_path, records).pin("c1") == PIN


def test_a_key_that_is_kept_elsewhere_is_changed_by_its_owner(tmp_path: Path, records: AccessRecords) -> None:
    configuration = configured(tmp_path, "env:KEY")
    old, new = new_key().reveal(), new_key().reveal()
    Vault.open(tmp_path, records, configuration, {"KEY": old}).keep("c1", PIN)

    both = Vault.open(tmp_path, records, configuration, {"KEY": f"{new}\n{old}\n"})
    both.keep("c2", PIN)
    assert both.rotate() == 2

    assert Vault.open(tmp_path, records, configuration, {"KEY": new}).prove() == 2
    with pytest.raises(VaultError):
        Vault.open(tmp_path, records, configuration, {"KEY": old})


STEPS = {"rotate", "_settle", "_reseal", "_write"}
"""What changes files or rows; the rest of the module only reads, and would be killed to no purpose."""


def killed_at(line: int, folder: Path, do: Callable[[], None]) -> bool:
    """Whether a process that does this was killed when it came to its so-many-th line of those steps."""
    child = os.fork()
    if child == 0:
        seen = 0

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal seen
            if frame.f_code.co_filename != module.__file__ or frame.f_code.co_name not in STEPS:
                return None
            if event == "line":
                seen += 1
                if seen == line:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        do()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_a_rotation_that_is_killed_at_any_line_leaves_every_pin_readable(tmp_path: Path) -> None:
    pins = {f"c{number}": Secret(f"82461{number}") for number in range(3)}
    engine = connect(tmp_path)
    for credential, pin in pins.items():
        Vault.open(tmp_path, AccessRecords(engine)).keep(credential, pin)
    engine.dispose()

    def rotate() -> None:
        # A connection of the child's own.
        Vault.open(tmp_path, AccessRecords(connect(tmp_path))).rotate()

    line, killed = 0, True
    while killed:
        line += 1
        killed = killed_at(line, tmp_path, rotate)
        engine = connect(tmp_path)
        assert Vault.open(tmp_path, AccessRecords(engine)).pins() == pins, f"killed at line {line}"
        Vault.open(tmp_path, AccessRecords(engine)).keep("c0", pins["c0"])
        assert len((tmp_path / FILE).read_text().split()) == 1
        engine.dispose()
    assert line > 30


def test_a_mark_tells_codes_apart_after_a_restart_too_and_holds_no_digit(tmp_path: Path) -> None:
    engine = connect(tmp_path)
    try:
        records = AccessRecords(engine)
        first = Vault.open(tmp_path, records).mark(Secret("482917"))
        again = Vault.open(tmp_path, records)
        assert first and first == again.mark(Secret("482917"))
        assert first != again.mark(Secret("482918"))
        assert "482917" not in first
    finally:
        engine.dispose()
