"""What the catalogue says of one model, field by field of Lock; the best source of a field first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from nightlatch.catalogue.lookup import Catalogue
from nightlatch.catalogue.search import words
from nightlatch.catalogue.structs import (
    Confidence,
    Knowledge,
    Known,
    MatterModel,
    Role,
    Vendor,
    ZigbeeModel,
    ZwaveModel,
)
from nightlatch.model.lock import Lock
from nightlatch.model.thing import Field

_RELOCKS = ("auto_relock", "auto_relock_time", "relock_enabled", "auto_lock_time")


class Said(msgspec.Struct, frozen=True):
    """What the catalogue says of a field, by its name: the value, the source and the place in it."""

    name: str
    value: Any
    source: str
    confidence: Confidence
    where: str = ""


def words_of(text: str) -> frozenset[str]:
    """The words that name a model within a family, for facts that differ by model."""
    return frozenset(words(text))


def abilities(model: Knowledge, catalogue: Catalogue, named: frozenset[str] = frozenset()) -> Iterator[Said]:
    """Everything said of the model. `named` are words of the lock's name, which may tell it from its family."""
    if model.profile is not None:
        own = named | words_of(model.entry.model) if model.entry is not None else named
        yield from _profile(model, catalogue, own)
    entry = model.entry
    if entry is not None:
        source = _name(catalogue, {"zwave": "zwjs", "zigbee": "zhc", "matter": "dcl"}[entry.protocol])
        for field, value in ((Lock.maker, model.maker), (Lock.model, entry.model), (Lock.radio, entry.protocol)):
            yield Said(field.name, value, source, Confidence.HIGH, entry.key)
        if isinstance(entry, ZwaveModel):
            yield from _zwave(entry, source)
        elif isinstance(entry, ZigbeeModel):
            yield from _zigbee(entry, source)
        else:
            yield from _matter(entry, source)
    if model.battery is not None:
        source, where = _name(catalogue, "bn"), f"{model.battery.maker} {model.battery.model}"
        yield Said(Lock.battery_type.name, str(model.battery), source, Confidence.MEDIUM, where)
    if model.vendor is not None:
        yield from of_vendor(model.vendor)


def _name(catalogue: Catalogue, key: str) -> str:
    source = catalogue.source(key)
    return source.what if source else key


def _zwave(entry: ZwaveModel, source: str) -> Iterator[Said]:
    def said(field: Field[Any], value: Any, confidence: Confidence, where: str) -> Said:
        return Said(field.name, value, source, confidence, f"{entry.key} {where}")

    by_role = {one.role: one for one in reversed(entry.parameters)}
    for field, roles in (
        (Lock.can_lockout, (Role.WRONG_CODE_LIMIT, Role.WRONG_CODE_LOCKOUT)),
        (Lock.can_auto_relock, (Role.AUTO_RELOCK, Role.AUTO_RELOCK_TIME)),
        (Lock.can_tamper_alarm, (Role.ALARM_MODE, Role.TAMPER_SENSITIVITY, Role.FORCED_ENTRY_SENSITIVITY)),
        (Lock.can_report_wrong_code, (Role.INVALID_ENTRY_ALARM,)),
    ):
        parameter = next((by_role[role] for role in roles if role in by_role), None)
        if parameter is not None:
            yield said(field, True, Confidence.HIGH, f"(parameter {parameter.name}: {parameter.label})")
    typed = next((by_role[role] for role in (Role.WRONG_CODE_LIMIT, Role.CODE_LENGTH) if role in by_role), None)
    if typed is not None and "tag" not in typed.label.casefold():
        yield said(Lock.can_keypad, True, Confidence.MEDIUM, f"(parameter {typed.name}: {typed.label})")
    length = by_role.get(Role.CODE_LENGTH)
    if length is not None and length.min is not None and length.max is not None and 3 <= length.min <= length.max:
        yield said(Lock.code_length_min, length.min, Confidence.MEDIUM, f"(parameter {length.name})")
        yield said(Lock.code_length_max, length.max, Confidence.MEDIUM, f"(parameter {length.name})")
    if entry.code_slots is not None:
        yield said(Lock.code_slots, entry.code_slots, Confidence.HIGH, "(parameters by slot)")
        yield said(Lock.can_keypad, True, Confidence.MEDIUM, "(parameters by slot)")
    if entry.known_issue:
        issue = f"Z-Wave JS marks a known {entry.known_issue} in this model's definition"
        yield said(Lock.known_issues, (issue,), Confidence.HIGH, "(metadata)")


def _zigbee(entry: ZigbeeModel, source: str) -> Iterator[Said]:
    def said(field: Field[Any], value: Any, confidence: Confidence, where: str) -> Said:
        return Said(field.name, value, source, confidence, f"{entry.key} {where}")

    shown = {one.name for one in entry.exposes}
    if relock := next((name for name in _RELOCKS if name in shown), ""):
        yield said(Lock.can_auto_relock, True, Confidence.HIGH, f"({relock})")
    if "pin_code" in shown:
        # A converter lists it for locks whose keypad is an accessory as well.
        yield said(Lock.can_keypad, True, Confidence.LOW, "(pin_code)")
    if entry.code_slots is not None:
        yield said(Lock.code_slots, entry.code_slots, Confidence.HIGH, "(pinCodeCount)")
    if "last_used_pin_code" in shown:
        yield said(Lock.pin_over_air, True, Confidence.HIGH, "(last_used_pin_code)")
    if entry.ota:
        for field in (Lock.can_update, Lock.publishes_updates):
            yield said(field, True, Confidence.MEDIUM, "(ota)")


def _matter(entry: MatterModel, source: str) -> Iterator[Said]:
    def said(field: Field[Any], value: Any, confidence: Confidence, where: str) -> Said:
        return Said(field.name, value, source, confidence, f"{entry.key} {where}")

    if entry.certificate:
        yield said(Lock.certificate, entry.certificate, Confidence.HIGH, f"(certified {entry.first_certified})")
    if len(entry.software_versions) > 1:
        where = f"(certified software: {', '.join(map(str, entry.software_versions))})"
        for field in (Lock.can_update, Lock.publishes_updates):
            yield said(field, True, Confidence.HIGH, where)


def of_vendor(vendor: Vendor) -> Iterator[Said]:
    """What is said of every lock of a maker."""
    if not vendor.covers_home_locks:
        return
    for fact in (vendor.contact, vendor.disclosure):
        if fact is not None and fact.known and fact.confidence is not None:
            page = fact.source if fact.source.startswith("https:") else str(fact.value)
            yield Said(Lock.disclosure_contact.name, str(fact.value), page, fact.confidence, vendor.name)


def _profile(model: Knowledge, catalogue: Catalogue, named: frozenset[str]) -> Iterator[Said]:
    for name, reader in _READERS.items():
        fact = model.fact(name)
        if fact is not None and fact.confidence is not None:
            for field, value in reader(fact, named):
                yield Said(field.name, value, _source(catalogue, fact), fact.confidence, f"{model.key} ({name})")
    issues = [(name, fact) for name in _ISSUES if (fact := model.fact(name)) and fact.confidence is not None]
    if issues:
        yield Said(
            Lock.known_issues.name,
            tuple(str(fact.value) for _, fact in issues),
            "; ".join(dict.fromkeys(_source(catalogue, fact) for _, fact in issues)),
            min((fact.confidence for _, fact in issues if fact.confidence), key=list(Confidence)[::-1].index),
            f"{model.key} ({', '.join(name for name, _ in issues)})",
        )


def _source(catalogue: Catalogue, fact: Known) -> str:
    """A fact's source, with the catalogue's short name for it written out."""
    short = re.match(r"\w*", fact.source)
    source = catalogue.source(short[0]) if short else None
    return f"{source.what}{fact.source[len(source.key) :]}" if source else fact.source


Yielded = Iterator[tuple[Field[Any], Any]]


def _of_model(value: Any, named: frozenset[str]) -> Any:
    """The value itself, or of a value by model the one that the lock's name tells; None when it does not."""
    if not isinstance(value, dict):
        return value
    if len({repr(one) for one in value.values()}) == 1:
        return next(iter(value.values()))
    fitting = [key for key in value if words_of(key) <= named]
    return value[max(fitting, key=lambda key: len(words_of(key)))] if fitting else None


def _cylinder(fact: Known, named: frozenset[str]) -> Yielded:
    value = _of_model(fact.value, named)
    if value is not None:
        yield Lock.can_cylinder, value if isinstance(value, bool) else True


def _battery(fact: Known, named: frozenset[str]) -> Yielded:
    value = _of_model(fact.value, named)
    if isinstance(value, str):
        yield Lock.battery_type, re.sub(r"\b(\d+)x(?=\S)", r"\1×", value)


def _emergency_power(fact: Known, named: frozenset[str]) -> Yielded:
    value = _of_model(fact.value, named)
    if isinstance(value, str):
        yield Lock.emergency_power, value


def _relocks(fact: Known, _: frozenset[str]) -> Yielded:
    if not (isinstance(fact.value, str) and fact.value.startswith("not exposed")):
        yield Lock.can_auto_relock, True


def _wrong_code(fact: Known, _: frozenset[str]) -> Yielded:
    value = fact.value
    tags = isinstance(value, dict) and any(key.startswith("tag_") for key in value)
    if isinstance(value, dict) or "lockout" in str(value):
        yield Lock.can_lockout, True
    if not tags:
        yield Lock.can_keypad, True


def _tamper(fact: Known, _: frozenset[str]) -> Yielded:
    yield Lock.can_tamper_alarm, bool(fact.value)


def _reports_wrong_code(fact: Known, _: frozenset[str]) -> Yielded:
    yield Lock.can_report_wrong_code, bool(fact.value)


def _schedules(fact: Known, _: frozenset[str]) -> Yielded:
    if isinstance(fact.value, bool):
        yield Lock.can_schedule, fact.value
    elif str(fact.value).startswith("yes"):
        yield Lock.can_schedule, True


def _slots(fact: Known, _: frozenset[str]) -> Yielded:
    value = fact.value.get("basic") if isinstance(fact.value, dict) else fact.value
    if isinstance(value, int):
        yield Lock.code_slots, value


def _length(fact: Known, _: frozenset[str]) -> Yielded:
    span = re.match(r"(\d+)-(\d+)", str(fact.value))
    if span:
        yield Lock.code_length_min, int(span[1])
        yield Lock.code_length_max, int(span[2])
    yield Lock.can_keypad, True


def _keypad(fact: Known, _: frozenset[str]) -> Yielded:
    yield Lock.can_keypad, bool(fact.value)


def _defaults(fact: Known, _: frozenset[str]) -> Yielded:
    # In words only: which code, never its digits.
    codes = [key.replace("_", " ") for key in fact.value] if isinstance(fact.value, dict) else [str(fact.value)]
    yield Lock.default_codes_known, tuple(codes)


def _local(fact: Known, _: frozenset[str]) -> Yielded:
    if fact.value is False:
        yield Lock.path, "cloud"


def _release(fact: Known, _: frozenset[str]) -> Yielded:
    told = fact.value if isinstance(fact.value, dict) else {"version": fact.value}
    yield Lock.publishes_updates, True
    yield Lock.can_update, True
    yield Lock.update_version, str(told["version"])
    if "built" in told:
        yield Lock.last_release_on, date.fromisoformat(told["built"])


_ISSUES = ("known_issue", "privacy_warning", "factory_state", "fix_status", "support_status", "history")
"""Names of curated facts that an owner should hear of."""

_READERS = {
    "cylinder": _cylinder,
    "battery": _battery,
    "emergency_power": _emergency_power,
    "auto_relock_s": _relocks,
    "auto_lock_s": _relocks,
    "auto_lock": _relocks,
    "relock": _relocks,
    "code_length": _length,
    "scrambled_keypad": _keypad,
    "wrong_code": _wrong_code,
    "tamper_alarm": _tamper,
    "invalid_entry_alarm": _reports_wrong_code,
    "schedules": _schedules,
    "schedule_feature": _schedules,
    "code_slots": _slots,
    "pin_credentials": _slots,
    "default_codes": _defaults,
    "local_control": _local,
    "latest_firmware": _release,
    "latest_zigbee_firmware": _release,
}
"""By the name of a curated fact: what it says of a lock."""
