"""Mosquitto's configuration and access list: who may come in, and who may touch the locks' topics.

Source of the meaning of each line: mosquitto.conf(5) of Mosquitto 2.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from paho.mqtt.client import topic_matches_sub

from nightlatch.model.evidence import Claim, Grade, Item, Ref
from nightlatch.model.hub import Hub
from nightlatch.model.thing import Field
from nightlatch.plugs import Plug
from nightlatch.reading.files import MIB, modified, read_text
from nightlatch.reading.structured import lines

_LIMIT = MIB
_SETTINGS = ("mosquitto.conf",)
_LISTS = ("acl", "aclfile", "acl.conf", "acl_file", "mosquitto.acl", "accesscontrollist")
_MOST_PARTS = 50


def items(plug: Plug, hub: Ref, data: Path, topics: Sequence[str], own_user: str | None) -> Iterator[Item]:
    """What the broker's files in or next to a data folder say. `topics` are those that carry codes to locks.

    `own_user` is the hub's account. ReadError when a file cannot be used.
    """
    path = _find(data, _SETTINGS)
    lines = _settings(path) if path else []
    admitted = _anonymous(lines)
    if path and admitted:
        yield _claim(Hub.mqtt_anonymous, hub, admitted[0], admitted[1], path)
    named = next((one for one in lines if one.word == "acl_file"), None)
    # A list that lies about but that the configuration does not name is not in force.
    beside = path.parent / Path(named.value).name if path and named else None
    listed = beside if path else _find(data, _LISTS)
    if listed and listed.is_file():
        yield _access(hub, _rules(listed), topics, own_user, anonymous=not admitted or admitted[0], path=listed)
    elif path and named:
        yield plug.gap(
            Hub.mqtt_acl,
            reason=f"the access list that {named.where} names is not next to {path.name}",
            settle=f"the file {Path(named.value).name} next to {path.name}",
            about=hub,
        )
    elif path and not any(one.word.startswith(("plugin", "auth_plugin", "include_dir")) for one in lines):
        yield _claim(Hub.mqtt_acl, hub, False, f"{path.name} (no acl_file, so every client may use every topic)", path)


def _access(
    hub: Ref, rules: list[_Rule], topics: Sequence[str], own_user: str | None, *, anonymous: bool, path: Path
) -> Claim:
    """Whether clients that were not named in the list are kept off the locks' topics."""
    for topic in topics:
        for user in ("", "*") if anonymous else ("*",):
            if rule := _granted(rules, user, topic):
                who = "every client" if rule.user == "*" else "clients without a password"
                return _claim(Hub.mqtt_acl, hub, False, f"{rule.where} ({who}: {rule.access} {rule.topic})", path)
    named = {one.user for one in rules if one.user not in ("", "*")}
    others = sorted(
        user for user in named if user != own_user and any(_granted(rules, user, topic) for topic in topics)
    )
    detail = f"besides the hub: {', '.join(others[:10])}" if others else "nobody but the hub"
    return _claim(Hub.mqtt_acl, hub, True, f"{path.name} ({detail})", path)


def _claim(field: Field[bool], hub: Ref, value: bool, where: str, path: Path) -> Claim:
    return field.claim(hub, value, where=where, at=modified(path), grade=Grade.RECORDED)


class _Setting(msgspec.Struct, frozen=True):
    """One line of a configuration: its word, the rest, and where it stands."""

    word: str
    value: str
    where: str


class _Rule(msgspec.Struct, frozen=True):
    """One line of an access list. `user` is a name, "" for clients without a name, "*" for everybody."""

    user: str
    access: str
    topic: str
    where: str


def _folders(data: Path) -> Iterator[Path]:
    """Where a broker's files may lie, seen from a Zigbee2MQTT data folder: in it, beside it, above it."""
    for base in (data, data.parent):
        yield base
        yield base / "mosquitto"
        yield base / "mosquitto" / "config"


def _find(data: Path, names: tuple[str, ...]) -> Path | None:
    """The first file of one of these names in or next to a data folder."""
    return next((folder / name for folder in _folders(data) for name in names if (folder / name).is_file()), None)


def _settings(path: Path) -> list[_Setting]:
    """The lines of a mosquitto.conf and of the files in the folder that it includes. ReadError when unusable."""
    found: list[_Setting] = []
    for setting in _lines(path):
        found.append(setting)
        part = path.parent / Path(setting.value).name if setting.word == "include_dir" else None
        if part and part.is_dir():
            for one in sorted(part.glob("*.conf"))[:_MOST_PARTS]:
                found += _lines(one)
    return found


def _lines(path: Path) -> Iterator[_Setting]:
    for number, line in lines(read_text(path, limit=_LIMIT), where=str(path)):
        word, _, value = line.strip().partition(" ")
        if word and not word.startswith("#"):
            yield _Setting(word, value.strip(), f"{path.name}:{number}")


def _anonymous(found: list[_Setting]) -> tuple[bool, str] | None:
    """Whether clients without a password come in, and where that is said; None when it is not.

    Since Mosquitto 2.0 a configured listener refuses them unless told otherwise.
    """
    told = [one for one in found if one.word == "allow_anonymous"]
    for one in told:
        if one.value == "true":
            return True, f"{one.where} (allow_anonymous true)"
    if told:
        return False, f"{told[0].where} (allow_anonymous {told[0].value})"
    listener = next((one for one in found if one.word in ("listener", "port")), None)
    return (False, f"{listener.where} ({listener.word}, no allow_anonymous)") if listener else None


def _rules(path: Path) -> list[_Rule]:
    """The lines of an access list. ReadError when unusable."""
    found: list[_Rule] = []
    user = ""
    for setting in _lines(path):
        if setting.word == "user":
            user = setting.value
        elif setting.word in ("topic", "pattern"):
            access, _, topic = setting.value.partition(" ")
            if access not in ("read", "write", "readwrite", "deny"):
                access, topic = "readwrite", setting.value
            if setting.word == "pattern":
                # %u and %c stand for the client's own names, which it can choose or be given.
                topic = topic.replace("%u", "+").replace("%c", "+")
            found.append(_Rule("*" if setting.word == "pattern" else user, access, topic.strip(), setting.where))
    return found


def _granted(found: list[_Rule], user: str, topic: str) -> _Rule | None:
    """The rule by which a user ("" for a client without a name) may read or write a topic, or None."""
    fitting = [one for one in found if one.user in (user, "*") and topic_matches_sub(one.topic, topic)]
    if any(one.access == "deny" for one in fitting):
        return None
    return next(iter(fitting), None)
