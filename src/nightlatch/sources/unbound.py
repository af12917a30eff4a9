"""Unbound's log with `log-queries: yes`, as OPNsense, pfSense and plain installations write it."""

from __future__ import annotations

import re

from nightlatch.errors import ReadError
from nightlatch.reading.files import modified
from nightlatch.sources._dnslog import Contacts, DnsLog, log_lines, moment

# A reply's line goes on after the class (NOERROR 0.01 0 64): it is not counted again.
_QUERY = re.compile(
    rb"info: (?:query: )?(?P<client>[0-9a-fA-F.:]{2,45}) (?P<name>\S{0,255})\. "
    rb"[A-Z0-9]{1,12} (?:IN|CH|HS|ANY|CLASS\d{1,5})\s*$"
)


class Unbound(DnsLog, kind="unbound"):
    """Reads Unbound's query log. Only names of vendors in the catalogue are told, never any other."""

    def fill(self, contacts: Contacts) -> None:
        """Count look-ups; the log does not tell which of them Unbound blocked."""
        path = self.settings.path
        newest = modified(path)
        any_query = False
        for number, line in log_lines(path):
            query = _QUERY.search(line)
            if query is None:
                continue
            any_query = True
            host = contacts.host(query["name"].decode("ascii", "replace"))
            when = moment(line, newest) if host else None
            contacts.add(query["client"].decode(), host, when, f"{path.name}:{number}")
        if not any_query:
            raise ReadError(
                "holds no look-ups of Unbound",
                where=str(path),
                todo="Set log-queries: yes in the server section and wait a day.",
            )
