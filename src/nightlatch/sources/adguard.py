"""AdGuard Home's query log: querylog.json, one JSON object a line."""

from __future__ import annotations

import msgspec

from nightlatch.errors import ReadError
from nightlatch.reading.files import modified
from nightlatch.sources._dnslog import Contacts, DnsLog, log_lines, parsed


class _Result(msgspec.Struct):
    filtered: bool = msgspec.field(default=False, name="IsFiltered")


class _LookUp(msgspec.Struct):
    time: str = msgspec.field(name="T")
    name: str = msgspec.field(name="QH")
    client: str = msgspec.field(name="IP")
    result: _Result = msgspec.field(default_factory=_Result, name="Result")


class AdGuard(DnsLog, kind="adguard"):
    """Reads AdGuard Home's query log. Only names of vendors in the catalogue are told, never any other."""

    def fill(self, contacts: Contacts) -> None:
        """Count look-ups that no filter blocked. A last line without its end is still being written."""
        path = self.settings.path
        newest = modified(path)
        decoder = msgspec.json.Decoder(_LookUp)
        any_line = False
        for number, line in log_lines(path):
            try:
                entry = decoder.decode(line)
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
                if any_line and not line.endswith(b"\n"):
                    break
                raise ReadError(
                    "is not a look-up of AdGuard Home",
                    where=f"{path}:{number}",
                    todo="Give the file data/querylog.json of AdGuard Home.",
                ) from None
            any_line = True
            host = None if entry.result.filtered else contacts.host(entry.name)
            contacts.add(entry.client, host, parsed(entry.time, newest) if host else None, f"{path.name}:{number}")
        if not any_line:
            raise ReadError(
                "is empty", where=str(path), todo="Switch on the query log in AdGuard Home's general settings."
            )
