"""Homes made at random: any fact known or not, of any grade, with any value that its field takes."""

from __future__ import annotations

import types
import typing
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, get_args, get_origin

from hypothesis import strategies as st

from nightlatch.model.evidence import Fact, Gap, Grade, Ref
from nightlatch.model.home import Home, SourceState
from nightlatch.model.kinds import KINDS
from nightlatch.model.thing import Field, Thing
from nightlatch.model.values import HostContact, KnownVulnerability, PortMapping
from tests.unit.practices.builder import NOW

KEYS = ("a", "b", "zwavejs:3", "matter:1/5", "zigbee2mqtt:0x000d6f0011223344")
REFERS = {"opens_to_v4": "zone", "opens_to_v6": "zone", "locks": "lock", "journal_missing_locks": "lock"}
WORDS = ("", "none", "x", "zwave-js", "zigbee2mqtt", "homeassistant", "matter-server", "Yale", "YRD450", "fp:1", "fp:2")
ADDRESSES = ("192.168.1.5", "192.168.20.7:8123", "[fd00::1]:80", "localhost", "hub.lan:1", "127.0.0.1:3000", "::", "[")
EXACT = {
    "address": ADDRESSES,
    "subnets": ("192.168.1.0/24", "fd00::/64", "dynamic", ""),
    "zwave_id": ("0x0129:0x8104:0x45d5", "0x003b:0x6341:0x5044", "nonsense"),
    "zigbee_model": ("YRD226HA2619", "nonsense"),
    "matter_id": ("0x101d:0x0001", "nonsense"),
    "version": ("23.05.3", "24.10.1", "SNAPSHOT"),
    "latest_version": ("23.05.3", "24.10.1", "newest"),
    "iot_class": ("local_push", "cloud_polling", "assumed_state"),
    "service": ("yale", "homeassistant", "router"),
}
INSTANTS = st.integers(-800, 800).map(lambda days: NOW + timedelta(days=days))


def _plain(name: str, annotation: Any) -> st.SearchStrategy[Any]:
    if annotation is bool:
        return st.booleans()
    if annotation is int:
        return st.integers(-1, 12) | st.integers(0, 1000)
    if annotation is str:
        return st.sampled_from(EXACT.get(name, WORDS))
    if annotation is datetime:
        return INSTANTS
    if annotation is date:
        return INSTANTS.map(lambda instant: instant.date())
    if annotation is Ref:
        return st.sampled_from(KEYS).map(lambda key: Ref(REFERS.get(name, name), key))
    if get_origin(annotation) is Literal:
        return st.sampled_from(get_args(annotation))
    if get_origin(annotation) is tuple:
        return st.lists(_plain(name, get_args(annotation)[0]), max_size=3).map(tuple)
    if get_origin(annotation) in (typing.Union, types.UnionType):
        return st.one_of(*(_plain(name, part) for part in get_args(annotation)))
    if annotation in (KnownVulnerability, PortMapping, HostContact):
        hints = typing.get_type_hints(annotation)
        return st.builds(annotation, **{key: _plain(key, hint) for key, hint in hints.items()})
    if annotation is types.NoneType:
        return st.none()
    raise AssertionError(f"{name}: no values for {annotation}")


VALUES = {field.path: _plain(field.name, field.type) for kind in KINDS.values() for field in kind.fields.values()}


@st.composite
def _facts(draw: st.DrawFn, kind: type[Thing], key: str) -> dict[str, Fact[Any]]:
    chosen = draw(st.lists(st.sampled_from(list(kind.fields.values())), unique=True, max_size=len(kind.fields)))
    return {field.name: draw(_fact(kind, key, field)) for field in chosen}


@st.composite
def _fact(draw: st.DrawFn, kind: type[Thing], key: str, field: Field[Any]) -> Fact[Any]:
    grade = draw(st.sampled_from(list(Grade)))
    value = draw(VALUES[field.path])
    at = NOW - timedelta(days=draw(st.integers(0, 400)))
    return Fact(Ref(kind.kind, key), field.name, value, grade, "random", at, "random:1")


@st.composite
def homes(draw: st.DrawFn) -> Home:
    """A home with up to three things of each kind."""
    things = []
    for kind in KINDS.values():
        if kind is Home:
            continue
        for key in draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=3)):
            gap = Gap((f"{kind.kind}.name",), "it was refused", "a permission")
            gaps = dict.fromkeys(draw(st.lists(st.sampled_from(list(kind.fields)), max_size=2)), (gap,))
            things.append(kind(key, draw(_facts(kind, key)), keys=(key,), gaps=gaps))
    facts = draw(_facts(Home, "home"))
    failed = SourceState("test", "test", "failed", 0, "it hung", "Start it.", frozenset(VALUES))
    sources = draw(st.sampled_from([(), (failed,)]))
    return Home(datetime(2026, 11, 22, 12, tzinfo=UTC), things, facts=facts, sources=sources)
