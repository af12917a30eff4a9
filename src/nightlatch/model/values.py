"""Values of facts that are more than a number or a word."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec


class KnownVulnerability(msgspec.Struct, frozen=True):
    """A published vulnerability of a model.

    `applies` says whether this firmware is affected: "yes", "no", "cannot_tell" (the firmware is not
    known), or "possible" (matched by text from records that the owner imported).
    """

    id: str
    applies: Literal["yes", "no", "cannot_tell", "possible"]
    effect: str
    reach: str
    severity: Literal["critical", "high", "medium", "low"]
    fixed_in: str = ""
    fix: str = ""
    has_fix: bool = True
    reason: str = ""
    sources: tuple[str, ...] = ()
    product: str = ""
    """The product that the version and the fix are of: the lock, or a bridge, keypad or app beside it."""


class PortMapping(msgspec.Struct, frozen=True):
    """A door from the internet to a host inside: "tcp 8123 -> 192.168.1.5:8123 (hass)"."""

    protocol: str
    outer_port: str
    address: str
    inner_port: str
    label: str = ""

    def __str__(self) -> str:
        label = f" ({self.label})" if self.label else ""
        return f"{self.protocol} {self.outer_port} -> {self.address}:{self.inner_port}{label}"


class HostContact(msgspec.Struct, frozen=True):
    """Names of one vendor that a device asked for: `suffix` is the catalogue's, `count` the look-ups."""

    suffix: str
    vendor: str
    purpose: str
    count: int
    last: datetime | None = None

    def __str__(self) -> str:
        return f"{self.suffix} ({self.vendor} {self.purpose}) x{self.count}"
