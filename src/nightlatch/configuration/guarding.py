"""The tables of `nightlatch.toml` that a running Nightlatch reads."""

from __future__ import annotations

from typing import Any

import msgspec


class GuardingTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Unknown keys are errors."""


class JournalTable(GuardingTable, frozen=True):
    """`[journal]`: for how long contents are kept (hashes stay for ever), and who witnesses checkpoints."""

    retention_days: int = 365
    """0: for ever."""
    witnesses: list[dict[str, Any]] = []
    """`[[journal.witnesses]]`: each kind has settings of its own."""


class AlertsTable(GuardingTable, frozen=True):
    """`[alerts]`."""

    channels: list[dict[str, Any]] = []
    """`[[alerts.channels]]`."""


class AutoLockTable(GuardingTable, frozen=True):
    """`[[autolock]]`: one door that locks by itself."""

    lock: str


class ServiceTable(GuardingTable, frozen=True):
    """`[service]`."""

    host: str = "127.0.0.1"
    port: int = 5625
