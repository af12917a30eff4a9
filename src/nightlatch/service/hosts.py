"""By what names this machine may be asked for its pages.

A page from outside can have its own name point here and then read what it likes (DNS rebinding). Such a name is in
the `Host` of every request: names but those of home are refused. Addresses are safe: nobody can point an address.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

AT_HOME = (".local", ".localhost", ".localdomain", ".lan", ".home", ".internal", ".home.arpa")
"""Under these nobody outside can own a name (RFC 6761, 6762, 8375; ICANN on .internal, .home and .lan)."""
TOO_LONG = 300


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there: an address, or localhost."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


class Hosts:
    """The names that are answered to, beside addresses; `bound` is the address that is listened on."""

    def __init__(self, bound: str, names: Iterable[str] = ()) -> None:
        self._here = is_loopback(bound)
        self.names: Collection[str] = frozenset(name.lower().rstrip(".") for name in names)

    def refusal(self, host: str, reached: str = "") -> str | None:
        """Why a request with this `Host` is not answered; None when it is. `reached`: the address it came to."""
        if not host or len(host) > TOO_LONG or any(sign in host for sign in "@/\\?# \t"):
            return "Ask by address, or by a name of the home network."
        try:
            parts = urlsplit(f"//{host}")
            name, _ = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            return "Ask by address, or by a name of the home network."
        if name in self.names:
            return None
        here = self._here or is_loopback(reached)
        try:
            address = ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            return self._of_name(name, here=here)
        if address.is_unspecified or (self._here and not address.is_loopback):
            return "Ask for localhost, or for the address that this is reached at."
        return None

    def _of_name(self, name: str, *, here: bool) -> str | None:
        local = name == "localhost" or name.endswith(".localhost")
        if local and here:
            return None
        if not self._here and not local and name and ("." not in name or name.endswith(AT_HOME)):
            return None
        wanted = "localhost" if self._here else "an address, or a name of the home network"
        return f'Ask for {wanted}. Other names go into "names" of [service] in nightlatch.toml.'
