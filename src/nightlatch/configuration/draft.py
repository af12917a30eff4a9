"""Writes a first, commented `nightlatch.toml` from what was found and said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from zoneinfo import available_timezones

import msgspec
import tomlkit


class DoorDraft(msgspec.Struct, frozen=True):
    """A door, the lock on it, and how sources know that lock."""

    id: str
    name: str
    lock_name: str = ""
    model: str = ""
    bind: tuple[str, ...] = ()


class SourceDraft(msgspec.Struct, frozen=True):
    """A source with its settings, and what the owner should know of it."""

    kind: str
    settings: Mapping[str, str]
    note: str = ""


HEAD = """\
# The home that Nightlatch looks after. Paths are relative to this file.
# Secrets are never written here: use "env:NAME", "file:PATH" (mode 0600) or "keyring:NAME".
"""
LATER = """
# More sources, when you have them (each has a page in the documentation, docs/sources):
#
# [[sources]]
# kind = "openwrt"                     # or mikrotik, opnsense, pfsense: a backup or export of the router
# path = "router-backup.tar.gz"
#
# [[sources]]
# kind = "bitwarden"                   # or keepass, 1password, browser-csv: an export of your passwords
# path = "vault.json"                  # only strength and reuse leave it
# password = "env:VAULT_PASSWORD"      # for an encrypted export
#
# What only you can tell is asked by `nightlatch answer`, and what you accept is noted by `nightlatch waive`.
"""
GUARDING = """
# For standing guard with `nightlatch run` (docs/running.md):
#
# [[people]]                           # who has which codes, each as LOCK/SLOT
# id = "ana"
# name = "Ana Silva"
# credentials = [{slot}]
#
# [[alerts.channels]]                  # try it with `nightlatch alerts test`
# id = "phone"
# url = "file:secrets/phone"           # holds an apprise URL, such as ntfys://ntfy.sh/TOPIC
#
# [[autolock]]
# lock = {lock}
# after = "3m"                         # closed and unlocked for so long, then it is locked
#
# [journal]
# retention_days = 365                 # then contents are dropped, and hashes kept
#
# [[journal.witnesses]]                # on another disk: shows when this machine's journal was put back or cut off
# kind = "file"
# path = "/mnt/usb/nightlatch/checkpoints"
#
# [entities]                           # what Home Assistant shows of Nightlatch, by MQTT
# url = "mqtt://192.168.1.5:1883"
#
# [service]
# port = 5625                          # /health, /ready and /metrics, on this machine alone
"""


def draft(name: str, timezone: str, doors: Iterable[DoorDraft], sources: Iterable[SourceDraft]) -> str:
    """The file's text."""
    given = list(doors)
    first = given[0].id if given else "front"
    parts = [HEAD, f"[home]\nname = {text(name)}\ntimezone = {text(timezone)}\n"]
    for door in given:
        parts.append(f"[[doors]]\nid = {text(door.id)}\nname = {text(door.name)}\nexterior = true\n")
        lock = [f"[[locks]]\nid = {text(door.id)}\ndoor = {text(door.id)}"]
        if door.lock_name:
            lock.append(f"name = {text(door.lock_name)}")
        lock.append(
            f"model = {text(door.model)}"
            if door.model
            else '# model = "Yale YRD450"              # only where no source tells it'
        )
        if door.bind:
            lock.append(f"bind = [{', '.join(text(key) for key in door.bind)}]")
        parts.append("\n".join(lock) + "\n")
    for source in sources:
        note = "".join(f"# {line}\n" for line in source.note.splitlines())
        settings = "".join(f"{key} = {text(value)}\n" for key, value in source.settings.items())
        parts.append(f"{note}[[sources]]\nkind = {text(source.kind)}\n{settings}")
    return "\n".join(parts) + LATER + GUARDING.format(lock=text(first), slot=text(f"{first}/3"))


def timezone_here(env: Mapping[str, str]) -> str:
    """The IANA time zone of this machine; UTC when it does not say."""
    known = available_timezones()
    candidates = [env.get("TZ", "").removeprefix(":")]
    link = Path("/etc/localtime")
    if link.is_symlink():
        candidates.append(str(link.resolve()).partition("zoneinfo/")[2])
    return next((name for name in candidates if name in known), "UTC")


def text(value: str) -> str:
    """A TOML string, whatever is in it."""
    return tomlkit.string(value).as_string()


def slug(name: str, taken: Iterable[str] = ()) -> str:
    """An id made of a name: lower case, letters, digits and dashes, not yet taken."""
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "door"
    used = set(taken)
    number = 2
    found = base
    while found in used:
        found, number = f"{base}-{number}", number + 1
    return found
