"""What the tests of DNS logs share. Every name that must not leave a source begins with `OTHER`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nightlatch.errors import NightlatchError
from nightlatch.model.evidence import Claim, Gap, Item, Same
from nightlatch.model.network import Device
from nightlatch.secrets import Fingerprinter
from nightlatch.sources._dnslog import DnsLog
from nightlatch.sources.interface import Context, PathSettings

OTHER = "qx7other"
NAMES = (f"{OTHER}.example", f"www.{OTHER}.co.uk", f"{OTHER}.aqara.com.example", f"a.{OTHER}-yalehome.com")
"""Names that are nobody's in the catalogue."""

LOCK = "192.168.20.7"
PHONE = "192.168.1.30"
WRITTEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
"""When every log of the tests was last changed."""


def log(kind: type[DnsLog], path: Path) -> DnsLog:
    context = Context(id=kind.kind, prefix=kind.kind, now=WRITTEN, fingerprint=Fingerprinter())
    return kind(PathSettings(path=path), context)


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(path, (WRITTEN.timestamp(), WRITTEN.timestamp()))
    return path


def contacts(items: Iterable[Item]) -> dict[str, dict[str, int]]:
    """Look-ups by suffix, by device key without the plug's prefix."""
    found = {}
    for item in items:
        if isinstance(item, Claim) and item.fact == Device.contacts.name:
            key = item.about.key.partition(":")[2]
            assert key not in found
            found[key] = {contact.suffix: contact.count for contact in item.value}
    return found


def last(items: Iterable[Item], suffix: str) -> datetime | None:
    """When a suffix was last asked for."""
    (when,) = {
        contact.last
        for item in items
        if isinstance(item, Claim) and item.fact == Device.contacts.name
        for contact in item.value
        if contact.suffix == suffix
    }
    return when


def keys(items: Iterable[Item]) -> set[tuple[str, str]]:
    """(device, shared key) of every identity that was told."""
    return {(item.about.key.partition(":")[2], item.key) for item in items if isinstance(item, Same)}


def gaps(items: Iterable[Item]) -> list[str]:
    return [item.reason for item in items if isinstance(item, Gap)]


def assert_only_vendors(*told: object) -> None:
    """No name of anybody but the catalogue's vendors is in anything that was told."""
    for one in told:
        error = one if isinstance(one, NightlatchError) else None
        assert OTHER not in " ".join([repr(one), str(one), *((error.what, error.where, error.todo) if error else ())])


def refused(kind: type[DnsLog], path: Path) -> NightlatchError:
    with pytest.raises(NightlatchError) as caught:
        list(log(kind, path).collect())
    assert caught.value.where.startswith(str(path))
    assert_only_vendors(caught.value)
    return caught.value
