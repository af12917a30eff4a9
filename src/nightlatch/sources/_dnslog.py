"""What every DNS log's source does with look-ups: counts, per device, those of the catalogue's vendor hosts.

Every other name is forgotten as soon as it is read: nobody's browsing leaves a source. Memory is bounded
by the number of devices times the number of vendor hosts, however long the log.
"""

from __future__ import annotations

import gzip
import re
import zlib
from abc import abstractmethod
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from itertools import count
from pathlib import Path

import msgspec

from nightlatch.catalogue.lookup import Catalogue
from nightlatch.catalogue.structs import VendorHost
from nightlatch.errors import ReadError
from nightlatch.model.evidence import Item, Same
from nightlatch.model.network import Device
from nightlatch.model.values import HostContact
from nightlatch.reading.files import MIB, modified, open_file
from nightlatch.sources.interface import PathSettings, Source

MAX_BYTES = 512 * MIB
MAX_LINE = 65_536
MAX_DEVICES = 1024

_MONTHS = {name: number for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_ISO = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?")
_EPOCH = re.compile(rb"\[(\d{9,11})\]")
_SYSLOG = re.compile(rb"(?:\w{3} )?(\w{3}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(?: (\d{4}))?")


class _Tally:
    """Look-ups of one vendor host by one device."""

    __slots__ = ("count", "host", "last", "place")

    def __init__(self, host: VendorHost) -> None:
        self.host = host
        self.count = 0
        self.last: datetime | None = None
        self.place = ""


class Contacts:
    """Devices by address, each with its tallies by suffix."""

    def __init__(self) -> None:
        self.devices: dict[str, dict[str, _Tally]] = {}
        self.macs: dict[str, str] = {}
        """Hardware address by IP address, where the log tells it."""
        self.full = False
        """More devices were seen than are kept."""
        self.hides_names = False
        """The log does not tell every name, so an empty list of contacts proves nothing."""
        self.host = lru_cache(maxsize=65_536)(Catalogue().host)
        """The catalogue's vendor host that a name belongs to, or None."""

    def add(
        self, client: str, host: VendorHost | None, when: datetime | None = None, place: str = "", times: int = 1
    ) -> None:
        """Note that a client asked; `host` is what it asked for when that is a vendor's."""
        address = _address(client)
        if address is None:
            return
        tallies = self.devices.get(address)
        if tallies is None:
            if len(self.devices) >= MAX_DEVICES:
                self.full = True
                return
            tallies = self.devices[address] = {}
        if host is None:
            return
        tally = tallies.get(host.suffix)
        if tally is None:
            tally = tallies[host.suffix] = _Tally(host)
        tally.count += times
        if tally.last is None or (when is not None and when >= tally.last):
            tally.last, tally.place = when, place


class DnsLog(Source):
    """A DNS server's log: a subclass fills in who asked for what, this gives the facts."""

    Settings = PathSettings
    gives = (Device.address, Device.contacts)

    @abstractmethod
    def fill(self, contacts: Contacts) -> None:
        """Add every look-up that was not blocked. Raises ReadError when the file is no such log."""

    def collect(self) -> Iterator[Item]:
        """A device for each address that asked, with the vendors' hosts it asked for."""
        path: Path = self.settings.path
        contacts = Contacts()
        with open_file(path):
            at = modified(path)
        self.fill(contacts)
        for device, addresses in _by_device(contacts).items():
            about = self.ref(Device, device)
            for address in addresses:
                yield Same(about, f"ip:{address}")
            if device not in addresses:
                yield Same(about, f"mac:{device}")
                yield Device.mac.claim(about, device, at=at)
            yield Device.address.claim(about, addresses[0], at=at)
            tallies = [tally for address in addresses for tally in contacts.devices[address].values()]
            if tallies or not contacts.hides_names:
                newest = max(tallies, key=lambda tally: (tally.last is not None, tally.last), default=None)
                yield Device.contacts.claim(about, _told(tallies), where=newest.place if newest else "", at=at)
        yield from self._gaps(contacts)

    def _gaps(self, contacts: Contacts) -> Iterator[Item]:
        if any(tallies for address, tallies in contacts.devices.items() if ip_address(address).is_loopback):
            yield self.gap(
                Device.contacts,
                reason="the DNS server's own machine asked for vendors' hosts too; the log does not tell for whom",
                settle="Let the devices and hubs ask the DNS server by its network address, not through a forwarder.",
            )
        if contacts.full:
            yield self.gap(
                Device.contacts,
                reason=f"only its first {MAX_DEVICES} devices were looked at",
                settle="Give a log of a shorter time.",
            )
        if contacts.hides_names:
            yield self.gap(
                Device.contacts,
                reason="the log's privacy setting hides names or devices",
                settle="Set the log to show domains and clients for some days, then run the audit again.",
            )
        if not contacts.devices:
            yield self.gap(
                *self.gives,
                reason="no device of the network is seen in it",
                settle="Make this DNS server the one that the router hands out, wait a day, then run the audit again.",
            )


def log_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Numbered lines of a log, plain or gzip, of at most 512 MiB unfolded and 64 KiB a line."""
    total = 0
    number = 0
    try:
        with open_file(path) as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            file = gzip.GzipFile(fileobj=raw) if packed else raw
            if not packed and path.stat().st_size > MAX_BYTES:
                raise _too_large(path)
            for number in count(1):
                line = file.readline(MAX_LINE + 1)
                if not line:
                    return
                total += len(line)
                if len(line) > MAX_LINE:
                    raise ReadError(f"holds a line of more than {MAX_LINE} bytes", where=f"{path}:{number}")
                if total > MAX_BYTES:
                    raise _too_large(path)
                yield number, line
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise ReadError("is a damaged or truncated gzip file", where=f"{path}:{number}") from None
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror}", where=str(path)) from None


def _too_large(path: Path) -> ReadError:
    return ReadError(
        f"is larger than {MAX_BYTES // MIB} MiB",
        where=str(path),
        todo="Give the newest part of it, as log rotation makes them.",
    )


def moment(line: bytes, newest: datetime) -> datetime | None:
    """The instant at which a log line begins, as syslog, OpenWrt, ISO 8601 or seconds since 1970 write it.

    Syslog gives no year: it is the latest that is not after `newest` (when the file was changed). Where
    no zone is given, UTC stands for it, and nothing lies after `newest`.
    """
    if found := _ISO.search(line, 0, 120):
        return parsed(found[0].decode().replace(",", "."), newest)
    if found := _EPOCH.match(line):
        return min(datetime.fromtimestamp(int(found[1]), UTC), newest)
    if not (found := _SYSLOG.match(line)) or found[1] not in _MONTHS:
        return None
    month, day = _MONTHS[found[1]], int(found[2])
    hour, minute, second = (int(found[part]) for part in (3, 4, 5))
    for year in [int(found[6])] if found[6] else range(newest.year, newest.year - 5, -1):
        try:
            made = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            continue
        if made <= newest + timedelta(days=1):
            return min(made, newest)
    return None


def parsed(text: str, newest: datetime) -> datetime | None:
    """An ISO 8601 instant, UTC where it names no zone, and not after `newest`."""
    try:
        made = datetime.fromisoformat(text)
        return min(made.astimezone(UTC) if made.tzinfo else made.replace(tzinfo=UTC), newest)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=4096)
def _address(text: str) -> str | None:
    """A client's address, canonical; None for what is none, and for 0.0.0.0, which stands for hidden."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return None if address.is_unspecified else str(getattr(address, "ipv4_mapped", None) or address)


def _by_device(contacts: Contacts) -> dict[str, list[str]]:
    """Addresses by device: its hardware address where known, its own otherwise. IPv4 first; none of this machine."""
    found: dict[str, list[str]] = {}
    for address in sorted(contacts.devices, key=lambda text: (":" in text, text)):
        if not ip_address(address).is_loopback:
            found.setdefault(contacts.macs.get(address, address), []).append(address)
    return found


def _told(tallies: list[_Tally]) -> tuple[HostContact, ...]:
    """Tallies as contacts, most look-ups first; those of one device's several addresses added up."""
    merged: dict[str, HostContact] = {}
    for tally in tallies:
        host = tally.host
        known = merged.get(host.suffix, HostContact(host.suffix, host.vendor, str(host.purpose), 0))
        moments = [when for when in (known.last, tally.last) if when is not None]
        merged[host.suffix] = msgspec.structs.replace(
            known, count=known.count + tally.count, last=max(moments, default=None)
        )
    return tuple(sorted(merged.values(), key=lambda contact: (-contact.count, contact.suffix)))
