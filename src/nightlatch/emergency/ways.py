"""The ways in that a resident has through one lock, and which failures each survives."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from nightlatch.emergency.answers import Answer, all_of, any_of
from nightlatch.emergency.failures import BATTERY, FAILURES, INTERNET, JAM, POWER_CUT
from nightlatch.model.door import Door
from nightlatch.model.evidence import Fact, as_set
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import NO_POWER, Lock
from nightlatch.model.people import Account, Credential
from nightlatch.model.router import Router

AnyFact = Fact[Any] | None

PINS = frozenset(("pin",))
TOUCH = frozenset(("tag", "fingerprint", "face"))
SHARES = frozenset(("app",))
"""Forms of credentials. A master code programs the lock; it is not counted as a way in."""

KEY_TEXTS = {
    "trusted_person": "the key that a trusted person holds",
    "key_safe": "the key in the key safe",
    "off_site": "the key kept elsewhere",
    "hidden_outside": "the key hidden outside",
}
"""Places of a spare key that somebody locked out can get at."""


class Means(StrEnum):
    """How a resident gets in."""

    KEY = "key"
    CODE = "code"
    PHONE = "phone"
    HUB = "hub"
    OPENS = "opens"
    OTHER_WAY = "other_way"
    OTHER_DOOR = "other_door"


class Way(msgspec.Struct, frozen=True):
    """One way in.

    `stands` says whether it exists while nothing fails, `after` whether it is there after each of
    FAILURES. `evidence` shows the former, `hinges` by place in FAILURES what the latter depends on.
    `missing` says in words what is not known where `stands` is None; empty where only what it hinges
    on is not known.
    """

    means: Means
    text: str
    stands: Answer
    after: tuple[Answer, ...]
    evidence: tuple[AnyFact, ...] = ()
    hinges: Mapping[int, tuple[AnyFact, ...]] = {}
    missing: str = ""


NEVER: tuple[Answer, ...] = (False,) * len(FAILURES)
ALWAYS: tuple[Answer, ...] = (True,) * len(FAILURES)
UNSURE: tuple[Answer, ...] = (None,) * len(FAILURES)


class Residents(msgspec.Struct, frozen=True):
    """What residents hold, by lock and by hub. Indexed once per home."""

    credentials: Mapping[str, tuple[Credential, ...]]
    accounts: Mapping[str, tuple[Account, ...]]


def residents(home: Home) -> Residents:
    """The index of a home; read it with `home.cached(residents)`."""
    credentials: dict[str, list[Credential]] = {}
    for credential in home.all(Credential):
        if credential.lock is not None:
            credentials.setdefault(credential.lock.value.key, []).append(credential)
    accounts: dict[str, list[Account]] = {}
    for account in home.all(Account):
        if account.hub is not None:
            accounts.setdefault(account.hub.value.key, []).append(account)
    return Residents(
        {key: tuple(items) for key, items in credentials.items()},
        {key: tuple(items) for key, items in accounts.items()},
    )


def through(lock: Lock, door: Door | None, home: Home) -> tuple[Way, ...]:
    """The ways in through one lock, also those of which it is not known whether they stand."""
    index = home.cached(residents)
    held = index.credentials.get(lock.ref.key, ())
    revived = _revived(lock)
    ways = [
        by_key(door, lock),
        _by_code(lock, held, home, revived),
        _by_phone(lock, held, home, revived),
        _by_hub(lock, index, home, revived),
    ]
    if lock.on_flat_battery is not None and lock.on_flat_battery.value == "unlocks":
        after = (True, *NEVER[1:])
        ways.append(Way(Means.OPENS, "the lock opens by itself", False, after, (lock.on_flat_battery,)))
    return tuple(ways)


def by_key(door: Door | None, lock: Lock | None) -> Way:
    """The mechanical key; a key that is kept within reach shows by itself that there is a keyhole.

    Whether it moves a jammed bolt is never known ahead of time.
    """
    cylinder = lock.can_cylinder if lock is not None else None
    spare = door.backup_key if door is not None else None
    if cylinder is not None and not cylinder.value:
        return Way(Means.KEY, "a key", False, NEVER, (cylinder,))
    if spare is None:
        return Way(Means.KEY, "a key", None, UNSURE, (cylinder,), missing="where the spare key is")
    text = KEY_TEXTS.get(spare.value)
    if text is None:
        return Way(Means.KEY, "a key", False, NEVER, (spare, cylinder))
    return Way(Means.KEY, text, True, (*ALWAYS[:JAM], None), (spare, cylinder))


def _by_code(lock: Lock, held: tuple[Credential, ...], home: Home, revived: Answer) -> Way:
    pin, shown = _held(held, PINS, home)
    tag, tags = _held(held, TOUCH, home)
    if lock.can_keypad is not None and not lock.can_keypad.value:
        pin = False
    elif pin is False and not (lock.codes_read is not None and lock.codes_read.value):
        pin = None
    stands = any_of((pin, tag))
    return Way(
        Means.CODE,
        "a resident's tag or finger" if tag and not pin else "a resident's code",
        stands,
        (
            all_of((stands, revived)),
            stands,
            stands,
            stands,
            stands,
            stands,
            False if tag is False else None,
            False,
        ),
        (*shown, *tags, lock.can_keypad, lock.codes_read),
        {BATTERY: (lock.emergency_power,)},
        missing="" if stands is not None else "whether a resident has a code on the lock",
    )


def _by_phone(lock: Lock, held: tuple[Credential, ...], home: Home, revived: Answer) -> Way:
    said = as_set(lock.opens_by_phone)
    share, shares = _held(held, SHARES, home)
    direct = None if said is None else said.value
    stands = any_of((direct, share))
    return Way(
        Means.PHONE,
        "a resident's phone",
        stands,
        (
            all_of((stands, revived)),
            stands,
            all_of((stands, direct or _local(lock))),
            stands,
            False,
            None if stands is not False else False,
            stands,
            False,
        ),
        (said, *shares),
        {BATTERY: (lock.emergency_power,), INTERNET: (lock.path, lock.iot_class)},
        missing="" if stands is not None else "whether a resident's phone opens the lock directly",
    )


def _by_hub(lock: Lock, index: Residents, home: Home, revived: Answer) -> Way:
    hub = home.follow(lock.hub, Hub)
    shown: list[AnyFact] = []
    if hub is not None:
        shown = [
            one.opens_door for one in index.accounts.get(hub.ref.key, ()) if one.opens_door and one.opens_door.value
        ]
        if hub.needed_to_enter is not None and hub.needed_to_enter.value:
            shown.append(hub.needed_to_enter)
    stands: Answer = True if shown else None
    powered, ups = _on_ups(hub, home)
    return Way(
        Means.HUB,
        "a resident's phone through the hub",
        stands,
        (
            all_of((stands, revived)),
            all_of((stands, powered)),
            all_of((stands, _local(lock))),
            False,
            False,
            False,
            stands,
            False,
        ),
        (lock.hub, *shown),
        {BATTERY: (lock.emergency_power,), POWER_CUT: ups, INTERNET: (lock.path, lock.iot_class)},
        missing="" if stands else "whether a resident can open the lock through a hub",
    )


def _held(held: tuple[Credential, ...], forms: frozenset[str], home: Home) -> tuple[Answer, tuple[AnyFact, ...]]:
    """Whether a resident holds one of these forms that works now, and what shows it."""
    answer: Answer = False
    shown: tuple[AnyFact, ...] = ()
    for credential in held:
        form, enabled, ends, role = credential.form, credential.enabled, credential.ends, credential.role
        if form is not None and form.value not in forms:
            continue
        if (ends is not None and ends.value <= home.at) or (enabled is not None and not enabled.value):
            continue
        if role is not None and role.value != "resident":
            continue
        timed = credential.scheduled is not None and credential.scheduled.value
        if role is not None and form is not None and enabled is not None and not timed:
            return True, (form, enabled, role)
        if answer is False and (form is not None or forms is PINS):
            answer, shown = None, (form, enabled, role)
    return answer, shown


def _revived(lock: Lock) -> Answer:
    """Whether the lock can be powered from outside when its battery is flat."""
    power = lock.emergency_power
    return None if power is None else power.value.strip().lower() not in NO_POWER


def _local(lock: Lock) -> Answer:
    """Whether commands to the lock go without the internet."""
    path = as_set(lock.path)
    if path is not None:
        return path.value == "local"
    if lock.iot_class is not None:
        reach = lock.iot_class.value.partition("_")[0]
        return True if reach == "local" else False if reach == "cloud" else None
    return None


def _on_ups(hub: Hub | None, home: Home) -> tuple[Answer, tuple[AnyFact, ...]]:
    """Whether the hub and a router to reach it by keep running in a power cut."""
    facts: list[AnyFact] = [router.on_ups for router in home.all(Router)]
    routers = any_of(None if fact is None else fact.value for fact in facts) if facts else None
    battery = hub.on_ups if hub is not None else None
    return all_of((None if battery is None else battery.value, routers)), (battery, *facts)
