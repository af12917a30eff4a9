"""The lock definitions of the `@zwave-js/config` package: its folder, or the .tgz that npm gives.

Source of the format: Z-Wave JS documentation, "Config files" (JSON with comments, `$import`).
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

import msgspec

from nightlatch.catalogue.imports._files import Imported, admit, documents, short, without_comments
from nightlatch.catalogue.structs import Parameter, Role, ZwaveModel
from nightlatch.errors import ReadError
from nightlatch.reading.structured import json

MOST_IMPORTS = 16
"""How deep one template may import another."""

_DEVICE = re.compile(r"(?:^|[/(])(0x[0-9a-fA-F]{4}/[^/]+|(?:0x[0-9a-fA-F]{4}/)?templates/[^/]+)\.json$")
_LOCK = re.compile(
    r"(?i)\b(door ?locks?|deadbolts?|lever ?locks?|smart ?locks?|mortise|nexttouch|digital lock|locks?)\b"
)
_NOT_LOCK = re.compile(r"(?i)\b(child lock|valve|thermostat|switch|dimmer|plug|sensor|siren|controller|remote)\b")

# What a parameter is for, by its label; the first that fits.
_ROLES: tuple[tuple[str, Role], ...] = (
    (r"reset|factory", Role.RESET_DANGER),
    (r"^(manual |remote )?(auto )?re-? ?lock (time|timing|delay)|^auto relock tim", Role.AUTO_RELOCK_TIME),
    (r"auto ?-?(re-?)?lock|door relock|auto latch", Role.AUTO_RELOCK),
    (r"wrong (code|tag|pin).*(limit)|wrong code limit", Role.WRONG_CODE_LIMIT),
    (r"wrong (code|tag|pin).*(lockout|time|shutdown)", Role.WRONG_CODE_LOCKOUT),
    (r"one touch|lock (&|and) leave", Role.ONE_TOUCH),
    (r"privacy", Role.PRIVACY),
    (r"vacation mode", Role.VACATION),
    (r"volume|buzzer|beeper|silent mode|audio|^sound$", Role.VOLUME),
    (r"operating mode|door lock mode|door lock model", Role.OPERATING_MODE),
    (r"door propped", Role.DOOR_PROPPED_ALARM),
    (r"expiring pin", Role.EXPIRING_PIN),
    (r"escape return", Role.ESCAPE_RETURN),
    (r"secure screen|screen wipe", Role.SCREEN_WIPE),
    (r"pin length|code length", Role.CODE_LENGTH),
    (r"tamper sensitivity", Role.TAMPER_SENSITIVITY),
    (r"kick sensitivity|forced entry", Role.FORCED_ENTRY_SENSITIVITY),
    (r"alarm mode", Role.ALARM_MODE),
    (r"invalid entry", Role.INVALID_ENTRY_ALARM),
    (r"service pin", Role.SERVICE_PIN),
    (r"master pin unlock", Role.MASTER_PIN_UNLOCK),
    (r"^ble:", Role.BLE_ENABLE),
)
_RULES = tuple((re.compile(pattern, re.IGNORECASE), role) for pattern, role in _ROLES)


class _Ids(msgspec.Struct, rename="camel"):
    product_type: str
    product_id: str


class _Device(msgspec.Struct, rename="camel"):
    manufacturer: Any
    manufacturer_id: str
    label: Any
    devices: list[_Ids]
    description: Any = ""
    param_information: list[dict[str, Any]] = []


def read(path: Path) -> Imported:
    """The definitions that are of locks. Of conditional texts the first is taken."""
    files = {
        match[1]: (where, data)
        for where, data in documents(path, lambda name: _DEVICE.search(name) is not None)
        if (match := _DEVICE.search(where.rstrip(")")))
    }
    if not any(not name.startswith("templates/") and "/templates/" not in name for name in files):
        raise ReadError("holds no device definitions", where=str(path), todo="Give the @zwave-js/config package.")
    library = _Library(files)
    models: list[ZwaveModel] = []
    skipped = 0
    for name, (where, data) in files.items():
        if "templates/" in name:
            continue
        if b"lock" not in data.lower():
            skipped += 1
            continue
        model = _model(name, where, library)
        if model is None:
            skipped += 1
        else:
            models.append(model)
            admit(len(models), str(path))
    return Imported(models=tuple(models), skipped=skipped)


class _Library:
    """Parsed files by name, and what their `$import`s bring in."""

    def __init__(self, files: dict[str, tuple[str, bytes]]) -> None:
        self._files = files
        self._parsed: dict[str, dict[str, Any]] = {}

    def file(self, name: str, where: str) -> dict[str, Any]:
        """A file as a JSON object."""
        if name not in self._parsed:
            if name not in self._files:
                raise ReadError(f"imports {name[:200]}, which is not there", where=where)
            place, data = self._files[name]
            self._parsed[name] = json(without_comments(data), dict[str, Any], where=place)
        return self._parsed[name]

    def resolved(self, item: dict[str, Any], name: str, where: str, depth: int = 0) -> dict[str, Any]:
        """An object with its `$import` put in; what it says itself wins."""
        source = item.get("$import")
        if not isinstance(source, str):
            return item
        if depth >= MOST_IMPORTS:
            raise ReadError(f"imports more than {MOST_IMPORTS} templates deep", where=where)
        file, _, key = source.partition("#")
        target = name
        if file.startswith("~/"):
            target = file[2:].removesuffix(".json")
        elif file:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), file)).removesuffix(".json")
        brought: Any = self.file(target, where)
        for part in key.split("/") if key else ():
            if isinstance(brought, list):
                brought = next((one for one in brought if isinstance(one, dict) and one.get("#") == part), None)
            else:
                brought = brought.get(part) if isinstance(brought, dict) else None
        if not isinstance(brought, dict):
            raise ReadError(f"imports {source[:200]!r}, which is not there", where=where)
        rest = {field: value for field, value in item.items() if field != "$import"}
        return self.resolved(brought, target, where, depth + 1) | rest


def _model(name: str, where: str, library: _Library) -> ZwaveModel | None:
    raw = library.file(name, where)
    try:
        device = msgspec.convert(raw, _Device)
    except msgspec.ValidationError as error:
        raise ReadError(f"is not a device definition: {error}", where=where) from None
    title = f"{_text(device.label)} {_text(device.description)}"
    parameters = [
        one
        for item in device.param_information[:512]
        if (one := _parameter(library.resolved(item, name, where), where)) is not None
    ]
    lock_like = {Role.WRONG_CODE_LIMIT, Role.ONE_TOUCH, Role.AUTO_RELOCK, Role.AUTO_RELOCK_TIME}
    if not (_LOCK.search(title) and not _NOT_LOCK.search(title)) and not lock_like & {one.role for one in parameters}:
        return None
    return ZwaveModel(
        key=f"zwave:{name}",
        maker=_text(device.manufacturer),
        model=_text(device.label),
        manufacturer_id=_hexadecimal(device.manufacturer_id, where),
        ids=tuple(
            (_hexadecimal(one.product_type, where), _hexadecimal(one.product_id, where)) for one in device.devices
        ),
        parameters=tuple(parameters),
    )


def _parameter(item: dict[str, Any], where: str) -> Parameter | None:
    label = _text(item.get("label"))
    role = next((role for rule, role in _RULES if rule.search(label)), None)
    named = re.fullmatch(r"(\d{1,5})(?:\[(0x[0-9a-fA-F]{1,8})\])?", str(item.get("#", "")))
    if role is None or named is None:
        return None
    options = {}
    for option in item.get("options") or ():
        if isinstance(option, dict) and isinstance(option.get("value"), int):
            options[str(option["value"])] = _text(option.get("label"))
    numbers = {field: _number(item.get(field), where) for field in ("defaultValue", "minValue", "maxValue")}
    return Parameter(
        role=role,
        number=int(named[1]),
        bits=int(named[2], 16) if named[2] else None,
        label=label,
        default=numbers["defaultValue"] or 0,
        min=numbers["minValue"],
        max=numbers["maxValue"],
        unit=_text(item.get("unit")),
        options=options,
        read_only=item.get("readOnly") is True,
        when=_text(item.get("$if")),
    )


def _text(value: Any) -> str:
    """A text, or the first of a list of conditional ones (`{"$if": ..., "value": ...}`)."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("value")
    return short(value) if isinstance(value, str) else ""


def _number(value: Any, where: str) -> int | None:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = value[0].get("value")
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    if abs(value) > 2**40:
        raise ReadError("holds a parameter value beyond 32 bits", where=where)
    return value


def _hexadecimal(text: str, where: str) -> int:
    if not re.fullmatch(r"0x[0-9a-fA-F]{4}", text):
        raise ReadError(f"holds {text[:40]!r} where an id like 0x0129 belongs", where=where)
    return int(text, 16)
