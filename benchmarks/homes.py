"""Makes homes up from a seed: the same seed gives the same home, another seed another.

Sizes are those of real homes: 1 to 8 locks, most have 1 to 3. Every field of the model is filled
from its own type, so a new field is generated without a word here; about one in five is unknown.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Literal, NamedTuple, get_args, get_origin

from nightlatch.model.door import Door
from nightlatch.model.evidence import Fact, Grade, Ref
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.kinds import KINDS
from nightlatch.model.lock import Lock
from nightlatch.model.network import Device, Wifi, Zone
from nightlatch.model.people import Account, Credential, Person, Vendor
from nightlatch.model.router import Router
from nightlatch.model.thing import Field, Thing
from nightlatch.model.values import HostContact, KnownVulnerability, PortMapping

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""The instant that these homes are judged for."""

KNOWN = 0.8
"""The share of the fields that something is known of."""

Sampler = Callable[[random.Random], Any]


class Size(NamedTuple):
    """How many things of each kind a home holds."""

    locks: int = 3
    hubs: int = 2
    zones: int = 4
    wifis: int = 3
    accounts: int = 6
    credentials: int = 20
    people: int = 4


TYPICAL = Size()
"""The home for which the time of judging one home is stated."""


def of_locks(locks: int) -> Size:
    """A home that is as large in everything as it has locks, for measuring growth."""
    return Size(locks, max(1, locks * 2 // 3), max(1, locks), max(1, locks), locks * 2, locks * 7, locks + 1)


def homes(seed: int, number: int) -> Iterator[Home]:
    """So many homes of realistic sizes, each made when it is asked for."""
    choose = random.Random(seed)
    for _ in range(number):
        locks = choose.choices(range(1, 9), (34, 26, 14, 9, 7, 5, 3, 2))[0]
        size = Size(
            locks,
            choose.randint(1, 3),
            choose.randint(1, 5),
            choose.randint(1, 4),
            choose.randint(1, 9),
            locks + choose.randint(0, 6 * locks),
            choose.randint(1, 6),
        )
        yield home(choose.randrange(2**32), size)


def home(seed: int, size: Size = TYPICAL) -> Home:
    """One home of a size, with one router."""
    choose = random.Random(seed)
    doors = [Ref("door", f"d{number}") for number in range(size.locks)]
    locks = [Ref("lock", f"l{number}") for number in range(size.locks)]
    hubs = [Ref("hub", f"h{number}") for number in range(size.hubs)]
    zones = [Ref("zone", f"z{number}") for number in range(size.zones)]
    router = Ref("router", "r")
    things: list[Thing] = [_make(choose, Door, door) for door in doors]
    for lock, door in zip(locks, doors, strict=True):
        places = {"door": door, "hub": choose.choice(hubs), "zone": choose.choice(zones)}
        things.append(_make(choose, Lock, lock, **places, **choose.choice(_MODELS)))
        things.append(_make(choose, Device, Ref("device", lock.key), zone=places["zone"]))
    for hub in hubs:
        things.append(_make(choose, Hub, hub, zone=choose.choice(zones)))
    things.append(_make(choose, Router, router))
    for number, zone in enumerate(zones):
        role = ("main", "iot", "guest", "wan", "other")[min(number, 4)]
        reached = tuple(choose.sample(zones, k=min(choose.randint(0, 2), len(zones))))
        things.append(
            _make(choose, Zone, zone, role=role, router=router, opens_to_v4=reached, opens_to_v6=reached, subnets=())
        )
    for number in range(size.wifis):
        things.append(_make(choose, Wifi, Ref("wifi", f"w{number}"), zone=choose.choice(zones)))
    for number in range(size.accounts):
        alike = f"fp:{choose.randrange(3 * size.accounts)}"
        account = Ref("account", f"a{number}")
        things.append(_make(choose, Account, account, hub=choose.choice(hubs), password_fingerprint=alike))
    for number in range(size.credentials):
        things.append(
            _make(
                choose,
                Credential,
                Ref("credential", f"c{number}"),
                lock=choose.choice(locks),
                slot=number + 1,
                fingerprint=f"fp:{choose.randrange(4 * size.credentials)}",
                near=(f"fp:{choose.randrange(4 * size.credentials)}",),
            )
        )
    things += [_make(choose, Person, Ref("person", f"p{number}")) for number in range(size.people)]
    things += [_make(choose, Vendor, Ref("vendor", name), name=name) for name in ("yale", "nuki")]
    facts = _facts(choose, Home, Ref("home", "home"), {"timezone": "Europe/Berlin", "journal_missing_locks": ()})
    return Home(NOW, things, facts=facts)


def _make(choose: random.Random, kind: type[Thing], ref: Ref, **fixed: Any) -> Thing:
    return kind(ref.key, _facts(choose, kind, ref, fixed))


def _facts(choose: random.Random, kind: type[Thing], ref: Ref, fixed: dict[str, Any]) -> dict[str, Fact[Any]]:
    facts = {}
    for name, sampler in _samplers(kind.kind):
        if name in fixed:
            value = fixed[name]
        elif sampler is None or choose.random() > KNOWN:
            continue
        else:
            value = sampler(choose)
        grade, source, at = choose.choice(_TOLD)
        facts[name] = Fact(ref, name, value, grade, source, at, f"{source}:{name}")
    return facts


_TOLD = (
    (Grade.OBSERVED, "zwavejs", NOW),
    (Grade.OBSERVED, "homeassistant", NOW),
    (Grade.RECORDED, "openwrt", NOW - timedelta(days=2)),
    (Grade.CATALOGUED, "catalogue", NOW - timedelta(days=90)),
    (Grade.DECLARED, "declared", NOW - timedelta(days=40)),
)


_MODELS: tuple[dict[str, str], ...] = (
    {"maker": "Yale", "model": "YRD256", "zwave_id": "0x0129:0x8004:0x0600"},
    {"maker": "Schlage", "model": "BE469ZP", "zwave_id": "0x003b:0x0001:0x0469"},
    {"maker": "Kwikset", "model": "Home Connect 620"},
    {"maker": "Danalock", "model": "V3-BTZB", "zigbee_model": "V3-BTZB"},
    {"maker": "Aqara", "model": "U200", "matter_id": "0x115f:0x2802"},
    {"maker": "Nuki", "model": "Smart Lock 3.0"},
    {"maker": "August", "model": "Smart Lock Pro"},
    {"maker": "Yale", "model": "Assure Lock 2"},
    {"maker": "Acme", "model": "3000"},
    {},
)
"""What is known of a lock's model: the catalogue's own, one that it does not know, and nothing."""

_OF_THE_MODEL = frozenset(f"lock.{name}" for name in ("maker", "model", "zwave_id", "zigbee_model", "matter_id"))


@cache
def _samplers(kind: str) -> tuple[tuple[str, Sampler | None], ...]:
    """What draws the value of every field; None for references, which `home` sets itself."""
    return tuple((name, _sampler(field)) for name, field in KINDS[kind].fields.items())


def _sampler(field: Field[Any]) -> Sampler | None:
    if field.path in _OF_THE_MODEL:
        return None
    if field.path in _OWN:
        return _OWN[field.path]
    if field.type in _BY_TYPE:
        return _BY_TYPE[field.type]
    if get_origin(field.type) is Literal:
        return _one_of(*get_args(field.type))
    if get_origin(field.type) is tuple:
        return _SEVERAL.get(get_args(field.type)[0], _some_words)
    return None


def _one_of(*values: Any) -> Sampler:
    return lambda choose: choose.choice(values)


def _day(choose: random.Random) -> date:
    return (NOW - timedelta(days=choose.randint(-30, 600))).date()


def _some_words(choose: random.Random) -> tuple[str, ...]:
    return ("one", "two")[: choose.randint(0, 2)]


def _port(choose: random.Random) -> PortMapping:
    return PortMapping("tcp", "8123", f"192.168.1.{choose.randint(2, 60)}", "8123")


def _vulnerability(choose: random.Random) -> KnownVulnerability:
    return KnownVulnerability(
        f"CVE-2024-{choose.randint(1000, 9999)}",
        choose.choice(("yes", "no", "cannot_tell", "possible")),
        "a stranger can unlock it",
        "radio",
        choose.choice(("critical", "high", "medium", "low")),
        fixed_in="2.1.0",
    )


def _contact(choose: random.Random) -> HostContact:
    return HostContact("example.com", "example", "cloud", choose.randint(1, 500))


def _up_to_two(one: Sampler) -> Sampler:
    return lambda choose: tuple(one(choose) for _ in range(choose.randint(0, 2)))


_BY_TYPE: dict[Any, Sampler] = {
    bool: _one_of(True, False),
    int: lambda choose: choose.randint(0, 100),
    str: _one_of("one", "two", "three"),
    date: _day,
    datetime: lambda choose: NOW + timedelta(days=choose.randint(-200, 400)),
}
_SEVERAL: dict[Any, Sampler] = {
    PortMapping: _up_to_two(_port),
    KnownVulnerability: _up_to_two(_vulnerability),
    HostContact: _up_to_two(_contact),
}
_ADDRESS: Sampler = lambda choose: f"192.168.1.{choose.randint(2, 60)}"  # noqa: E731  # one of the table's entries
_OWN: dict[str, Sampler] = {
    "home.needs": _up_to_two(_one_of("remote", "voice", "cloud", "upnp")),
    "home.alerts_on": _up_to_two(_one_of("failed_codes", "tamper", "low_battery", "offline")),
    "hub.software": _one_of("zwave-js", "zigbee2mqtt", "matter-server", "homeassistant"),
    "hub.address": _ADDRESS,
    "lock.address": _ADDRESS,
    "lock.emergency_power": _one_of("9V", "USB-C", "none"),
    "lock.iot_class": _one_of("local_push", "local_polling", "cloud_push", "cloud_polling"),
    "router.software": _one_of("openwrt", "routeros", "opnsense", "pfsense"),
    "router.version": _one_of("23.05.2", "23.05.3", "24.10.1"),
    "router.latest_version": _one_of("23.05.3", "24.10.1"),
    "door.screws_mm": _one_of(25, 50, 75, 90),
    "wifi.phrase_score": _one_of(0, 1, 2, 3, 4),
    "account.service": _one_of("yale", "nuki", "homeassistant", "router"),
    "account.password_score": _one_of(0, 1, 2, 3, 4),
    "account.password_reused": _one_of(0, 0, 0, 1, 3),
    "credential.length": _one_of(4, 5, 6, 8),
    "credential.person": _one_of("Ana", "Ben", "Cem", "nobody"),
    "credential.default": _one_of(False, False, False, True),
    "credential.weaknesses": _up_to_two(_one_of("year", "common (rank 3)")),
}
