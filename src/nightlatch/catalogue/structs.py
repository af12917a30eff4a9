"""What the catalogue holds: frozen structs that decode straight from its data files."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

import msgspec


class Confidence(StrEnum):
    """How far a catalogued fact can be trusted: by its source, not by how likely it sounds."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Source(msgspec.Struct, frozen=True):
    """Where facts come from: `what` it is, and the `licence` it is under."""

    key: str
    what: str
    licence: str


class Known(msgspec.Struct, frozen=True):
    """One known thing. `value` is plain JSON; None means looked for and not found in a source."""

    value: Any
    source: str
    confidence: Confidence | None = None

    @property
    def known(self) -> bool:
        """Whether a source gives a value at all."""
        return self.value is not None


class Role(StrEnum):
    """What a Z-Wave configuration parameter is for."""

    ALARM_MODE = "alarm_mode"
    AUTO_RELOCK = "auto_relock"
    AUTO_RELOCK_TIME = "auto_relock_time"
    BLE_ENABLE = "ble_enable"
    CODE_LENGTH = "code_length"
    DOOR_PROPPED_ALARM = "door_propped_alarm"
    ESCAPE_RETURN = "escape_return"
    EXPIRING_PIN = "expiring_pin"
    FORCED_ENTRY_SENSITIVITY = "forced_entry_sensitivity"
    INVALID_ENTRY_ALARM = "invalid_entry_alarm"
    MASTER_PIN_UNLOCK = "master_pin_unlock"
    ONE_TOUCH = "one_touch"
    OPERATING_MODE = "operating_mode"
    PRIVACY = "privacy"
    RESET_DANGER = "reset_danger"
    SCREEN_WIPE = "screen_wipe"
    SERVICE_PIN = "service_pin"
    TAMPER_SENSITIVITY = "tamper_sensitivity"
    VACATION = "vacation"
    VOLUME = "volume"
    WRONG_CODE_LIMIT = "wrong_code_limit"
    WRONG_CODE_LOCKOUT = "wrong_code_lockout"


class Parameter(msgspec.Struct, frozen=True):
    """A Z-Wave configuration parameter of a lock.

    `bits` is the mask where only a part of the parameter is meant. `default` is the value written in
    the definition, often but not always the factory's. `options` maps a value to its label. `when` is
    a condition on the firmware, in the definition's words.
    """

    role: Role
    number: int
    label: str
    default: int
    bits: int | None = None
    min: int | None = None
    max: int | None = None
    unit: str = ""
    options: dict[str, str] = {}
    read_only: bool = False
    when: str = ""

    @property
    def name(self) -> str:
        """Number and mask as Z-Wave JS writes them: `31[0x02]`, or `3`."""
        return f"{self.number}[0x{self.bits:02x}]" if self.bits is not None else str(self.number)


class ZwaveModel(msgspec.Struct, frozen=True):
    """A Z-Wave lock definition. `ids` are pairs of product type and product id."""

    key: str
    maker: str
    model: str
    manufacturer_id: int
    ids: tuple[tuple[int, int], ...]
    parameters: tuple[Parameter, ...] = ()
    texts: tuple[str, ...] = ()
    manual_url: str = ""
    code_slots: int | None = None
    has_compat: bool = False
    known_issue: str = ""

    @property
    def protocol(self) -> str:
        """Always `zwave`."""
        return "zwave"


class Expose(msgspec.Struct, frozen=True):
    """A property that Zigbee2MQTT shows. `access`: bit 1 published, bit 2 can be set, bit 4 can be read."""

    name: str
    access: int | None = None
    min: float | None = None
    max: float | None = None
    unit: str = ""
    values: tuple[str, ...] = ()
    value_count: int | None = None


class ZigbeeModel(msgspec.Struct, frozen=True):
    """A Zigbee lock converter. `zigbee_models` are the names that the lock itself reports."""

    key: str
    maker: str
    model: str
    zigbee_models: tuple[str, ...]
    ota: bool
    exposes: tuple[Expose, ...] = ()
    code_slots: int | None = None

    @property
    def protocol(self) -> str:
        """Always `zigbee`."""
        return "zigbee"


class MatterModel(msgspec.Struct, frozen=True):
    """A lock in the Matter ledger. `certified` False: it has an entry but no certificate."""

    key: str
    maker: str
    model: str
    vendor_id: int
    product_id: int
    certified: bool
    part: str = ""
    certificate: str = ""
    first_certified: str = ""
    first_software: str = ""
    software_versions: tuple[int, ...] = ()
    support_url: str = ""
    product_url: str = ""
    manual_url: str = ""

    @property
    def protocol(self) -> str:
        """Always `matter`."""
        return "matter"


LockModel = ZwaveModel | ZigbeeModel | MatterModel


class Profile(msgspec.Struct, frozen=True):
    """What people looked up about one family of locks. `entries` are keys of lock models."""

    name: str
    maker: str
    facts: dict[str, Known]
    entries: tuple[str, ...] = ()
    integrations: tuple[str, ...] = ()


class Battery(msgspec.Struct, frozen=True):
    """Battery type of a model, as users report it. `entries` are keys of lock models."""

    maker: str
    model: str
    type: str
    quantity: int | None = None
    model_id: str = ""
    entries: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.quantity}×{self.type}" if self.quantity else self.type


class Range(msgspec.Struct, frozen=True):
    """Versions that a flaw affects: from `since`, up to `before` or `through`; or one; or every one."""

    since: str = ""
    before: str = ""
    through: str = ""
    exactly: str = ""
    every: bool = False


class Affected(msgspec.Struct, frozen=True):
    """A product that a flaw affects.

    `kind`: lock, padlock, lockbox, bridge, hub, accessory, app, cloud or protocol. `affected` is the
    record's own wording and `range` its meaning, None where it cannot be compared. It concerns the
    models in `entries` and `profiles`, every model of `makers` and every one of `protocols`. `link`
    lists the radio security (s0, s2, none) it needs, `hardware` what else decides.
    """

    name: str
    kind: str
    affected: str
    fixed: str = ""
    range: Range | None = None
    entries: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    makers: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    hardware: str = ""


class Cvss(msgspec.Struct, frozen=True):
    """A CVSS base score; the vector where the source gives it."""

    version: str
    score: float
    vector: str | None = None


class Ssvc(msgspec.Struct, frozen=True):
    """CISA's decision points: exploitation none, poc or active; automatable yes or no; impact."""

    exploitation: str
    automatable: str
    impact: str


class Vulnerability(msgspec.Struct, frozen=True):
    """A known flaw. `effect`, `reach` (what an attacker needs) and `fix` are the catalogue's own words.

    `unfixed`: no fix exists, only a way around or a replacement. `possible` is True for imported
    records: they match a model by text, which nobody has checked.
    """

    id: str
    vendor: str
    products: tuple[Affected, ...]
    effect: str
    reach: str = ""
    fix: str = ""
    cvss: Cvss | None = None
    cwe: tuple[str, ...] = ()
    published: str = ""
    note: str = ""
    ssvc: Ssvc | None = None
    sources: tuple[str, ...] = ()
    confidence: Confidence = Confidence.LOW
    unfixed: bool = False
    possible: bool = False


class NoneFound(msgspec.Struct, frozen=True):
    """Makers for whom a search found no record: absence of evidence, nothing more."""

    makers: tuple[str, ...]
    says: str
    source: str
    confidence: Confidence
    note: str = ""


class Purpose(StrEnum):
    """What a vendor's host is for."""

    CLOUD = "cloud"
    PUSH = "push"
    UPDATE = "update"
    TELEMETRY = "telemetry"
    ANALYTICS = "analytics"
    VOICE = "voice"
    REMOTE_ACCESS = "remote_access"


class VendorHost(msgspec.Struct, frozen=True):
    """A DNS suffix and whose it is. A name matches when it equals the suffix or ends in `.suffix`."""

    suffix: str
    vendor: str
    purpose: Purpose
    source: str
    confidence: Confidence


class Vendor(msgspec.Struct, frozen=True):
    """A maker: other names it goes by, and what is known of how it treats flaws and support.

    `disclosure`: where to report a flaw (a URL). `contact`: an address for that. `advisories`: whether
    and where it publishes them. `support`: how long it promises updates. None: not found.
    `covers_home_locks` is False where the policy leaves them out in so many words.
    """

    name: str
    aliases: tuple[str, ...] = ()
    covers_home_locks: bool = True
    disclosure: Known | None = None
    contact: Known | None = None
    advisories: Known | None = None
    support: Known | None = None
    scope: Known | None = None


class Integration(msgspec.Struct, frozen=True):
    """Home Assistant's word for how an integration reaches its devices: `local_push`, `cloud_polling`, ..."""

    integration: str
    iot_class: str

    @property
    def local(self) -> bool:
        """Whether it works without the vendor's cloud."""
        return self.iot_class.startswith("local")


class PinList(msgspec.Struct, frozen=True):
    """PINs people use. Rank is the place in the list where `ranked`."""

    source: str
    digits: int
    ranked: bool
    pins: tuple[str, ...]


class FirmwareRelease(msgspec.Struct, frozen=True):
    """A firmware that an index offers, as imported.

    Z-Wave: `device` is (manufacturer id, product type, product id). Zigbee: (manufacturer code, image
    type), with `models` where the index names them. `number` is the Zigbee file version, `when` a
    condition of the upgrade, `released` the day that the file's name gives.
    """

    protocol: str
    device: tuple[int, ...]
    version: str
    models: tuple[str, ...] = ()
    number: int | None = None
    when: str = ""
    released: date | None = None
    file: str = ""


class Knowledge(msgspec.Struct, frozen=True):
    """Everything the catalogue joins about one lock model.

    One of `entry`, `profile`, `battery` and `product` is there at least; `product` is the name of a
    product known only from a vulnerability. `vulnerabilities` may concern it: judge them with the
    firmware before saying so.
    """

    name: str
    maker: str
    entry: LockModel | None = None
    profile: Profile | None = None
    battery: Battery | None = None
    product: str = ""
    vulnerabilities: tuple[Vulnerability, ...] = ()
    none_found: NoneFound | None = None
    vendor: Vendor | None = None

    @property
    def key(self) -> str:
        """Names this model within the catalogue."""
        return self.entry.key if self.entry else f"profile:{self.name}" if self.profile else f"named:{self.name}"

    def fact(self, name: str) -> Known | None:
        """The curated fact of that name, when a source gives a value."""
        fact = self.profile.facts.get(name) if self.profile else None
        return fact if fact and fact.known else None


class Match(msgspec.Struct, frozen=True):
    """An answer to free text. `score` is 0 to 1; 1 is every word, nothing left over."""

    score: float
    model: Knowledge

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name
