"""The tables of `nightlatch.toml` that a running Nightlatch reads."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from nightlatch.model.finding import Severity


class GuardingTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Unknown keys are errors."""


class JournalTable(GuardingTable, frozen=True):
    """`[journal]`: for how long contents are kept (hashes stay for ever), and who witnesses checkpoints."""

    retention_days: int = 365
    """0: for ever."""
    witnesses: list[dict[str, Any]] = []
    """`[[journal.witnesses]]`: each kind has settings of its own."""
    cosigns: list[str] = []
    """Public keys of other journals, whose checkpoints this Nightlatch witnesses."""


class ChannelTable(GuardingTable, frozen=True):
    """`[[alerts.channels]]`: one way to reach people, and what it takes. Empty lists take everything."""

    id: str
    url: str
    """Where its apprise URL is kept, as `env:NAME`, `file:PATH` or `keyring:NAME`: it holds tokens."""
    severity: Severity = Severity.LOW
    """The least severity that it takes."""
    detections: list[str] = []
    doors: list[str] = []
    people: list[str] = []
    quiet: bool = True
    """Whether it keeps to the quiet hours."""


class QuietTable(GuardingTable, frozen=True, rename={"begin": "from"}):
    """`[alerts.quiet]`: hours at home, as "22:30", in which nothing but what is critical goes out."""

    begin: str
    until: str


class NoticeTable(GuardingTable, frozen=True):
    """`[[alerts.notices]]`: something to be told of that is no alert: "tell me when Ana comes home"."""

    channels: list[str]
    kinds: list[str] = msgspec.field(default_factory=lambda: ["unlocked"])
    people: list[str] = []
    doors: list[str] = []
    quiet: bool = True


class EscalationTable(GuardingTable, frozen=True):
    """`[[alerts.escalation]]`: whom to tell as well when nobody acknowledges an alert."""

    after_minutes: int
    channels: list[str]
    severity: Severity = Severity.HIGH
    """The least severity that is escalated."""


class DigestTable(GuardingTable, frozen=True):
    """`[alerts.digest]`: one message a day on how things stand."""

    at: str = "08:00"
    channels: list[str] = []
    """None: every channel that is not kept for escalation."""


class AlertsTable(GuardingTable, frozen=True):
    """`[alerts]`."""

    channels: list[ChannelTable] = []
    notices: list[NoticeTable] = []
    escalation: list[EscalationTable] = []
    quiet: QuietTable | None = None
    digest: DigestTable | None = None
    group_seconds: float = 3
    """What comes within this time goes out as one message."""
    again_minutes: float = 60
    """An alert that goes on is told again after this time at the earliest."""
    full_names: bool = False
    """Whether messages may hold a person's whole name; otherwise the first name only."""


class AutoLockTable(GuardingTable, frozen=True):
    """`[[autolock]]`: one door that locks by itself. Lengths of time are written as "90s", "3m", "2h"."""

    lock: str
    after: str = "3m"
    """How long the door is closed and unlocked before it is locked."""
    night_after: str = ""
    """The same in the hours of `night`; nothing: as by day."""
    night: str = "22:00-06:00"
    """Hours of the day at home."""
    hold_open: list[str] = []
    """Hours of the day, as "08:00-09:00", in which it stays unlocked."""
    retries: int = 3
    """How often it tries again after a jam or a refusal before it gives up and raises an alert."""
    retry_after: str = "20s"
    prefer: Literal["nightlatch", "lock"] = "nightlatch"
    """Who locks: Nightlatch, or the lock by its own auto-relock, where it has one."""
    without_sensor: bool = False
    """Lock although nothing tells whether the door is closed: the bolt may be driven into an open door."""


class AccessTable(GuardingTable, frozen=True):
    """`[access]`: how codes are kept, and put on locks."""

    key: str = ""
    """Where the key is that seals the PINs, as `env:NAME`, `file:PATH` or `keyring:NAME`: 32 bytes as base64.

    Nothing: in the file `access.key` of the state folder, which is made when it is needed.
    """
    deadline: str = "2m"
    """Within how long a code that has ended is to be gone before its door is told to be exposed."""
    lock_messages_per_hour: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 6
    """To each lock, to find out whether its codes are as they were; each costs battery. 0: never."""
    hub_messages_per_hour: Annotated[float, msgspec.Meta(ge=0, le=36000)] = 60
    """The same, to all locks of one hub."""


class EntitiesTable(GuardingTable, frozen=True):
    """`[entities]`: the broker by which Home Assistant shows Nightlatch's own entities. Without it, none are."""

    url: str
    """Where the broker is: mqtt:// or mqtts://."""
    username: str | None = None
    password: str | None = None
    """Where the password is kept, as `env:NAME`, `file:PATH` or `keyring:NAME`."""
    discovery_prefix: str = "homeassistant"
    """As set in Home Assistant's MQTT integration."""
    topic: str = "nightlatch"
    """Under which Nightlatch's own states are; another for each Nightlatch at the same broker."""


class ServiceTable(GuardingTable, frozen=True):
    """`[service]`."""

    host: str = "127.0.0.1"
    """The address to listen on. Beyond this machine it takes a certificate: see `nightlatch tls init`."""
    port: int = 5625
    """0: any that is free."""
    names: list[str] = []
    """By what names it is asked, beside those that only a home network has; the first is shown as its address."""
    certificate: str = ""
    """The owner's certificate with what leads to its authority: a PEM file, read again when it changes."""
    certificate_key: str = ""
    audit_every_hours: Annotated[float, msgspec.Meta(ge=0.1, le=744)] = 24
    audit_apart_minutes: Annotated[float, msgspec.Meta(ge=0.1, le=1440)] = 5
    """The least time between two audits that events ask for: each asks every hub, and locks by radio."""
    verify_every_hours: Annotated[float, msgspec.Meta(ge=0.01, le=744)] = 12
