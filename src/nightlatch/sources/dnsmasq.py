"""dnsmasq's log with `log-queries=extra`, as OpenWrt, DD-WRT, FreshTomato and plain Linux routers write it."""

from __future__ import annotations

import re

from nightlatch.catalogue.structs import VendorHost
from nightlatch.errors import ReadError
from nightlatch.reading.files import modified
from nightlatch.sources._dnslog import Contacts, DnsLog, log_lines, moment

_QUERY = re.compile(
    rb"(?:(?<!\d)(?P<serial>\d{1,20}) [0-9a-fA-F.:]{2,45}/\d{1,5} )?"
    rb"query\[[^\]\s]{1,20}\] (?P<name>\S{1,255}) from (?P<client>[0-9a-fA-F.:]{2,45})\s*$"
)
_BLOCKED = re.compile(
    rb"(?<!\d)(?P<serial>\d{1,20}) [0-9a-fA-F.:]{2,45}/\d{1,5} "
    rb"(?:config|/\S{1,255}) \S{1,255} is (?:NXDOMAIN|NODATA|0\.0\.0\.0|::)\s*$"
)
_MAX_WAITING = 4096

_Waiting = tuple[str, VendorHost, bytes, int]


class Dnsmasq(DnsLog, kind="dnsmasq"):
    """Reads dnsmasq's query log. Only names of vendors in the catalogue are told, never any other."""

    def fill(self, contacts: Contacts) -> None:
        """Count look-ups that dnsmasq did not answer itself with "no such name" or a null address."""
        path = self.settings.path
        newest = modified(path)
        waiting: dict[bytes, _Waiting] = {}
        any_query = False

        def counted(one: _Waiting) -> None:
            client, host, line, number = one
            contacts.add(client, host, moment(line, newest), f"{path.name}:{number}")

        for number, line in log_lines(path):
            query = _QUERY.search(line) if b"query[" in line else None
            if query is None:
                if waiting and (blocked := _BLOCKED.search(line)):
                    waiting.pop(blocked["serial"], None)
                continue
            any_query = True
            client, host = query["client"].decode(), contacts.host(query["name"].decode("ascii", "replace"))
            if host is None:
                contacts.add(client, None)
                continue
            # Whether it was blocked stands in a later line with the same serial number.
            serial = query["serial"] or b"line %d" % number
            if serial in waiting or len(waiting) >= _MAX_WAITING:
                counted(waiting.pop(serial if serial in waiting else next(iter(waiting))))
            waiting[serial] = (client, host, line, number)
        for one in waiting.values():
            counted(one)
        if not any_query:
            raise ReadError(
                "holds no look-ups of dnsmasq",
                where=str(path),
                todo="Set log-queries=extra (OpenWrt: uci set dhcp.@dnsmasq[0].logqueries=1) and wait a day.",
            )
