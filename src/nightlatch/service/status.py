"""What `nightlatch status` shows: a running service at one instant."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Security = Literal["secured", "unlocked", "open", "jammed", "unknown"]


class EcosystemStatus(msgspec.Struct, frozen=True):
    """One live connection."""

    id: str
    kind: str
    connected: bool
    since: datetime | None = None
    """Since when it is connected, or is not."""
    problem: str = ""


class LockStatus(msgspec.Struct, frozen=True):
    """One lock as it is known now."""

    id: str
    name: str
    door: str
    security: Security
    why: str
    """What that rests on: "door closed and bolt thrown, reported 13:04"."""
    battery: int | None = None
    reachable: bool | None = None
    autolock: str = ""
    """What auto-lock is about to do, in words; nothing when it does not act on this door."""


class JournalStatus(msgspec.Struct, frozen=True):
    """The journal."""

    entries: int
    verified_at: datetime | None = None
    intact: bool | None = None
    trouble: str = ""


class AuditStatus(msgspec.Struct, frozen=True):
    """The last audit."""

    at: datetime
    score: float | None
    coverage: float | None
    open: int
    problem: str = ""


class Status(msgspec.Struct, frozen=True):
    """The service as a whole."""

    version: str
    process: int
    started: datetime
    home: str
    troubles: tuple[str, ...]
    """Why it is not all that it should be; nothing when it is."""
    ecosystems: tuple[EcosystemStatus, ...]
    locks: tuple[LockStatus, ...]
    journal: JournalStatus
    alerts: dict[str, int]
    """Open alerts by severity."""
    audit: AuditStatus | None = None
    address: str = ""
    """Where it answers over HTTP."""
    timezone: str = "UTC"
    """The home's."""
