"""What the attributes of a Matter lock say: identity, settings, state and battery.

Attribute numbers and their meaning are those of the Matter Application Cluster Specification 1.3: Basic
Information (0x28), Operational Credentials (0x3E), Power Source (0x2F), OTA Requestor (0x2A), Door Lock (0x101).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from nightlatch.ecosystems._matter.attributes import FEATURE_MAP, Attributes
from nightlatch.ecosystems._matter.server import DOOR_LOCK
from nightlatch.model.evidence import Claim, Ref
from nightlatch.model.lock import Lock
from nightlatch.model.thing import Field

_BASIC, _BRIDGED, _OTA, POWER, _CREDENTIALS = 40, 57, 42, 47, 62

PIN, TAGS, WEEK_DAYS, DOOR_SENSOR, OVER_THE_AIR, USERS, YEAR_DAYS = (1 << bit for bit in (0, 1, 4, 5, 7, 8, 10))
"""Bits of the Door Lock FeatureMap."""
_BATTERY = 1 << 1
"""Bit of the Power Source FeatureMap."""

FIELDS = (
    *(Lock.name, Lock.maker, Lock.model, Lock.matter_id, Lock.serial, Lock.firmware, Lock.controllers),
    *(Lock.wrong_code_limit, Lock.wrong_code_lockout_s, Lock.auto_relock_s, Lock.one_touch, Lock.pin_for_remote),
    *(Lock.local_programming, Lock.pin_over_air, Lock.operating_mode, Lock.language, Lock.can_keypad, Lock.can_update),
    *(Lock.can_report_wrong_code, Lock.can_schedule, Lock.code_slots, Lock.code_length_min, Lock.code_length_max),
    *(Lock.bolt, Lock.door_open, Lock.battery_percent, Lock.battery_low, Lock.battery_type, Lock.update_available),
)

FABRICS = (f"0/{_CREDENTIALS}/1", f"0/{_CREDENTIALS}/5")
"""Where a lock tells its fabrics, and which of them is the server's own."""

Bolt = Literal["thrown", "retracted", "jammed", "unknown"]
_BOLTS: tuple[Bolt, ...] = ("unknown", "thrown", "retracted", "retracted")  # not fully locked, locked, un-, unlatched
_DOOR_OPEN = {0: True, 1: False, 3: True, 5: True}  # open, closed, forced open, ajar; 2 jammed and 4 error tell neither
_MODES = ("normal", "vacation", "privacy", "no_remote", "passage")
_UPDATING = {4: "downloading", 5: "applying", 6: "waiting to apply", 8: "waiting for your consent"}


def paths(attributes: Attributes, endpoint: int) -> list[str]:
    """What to read from the device now: everything that `claims` looks at."""
    clusters = [(0, _BASIC), (0, _OTA), (endpoint, _BRIDGED), (endpoint, DOOR_LOCK)]
    if (power := battery_endpoint(attributes, endpoint)) is not None:
        clusters.append((power, POWER))
    known = {tuple(path.split("/")[:2]) for path in attributes.values}
    wanted = [f"{at}/{cluster}/*" for at, cluster in clusters if (str(at), str(cluster)) in known]
    # Not the whole cluster: the rest of it is certificates.
    return [*wanted, *FABRICS]


def features(attributes: Attributes, endpoint: int) -> int | None:
    """The Door Lock FeatureMap; None when the lock does not tell it."""
    return attributes.number(f"{endpoint}/{DOOR_LOCK}/{FEATURE_MAP}")


def own_fabric(attributes: Attributes) -> int | None:
    """The index under which the lock knows the server's own fabric."""
    return attributes.number(f"0/{_CREDENTIALS}/5")


def fabrics(attributes: Attributes) -> dict[int, str] | None:
    """The fabrics paired with the lock, by index, each in words; None when the lock does not tell them."""
    entries = attributes.entries(f"0/{_CREDENTIALS}/1")
    if entries is None:
        return None
    own = own_fabric(attributes)
    found = {}
    for entry in entries:
        index, vendor, label = entry.get("254"), entry.get("2"), entry.get("5")
        if isinstance(index, int) and isinstance(vendor, int):
            name = "this Matter server" if index == own else f"{label or 'a controller'}"
            found[index] = f"{name[:64]} (vendor 0x{vendor:04x}, fabric {index})"
    return found


def serial(attributes: Attributes, endpoint: int) -> str | None:
    """The serial number of the lock itself: a bridged one tells it on its own endpoint."""
    if _bridged(attributes, endpoint):
        return attributes.text(f"{endpoint}/{_BRIDGED}/15")
    return attributes.text(f"0/{_BASIC}/15")


def claims(lock: Ref, attributes: Attributes, endpoint: int) -> Iterator[Claim]:
    """Everything that the attributes of the lock on `endpoint` say."""
    yield from _identity(lock, attributes, endpoint)
    yield from _settings(lock, attributes, endpoint)
    yield from _state(lock, attributes, endpoint)
    yield from _power(lock, attributes, endpoint)


def _identity(lock: Ref, attributes: Attributes, endpoint: int) -> Iterator[Claim]:
    base = f"{endpoint}/{_BRIDGED}" if _bridged(attributes, endpoint) else f"0/{_BASIC}"
    texts: tuple[tuple[Field[str], int, str], ...] = (
        (Lock.maker, 1, "VendorName"),
        (Lock.model, 3, "ProductName"),
        (Lock.firmware, 10, "SoftwareVersionString"),
        (Lock.serial, 15, "SerialNumber"),
    )
    for field, number, name in texts:
        if (text := attributes.text(f"{base}/{number}")) is not None:
            yield attributes.claim(field, lock, text, f"{base}/{number}", name)
    for number, name in ((5, "NodeLabel"), (3, "ProductName")):
        if (text := attributes.text(f"{base}/{number}")) is not None:
            yield attributes.claim(Lock.name, lock, text, f"{base}/{number}", name)
            break
    vendor, product = attributes.number(f"{base}/2"), attributes.number(f"{base}/4")
    if vendor is not None and product is not None:
        value = f"0x{vendor:04x}:0x{product:04x}"
        yield attributes.claim(Lock.matter_id, lock, value, f"{base}/4", "VendorID and ProductID")
    known = fabrics(attributes)
    if known is not None:
        path = f"0/{_CREDENTIALS}/1"
        yield attributes.claim(Lock.controllers, lock, tuple(known.values()), path, "Fabrics")
    state = attributes.number(f"0/{_OTA}/2")
    if state is not None and not _bridged(attributes, endpoint):
        yield attributes.claim(Lock.can_update, lock, True, f"0/{_OTA}/2", "it has the OTA Requestor cluster")
        if state in _UPDATING:
            yield attributes.claim(Lock.update_available, lock, True, f"0/{_OTA}/2", f"UpdateState: {_UPDATING[state]}")


def _settings(lock: Ref, attributes: Attributes, endpoint: int) -> Iterator[Claim]:
    base = f"{endpoint}/{DOOR_LOCK}"
    numbers: tuple[tuple[Field[int], int, str], ...] = (
        (Lock.auto_relock_s, 35, "AutoRelockTime"),
        (Lock.wrong_code_limit, 48, "WrongCodeEntryLimit"),
        (Lock.wrong_code_lockout_s, 49, "UserCodeTemporaryDisableTime"),
    )
    for field, number, name in numbers:
        if (value := attributes.number(f"{base}/{number}")) is not None:
            yield attributes.claim(field, lock, value, f"{base}/{number}", name)
    flags: tuple[tuple[Field[bool], int, str], ...] = (
        (Lock.local_programming, 40, "EnableLocalProgramming"),
        (Lock.one_touch, 41, "EnableOneTouchLocking"),
        (Lock.pin_over_air, 50, "SendPINOverTheAir"),
        (Lock.pin_for_remote, 51, "RequirePINforRemoteOperation"),
    )
    for flag, number, name in flags:
        if (on := attributes.flag(f"{base}/{number}")) is not None:
            yield attributes.claim(flag, lock, on, f"{base}/{number}", name)
    if (mode := attributes.number(f"{base}/37")) is not None and mode < len(_MODES):
        yield attributes.claim(Lock.operating_mode, lock, _MODES[mode], f"{base}/37", "OperatingMode")
    if (language := attributes.text(f"{base}/33")) is not None:
        yield attributes.claim(Lock.language, lock, language, f"{base}/33", "Language")
    yield from _abilities(lock, attributes, base, features(attributes, endpoint))


def _abilities(lock: Ref, attributes: Attributes, base: str, bits: int | None) -> Iterator[Claim]:
    """What follows from the FeatureMap, which is trusted where a list of accepted commands may say otherwise."""
    if bits is None:
        return
    path = f"{base}/{FEATURE_MAP}"

    def told(field: Field[bool], value: bool, why: str) -> Claim:
        return attributes.claim(field, lock, value, path, f"FeatureMap 0x{bits:x}: {why}")

    typed = bool(bits & (PIN | TAGS))
    yield told(Lock.can_report_wrong_code, typed, "locks with PINs or tags must report failed attempts")
    yield told(Lock.can_schedule, bool(bits & (WEEK_DAYS | YEAR_DAYS)), "schedules of users")
    if not bits & PIN:
        yield told(Lock.can_keypad, False, "no PINs")
        return
    if bits & USERS and attributes.flag(f"{base}/50") is None:
        yield told(Lock.pin_over_air, False, "a lock with user management never tells a PIN")
    for field, number, name in (
        (Lock.code_slots, 18, "NumberOfPINUsersSupported"),
        (Lock.code_length_max, 23, "MaxPINCodeLength"),
        (Lock.code_length_min, 24, "MinPINCodeLength"),
    ):
        if (value := attributes.number(f"{base}/{number}")) is not None:
            yield attributes.claim(field, lock, value, f"{base}/{number}", name)


def _state(lock: Ref, attributes: Attributes, endpoint: int) -> Iterator[Claim]:
    base = f"{endpoint}/{DOOR_LOCK}"
    state = attributes.number(f"{base}/0")
    if state is not None and state < len(_BOLTS):
        yield attributes.claim(Lock.bolt, lock, _BOLTS[state], f"{base}/0", "LockState")
    door, bits = attributes.number(f"{base}/3"), features(attributes, endpoint)
    if door in _DOOR_OPEN and bits is not None and bits & DOOR_SENSOR:
        yield attributes.claim(Lock.door_open, lock, _DOOR_OPEN[door], f"{base}/3", "DoorState")


def _power(lock: Ref, attributes: Attributes, endpoint: int) -> Iterator[Claim]:
    power = battery_endpoint(attributes, endpoint)
    if power is None:
        return
    base = f"{power}/{POWER}"
    half_percents = attributes.number(f"{base}/12")
    if half_percents is not None and half_percents <= 200:
        yield attributes.claim(Lock.battery_percent, lock, half_percents // 2, f"{base}/12", "BatPercentRemaining")
    level, replace = attributes.number(f"{base}/14"), attributes.flag(f"{base}/15")
    if level is not None or replace is not None:
        low = bool(level) or bool(replace)
        path = f"{base}/14" if level is not None else f"{base}/15"
        yield attributes.claim(Lock.battery_low, lock, low, path, "BatChargeLevel, BatReplacementNeeded")
    kind, quantity = attributes.text(f"{base}/19"), attributes.number(f"{base}/25")
    if kind is not None:
        value = f"{quantity}×{kind}" if quantity else kind
        yield attributes.claim(Lock.battery_type, lock, value, f"{base}/19", "BatReplacementDescription, BatQuantity")


def battery_endpoint(attributes: Attributes, endpoint: int) -> int | None:
    """Where the lock's battery is told: on its own endpoint, else on the node's root if it is no bridge."""
    candidates = [endpoint] if _bridged(attributes, endpoint) else [endpoint, 0, *attributes.endpoints(POWER)]
    for one in candidates:
        bits = attributes.number(f"{one}/{POWER}/{FEATURE_MAP}")
        if bits is not None and bits & _BATTERY:
            return one
    return None


def _bridged(attributes: Attributes, endpoint: int) -> bool:
    return endpoint in attributes.endpoints(_BRIDGED)
