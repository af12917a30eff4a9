"""The `index.json` of zigbee-OTA: which firmware files there are. Source: Koenkk/zigbee-OTA."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec

from nightlatch.catalogue.imports._files import Imported, admit, documents, short
from nightlatch.catalogue.structs import FirmwareRelease
from nightlatch.reading.structured import json

_Code = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
# 101-029_E1_DanalockV3_17.7.0_20240201155008.ota names its version and its day.
_VERSION = re.compile(r"(?<![\d.])(\d{1,5}\.\d{1,5}(?:\.\d{1,5}){0,2})(?![\d.]*\d)")
_DAY = re.compile(r"_(20\d\d)(\d\d)(\d\d)\d{0,6}\.")


class _Image(msgspec.Struct, rename="camel"):
    manufacturer_code: _Code
    image_type: _Code
    file_version: Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)]
    file_name: str = ""
    model_id: str = ""


def read(path: Path) -> Imported:
    """Every firmware that the index lists."""
    found: list[FirmwareRelease] = []
    for where, data in documents(path):
        images: list[_Image] = json(data, list[_Image], where=where)
        admit(len(found) + len(images), where)
        found += [_release(image) for image in images]
    return Imported(firmware=tuple(_with_models(found)))


def _release(image: _Image) -> FirmwareRelease:
    name = image.file_name[:300]
    version, day = _VERSION.search(name), _DAY.search(name)
    return FirmwareRelease(
        protocol="zigbee",
        device=(image.manufacturer_code, image.image_type),
        version=version[1] if version else str(image.file_version),
        models=(image.model_id[:100],) if image.model_id else (),
        number=image.file_version,
        released=_date(*map(int, day.groups())) if day else None,
        file=short(name),
    )


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None  # eight digits in a file's name need not be a day


def _with_models(found: list[FirmwareRelease]) -> list[FirmwareRelease]:
    """Gives a release without a model those of the others for the same code and image type."""
    models: dict[tuple[int, ...], set[str]] = {}
    for one in found:
        models.setdefault(one.device, set()).update(one.models)
    return [msgspec.structs.replace(one, models=tuple(sorted(models[one.device]))) for one in found]
