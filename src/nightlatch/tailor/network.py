"""Reads one router's export, whatever router it is of."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from nightlatch.audit import collect as collecting
from nightlatch.errors import ReadError, SourceError
from nightlatch.model.evidence import Item
from nightlatch.plugs import Context, find
from nightlatch.reading.files import decode
from nightlatch.secrets import Fingerprinter
from nightlatch.sources.interface import PathSettings

_SNIFF = 64 * 1024


def read_network(path: Path, now: datetime) -> list[Item]:
    """What a router's export says; SourceError when it cannot be read."""
    source = find(_kind(path))
    plug = source(PathSettings(path=path.absolute()), Context(source.kind, source.kind, now, Fingerprinter()))
    (collected,) = asyncio.run(collecting.collect([plug]))
    state = collected.state
    if state.status == "failed":
        raise SourceError(state.reason, todo=state.todo)
    return collected.items


def _kind(path: Path) -> str:
    """The kind of a router's export, by what it holds."""
    if path.is_dir():
        return "openwrt"
    try:
        with path.open("rb") as file:
            data = file.read(_SNIFF)
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if data.startswith(b"\x1f\x8b") or data[257:262] == b"ustar":
        return "openwrt"
    for kind, sign in (("opnsense", b"<opnsense"), ("pfsense", b"<pfsense")):
        if sign in data:
            return kind
    text = decode(data[: data.rfind(b"\n") + 1], where=str(path))
    if any(line.startswith(("/ip", "/interface", "/system", "# software id")) for line in text.splitlines()):
        return "mikrotik"
    raise ReadError(
        "is not an export of a router that is known",
        where=str(path),
        todo="Give an OpenWrt backup or /etc/config folder, a MikroTik export (/export file=…), or the config.xml of "
        "OPNsense or pfSense.",
    )
