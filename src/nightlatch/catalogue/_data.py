"""The catalogue's own data files, each read when first asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import cache, cached_property
from importlib.resources import files
from typing import TypeVar

import msgspec

from nightlatch.catalogue.structs import (
    Battery,
    Integration,
    MatterModel,
    NoneFound,
    PinList,
    Profile,
    Source,
    Vendor,
    VendorHost,
    Vulnerability,
    ZigbeeModel,
    ZwaveModel,
)

T = TypeVar("T")


class _Zwave(msgspec.Struct, frozen=True):
    entries: tuple[ZwaveModel, ...]


class _Zigbee(msgspec.Struct, frozen=True):
    entries: tuple[ZigbeeModel, ...]


class _Matter(msgspec.Struct, frozen=True):
    entries: tuple[MatterModel, ...]


class _Profiles(msgspec.Struct, frozen=True):
    profiles: tuple[Profile, ...]


class _Batteries(msgspec.Struct, frozen=True):
    batteries: tuple[Battery, ...]


class _Vulnerabilities(msgspec.Struct, frozen=True):
    vulnerabilities: tuple[Vulnerability, ...]
    none_found: tuple[NoneFound, ...]


class _Hosts(msgspec.Struct, frozen=True):
    hosts: tuple[VendorHost, ...]


class _Vendors(msgspec.Struct, frozen=True):
    vendors: tuple[Vendor, ...]


class _Integrations(msgspec.Struct, frozen=True):
    integrations: tuple[Integration, ...]


class _Pins(msgspec.Struct, frozen=True):
    lists: tuple[PinList, ...]


class _Sources(msgspec.Struct, frozen=True):
    as_of: date
    sources: tuple[Source, ...]


def load(name: str, kind: type[T]) -> T:
    """Decode one data file of the package. It is ours: a failure to decode is a defect."""
    return msgspec.json.decode((files("nightlatch.catalogue") / "data" / f"{name}.json").read_bytes(), type=kind)


def pin_lists() -> tuple[PinList, ...]:
    """Lists of PINs that people use."""
    return load("pins", _Pins).lists


class Bundled:
    """The data files, decoded on first use and kept."""

    @cached_property
    def zwave(self) -> tuple[ZwaveModel, ...]:
        """Z-Wave lock definitions."""
        return load("zwave", _Zwave).entries

    @cached_property
    def zigbee(self) -> tuple[ZigbeeModel, ...]:
        """Zigbee lock converters."""
        return load("zigbee", _Zigbee).entries

    @cached_property
    def matter(self) -> tuple[MatterModel, ...]:
        """Locks in the Matter ledger."""
        return load("matter", _Matter).entries

    @cached_property
    def profiles(self) -> tuple[Profile, ...]:
        """Curated profiles of families of locks."""
        return load("profiles", _Profiles).profiles

    @cached_property
    def batteries(self) -> tuple[Battery, ...]:
        """Battery types."""
        return load("batteries", _Batteries).batteries

    @cached_property
    def _flaws(self) -> _Vulnerabilities:
        return load("vulnerabilities", _Vulnerabilities)

    @property
    def vulnerabilities(self) -> tuple[Vulnerability, ...]:
        """Known vulnerabilities."""
        return self._flaws.vulnerabilities

    @property
    def none_found(self) -> tuple[NoneFound, ...]:
        """Makers whose search gave no record."""
        return self._flaws.none_found

    @cached_property
    def hosts(self) -> tuple[VendorHost, ...]:
        """DNS suffixes of vendors."""
        return load("vendor_hosts", _Hosts).hosts

    @cached_property
    def vendors(self) -> tuple[Vendor, ...]:
        """Makers, their other names and how they treat flaws."""
        return load("vendors", _Vendors).vendors

    @cached_property
    def integrations(self) -> tuple[Integration, ...]:
        """How Home Assistant's integrations reach their devices."""
        return load("integrations", _Integrations).integrations

    @cached_property
    def _origin(self) -> _Sources:
        return load("sources", _Sources)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where the facts come from, and their licences."""
        return self._origin.sources

    @property
    def as_of(self) -> datetime:
        """The day that the facts are of."""
        return datetime.combine(self._origin.as_of, time(), UTC)


@cache
def bundled() -> Bundled:
    """The one decoded copy of the data files: it never changes, so every catalogue shares it."""
    return Bundled()
