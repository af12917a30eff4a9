from __future__ import annotations

import ipaddress
import socket
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.errors import StoreError, UsageError
from nightlatch.service import certificates
from nightlatch.service.certificates import Files

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setattr(certificates, "here", lambda: ["elm.local", "elm", "192.168.1.5"])
    found = certificates.files(tmp_path)
    certificates.make(found, "Elm", ["nightlatch.lan", "door.example.org"], NOW)
    return found


def test_keys_are_readable_by_their_owner_alone(place: Files) -> None:
    for name in (certificates.AUTHORITY_KEY, certificates.SERVER_KEY):
        assert stat.S_IMODE((place.folder / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700


def test_the_server_is_certified_for_what_it_is_reached_by(place: Files) -> None:
    assert set(certificates.subjects(place.server)) == {
        *("nightlatch.lan", "door.example.org", "elm.local", "elm", "192.168.1.5", "localhost", "127.0.0.1", "::1")
    }
    assert place.server.not_valid_after_utc - NOW <= timedelta(days=397)
    assert place.server.not_valid_before_utc < NOW
    place.server.verify_directly_issued_by(place.authority)


def test_the_authority_vouches_for_nobody_else(place: Files) -> None:
    for name in ("nightlatch.lan", "x.local", "door.example.org", "elm", "10.1.2.3", "fd00::7", "localhost"):
        assert certificates.vouches(place.authority, name), name
    for name in (
        "bank.example",
        "example.org",
        "evil-door.example.org",
        "com",
        "93.184.216.34",
        "2606:2800::1",
        "lan.x",
    ):
        assert not certificates.vouches(place.authority, name), name
    limits = place.authority.extensions.get_extension_for_class(x509.NameConstraints)
    basic = place.authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert limits.critical
    assert basic.value.ca
    assert basic.value.path_length == 0


def _shaken(context: ssl.SSLContext, place: Files, name: str) -> str:
    """The protocol that a client and this server agree on; SSLError when the client does not trust it."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(place.folder / certificates.SERVER, place.folder / certificates.SERVER_KEY)
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(into, out, server_side=True)
    theirs = context.wrap_bio(out, into, server_hostname=name)
    for _ in range(5):
        for one in (theirs, ours):
            try:
                one.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return str(theirs.version())


def _trusting(place: Files) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(place.folder / certificates.AUTHORITY))


def test_who_trusts_the_authority_trusts_the_server_under_its_names_only(
    place: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    certificates.make(place, "Elm", [], datetime.now(UTC), anew=True)
    for name in ("nightlatch.lan", "localhost", "127.0.0.1"):
        assert _shaken(_trusting(place), place, name) == "TLSv1.3"
    for name in ("other.lan", "10.9.9.9"):
        with pytest.raises(ssl.SSLCertVerificationError):
            _shaken(_trusting(place), place, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        _shaken(ssl.create_default_context(), place, "localhost")


def test_a_server_certificate_that_the_authority_may_not_make_is_not_trusted(
    place: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates.make(place, "Elm", [], datetime.now(UTC), anew=True)
    monkeypatch.setattr(certificates, "vouches", lambda *_: True)
    monkeypatch.setattr(certificates, "here", lambda: ["bank.example"])
    certificates.renew(place, datetime.now(UTC))
    with pytest.raises(ssl.SSLCertVerificationError, match=r"permitted subtree|name constraint"):
        _shaken(_trusting(place), place, "bank.example")


def test_it_is_made_anew_before_it_ends_and_when_the_machine_moves(
    place: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not certificates.due(place, NOW)
    assert not certificates.due(place, NOW + timedelta(days=360))
    assert certificates.due(place, NOW + timedelta(days=370))
    monkeypatch.setattr(certificates, "here", lambda: ["elm", "192.168.1.77"])
    assert certificates.due(place, NOW)
    certificates.renew(place, NOW)
    assert "192.168.1.77" in certificates.subjects(place.server)
    assert not certificates.due(place, NOW)
    monkeypatch.setattr(certificates, "here", lambda: ["elm", "93.184.216.34"])
    assert not certificates.due(place, NOW)


def test_another_name_of_home_needs_no_other_authority(place: Files) -> None:
    before = place.authority
    certificates.make(place, "Elm", ["attic.local"], NOW)
    assert place.authority == before
    assert {"attic.local", "nightlatch.lan"} <= set(certificates.subjects(place.server))


def test_a_name_from_outside_needs_another_authority(place: Files) -> None:
    before = place.authority
    with pytest.raises(UsageError, match=r"may not vouch for 'house.example'.*--anew"):
        certificates.make(place, "Elm", ["house.example"], NOW)
    certificates.make(place, "Elm", ["house.example"], NOW, anew=True)
    assert place.authority != before
    assert {"house.example", "nightlatch.lan"} <= set(certificates.subjects(place.server))


@pytest.mark.parametrize("name", ["", "a b", "-x.lan", "x..lan", "*.lan", "x.lan/y", "999.1.1.1", "ü.lan", "a" * 300])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="neither a name nor an address"):
        certificates.named([name])


@given(st.lists(st.text(max_size=20), max_size=4))
def test_whatever_is_named_is_a_name_an_address_or_refused(names: list[str]) -> None:
    try:
        found = certificates.named(names)
    except UsageError:
        return
    for one in found:
        assert certificates._general(one).value is not None


def test_this_machine_knows_what_it_is_reached_by() -> None:
    for one in certificates.here():
        assert one.startswith(socket.gethostname().lower().split(".")[0]) or ipaddress.ip_address(one)


@pytest.mark.parametrize("name", [certificates.AUTHORITY, certificates.AUTHORITY_KEY, certificates.SERVER])
@pytest.mark.parametrize(
    "damage", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_damaged_file_is_named(place: Files, name: str, damage: bytes) -> None:
    (place.folder / name).write_bytes(damage)
    with pytest.raises(StoreError, match=rf"{name}: cannot be read"):
        certificates.due(place, NOW) or certificates.renew(place, NOW)
