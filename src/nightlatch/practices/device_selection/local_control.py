"""A lock that needs the vendor's servers stops when they do, and tells them about every entry."""

from __future__ import annotations

from typing import Any

from nightlatch.fixes import locks
from nightlatch.model.evidence import Fact, Grade
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.practices.dates import age_in_days
from nightlatch.practices.interface import Judgement, Practice, fails, passes, unknown

practice = Practice(
    "local-control",
    number=3,
    section=Section.DEVICE_SELECTION,
    severity=Severity.HIGH,
    title="Command the lock without a cloud",
    why="A lock that only its vendor's servers can command fails with the internet line, with the vendor's servers, "
    "and with the vendor; and whoever gets into those servers gets into the home.",
    standards=("ETSI EN 303 645 V3.1.3 5.9-2",),
)

test_age = practice.threshold(
    "offline-test-days", 365, unit="days", doc="the age of the last test without internet may be"
)

_LOCAL_RADIO = {"zwave": "Z-Wave", "zigbee": "Zigbee", "matter": "Matter"}


@practice.check(
    "local-path",
    per=Lock,
    advice=locks.use_local_path,
    title="Commands to the lock stay in the home",
    needs=(Lock.path, Lock.iot_class, Lock.radio),
    settled_by="the hub that commands the lock (Home Assistant names each integration's class), or your answer",
)
def local_path(lock: Lock, home: Home) -> Judgement:
    """Judge the way in use: a local one that is seen wins, then a cloud one, then what was declared."""
    radio, path, iot_class = lock.radio, lock.path, lock.iot_class
    if path is not None and _seen(path):
        if _says(path, "local"):
            return passes(path, iot_class, because="Commands to it stay in the home.")
        return _cloud_only(path, iot_class)
    if radio is not None and radio.value in _LOCAL_RADIO and _seen(radio):
        return passes(radio, path, because=f"It is commanded over {_LOCAL_RADIO[radio.value]}, inside the home.")
    if iot_class is not None and _seen(iot_class):
        if _says(iot_class, "local"):
            return passes(iot_class, path, because="An integration that works locally commands it.")
        if _says(iot_class, "cloud"):
            return _cloud_only(iot_class, path)
    if path is None:
        return unknown(iot_class, radio)
    if path.grade is Grade.CATALOGUED:
        return unknown(
            path, because="The catalogue knows how the model can be commanded, but nothing shows how this one is."
        )
    if path.value == "local":
        return passes(path, because="Commands to it stay in the home, you say.")
    return _cloud_only(path, None)


def _seen(fact: Fact[Any]) -> bool:
    return fact.grade is Grade.OBSERVED or fact.grade is Grade.RECORDED


def _says(fact: Fact[Any], way: str) -> bool:
    """Whether this fact, or other seen evidence of the same (a lock may be reached twice), says so."""
    return fact.value.startswith(way) or any(_seen(other) and other.value.startswith(way) for other in fact.others)


def _cloud_only(*evidence: Fact[Any] | None) -> Judgement:
    return fails(
        *evidence,
        because="Commands to it pass through the vendor's cloud: no local way is seen.",
        fix=locks.use_local_path,
    )


@practice.check(
    "works-offline",
    per=Lock,
    title="The lock was seen working with the internet cut off",
    needs=(Lock.works_offline_tested_on,),
    settled_by="a test: unplug the internet line, then lock and unlock by hub, keypad and app",
)
def works_offline(lock: Lock, home: Home) -> Judgement:
    """Judge by the last test; an old one proves nothing of today."""
    tested = lock.works_offline_tested_on
    if tested is None:
        return unknown()
    age = age_in_days(tested.value, home)
    if age > test_age.of(home):
        return unknown(
            tested, because=f"It last worked without internet on {tested.value}, {age} days ago: too long to rely on."
        )
    return passes(tested, because=f"It worked with the internet cut off on {tested.value}.")
