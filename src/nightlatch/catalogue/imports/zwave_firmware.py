"""The firmware definitions of zwave-js/firmware-updates: one file, the folder, or an archive of it.

Source of the format: zwave-js/firmware-updates, firmwares/_example.json (JSON with comments).
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from nightlatch.catalogue.imports._files import Imported, admit, documents, short, without_comments
from nightlatch.catalogue.structs import FirmwareRelease
from nightlatch.errors import ReadError
from nightlatch.reading.structured import json


class _Device(msgspec.Struct, rename="camel"):
    manufacturer_id: str
    product_type: str
    product_id: str
    brand: str = ""
    model: str = ""


class _Upgrade(msgspec.Struct):
    version: str
    when: str = msgspec.field(default="", name="$if")
    channel: str = "stable"
    region: str = ""


class _Definition(msgspec.Struct):
    devices: list[_Device]
    upgrades: list[_Upgrade]


def read(path: Path) -> Imported:
    """Every stable upgrade for every device; beta ones are skipped."""
    found: list[FirmwareRelease] = []
    skipped = 0
    for where, data in documents(path, _wanted):
        definition: _Definition = json(without_comments(data), _Definition, where=where)
        for device in definition.devices:
            ids = tuple(_id(text, where) for text in (device.manufacturer_id, device.product_type, device.product_id))
            for upgrade in definition.upgrades:
                if upgrade.channel != "stable":
                    skipped += 1
                    continue
                name = short(f"{device.brand} {device.model}").strip()
                when = short(f"{upgrade.when} {upgrade.region}").strip()
                found.append(FirmwareRelease("zwave", ids, upgrade.version[:64], (name,) if name else (), when=when))
            admit(len(found), where)
    return Imported(firmware=tuple(found), skipped=skipped)


def _wanted(name: str) -> bool:
    # The repository's own settings and examples are JSON as well.
    parts = name.split("/")
    return name.endswith(".json") and not parts[-1].startswith("_") and not any(part.startswith(".") for part in parts)


def _id(text: str, where: str) -> int:
    if not re.fullmatch(r"0x[0-9a-fA-F]{4}", text):
        raise ReadError(f"holds {text[:40]!r} where an id like 0x0129 belongs", where=where)
    return int(text, 16)
