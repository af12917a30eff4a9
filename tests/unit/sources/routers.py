"""What the tests of router sources share: collect a source, look at its facts, and see that no secret is among them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from nightlatch.audit.merge import merge
from nightlatch.model.evidence import Claim, Gap, Grade, Item
from nightlatch.model.home import Home
from nightlatch.plugs import Context, Plug, find
from nightlatch.secrets import Fingerprinter
from nightlatch.sources.interface import Source

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DATA = Path(__file__).parent / "data"


def collect(kind: str, path: Path | None) -> list[Item]:
    """What the source of a kind says of a path."""
    plug: type[Plug] = find(kind)
    source = plug(plug.Settings(path=path), Context(id=kind, prefix=kind, now=NOW, fingerprint=Fingerprinter()))  # type: ignore[call-arg]
    assert isinstance(source, Source)
    return list(source.collect())


def facts(items: Iterable[Item], about: str) -> dict[str, Any]:
    """The values claimed of a thing, by name: `facts(items, "zone:openwrt:iot")`."""
    return {item.fact: item.value for item in items if isinstance(item, Claim) and str(item.about) == about}


def places(items: Iterable[Item], about: str) -> dict[str, str]:
    """Where each claim of a thing was found."""
    return {item.fact: item.where for item in items if isinstance(item, Claim) and str(item.about) == about}


def opens(items: Iterable[Item], zone: str) -> tuple[list[str], list[str]]:
    """The keys of the zones that a zone may open connections to, by IPv4 and by IPv6."""
    values = facts(items, f"zone:{zone}")
    return [ref.key for ref in values["opens_to_v4"]], [ref.key for ref in values["opens_to_v6"]]


def gap(items: Iterable[Item], fact: str, about: str = "") -> Gap:
    """The one gap for a fact."""
    (found,) = [
        item
        for item in items
        if isinstance(item, Gap) and fact in item.facts and (not about or str(item.about) == about)
    ]
    return found


def merged(items: Iterable[Item], source: str) -> Home:
    """The home that a source's items make."""
    return merge(
        [
            msgspec.structs.replace(item, source=source, grade=item.grade or Grade.RECORDED, at=item.at or NOW)
            if isinstance(item, Claim)
            else item
            for item in items
        ],
        now=NOW,
    )


def assert_silent(items: Iterable[Item], *secrets: str) -> None:
    """None of these secrets is in anything that was said."""
    said = repr(list(items))
    for secret in secrets:
        assert secret not in said


def backup(path: Path, files: Mapping[str, bytes | str]) -> Path:
    """A tar.gz with these files, as a router makes it."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path
