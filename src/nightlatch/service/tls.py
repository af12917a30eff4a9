"""With what the web server encrypts: nothing on loopback, else the owner's certificate or one of the home's own."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.serialization import Encoding

from nightlatch.configuration.read import Configuration
from nightlatch.errors import ConfigurationError, NightlatchError, StoreError
from nightlatch.service import certificates
from nightlatch.service.hosts import is_loopback

log = logging.getLogger(__name__)

LOOK_S = 60.0
SOON = timedelta(days=14)
"""How long before the owner's certificate ends the status says so."""
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secrecy and authenticated encryption only. TLS 1.3 has no others."""
WORLD = 0o007

Mode = Literal["none", "authority", "own"]


class Tls:
    """Chosen by the configuration when the service starts; `begin` before anything is served."""

    def __init__(self, configuration: Configuration, state: Path, now: Callable[[], datetime]) -> None:
        self._table = configuration.tables.service
        self._now = now
        self._place = certificates.files(state)
        self._base = configuration.base
        self._where = configuration.where("service", "host")
        self._context: ssl.SSLContext | None = None
        self._read: tuple[float, ...] = ()
        self.problem = ""
        """What is wrong with the certificate; nothing when all is well."""
        self.names: list[str] = []
        """What the certificate is for."""
        if self._table.certificate or self._table.certificate_key:
            self.mode: Mode = "own"
        else:
            self.mode = "none" if is_loopback(self._table.host) else "authority"

    def begin(self) -> None:
        """Read, and if need be renew, the certificate. ConfigurationError or StoreError when there is none to use."""
        if self.mode == "authority" and not self._place.exist:
            raise ConfigurationError(
                f"host = {self._table.host!r} reaches beyond this machine, which is not done without TLS",
                where=self._where,
                todo="Make a certificate with: nightlatch tls init. Or set certificate and certificate_key of "
                '[service] to your own, or host = "127.0.0.1".',
            )
        if self.mode != "none":
            self._look()

    def context(self) -> ssl.SSLContext | None:
        """What new connections are encrypted with; None: nothing, on this machine alone."""
        return self._context

    def address(self, port: int) -> str:
        """Where people ask: a name, as passkeys are for names."""
        if self.mode == "none":
            return f"http://localhost:{port}"
        names = [one for one in (*self._table.names, *self.names) if not _is_address(one) and "*" not in one]
        return f"https://{(names or ['localhost'])[0]}:{port}"

    @property
    def authority(self) -> bytes:
        """The certificate that devices must trust, as DER. StoreError when it cannot be read."""
        return self._place.authority.public_bytes(Encoding.DER)

    async def run(self) -> None:
        """Take another certificate once there is one, and renew our own, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                if self.mode != "none":
                    await asyncio.to_thread(self._look)
            except NightlatchError as error:
                # The one that is in use goes on.
                if str(error) != self.problem:
                    log.error("the certificate is not taken, the former one stays: %s", error)
                self.problem = str(error)

    def _look(self) -> None:
        now = self._now()
        if self.mode == "authority":
            if certificates.due(self._place, now):
                certificates.renew(self._place, now)
                log.info("the server's certificate was made anew")
            chain, key = (self._place.folder / name for name in (certificates.SERVER, certificates.SERVER_KEY))
        else:
            chain, key = self._own()
        read = (_changed(chain), _changed(key))
        if read != self._read or self._context is None:
            context = _context(chain, key)
            certificate = certificates.read(chain)
            self.names = certificates.subjects(certificate)
            self._context, self._read = context, read
        self.problem = self._wrong(chain, now)

    def _own(self) -> tuple[Path, Path]:
        for name in ("certificate", "certificate_key"):
            if not getattr(self._table, name):
                raise ConfigurationError(
                    f"{name} is missing: a certificate and its key go together",
                    where=self._where,
                    todo=f'Set "{name}" of [service] to the path of a PEM file.',
                )
        chain, key = (
            self._base / Path(one).expanduser() for one in (self._table.certificate, self._table.certificate_key)
        )
        with suppress(OSError):
            if key.stat().st_mode & WORLD:
                raise ConfigurationError(
                    "everybody on this machine can read the certificate's key",
                    where=str(key),
                    todo=f"Run: chmod o= {key}",
                )
        return chain, key

    def _wrong(self, chain: Path, now: datetime) -> str:
        certificate = certificates.read(chain)
        ends = certificate.not_valid_after_utc
        if ends - now < SOON:
            return f"certificate: it {'ended' if ends <= now else 'ends'} on {ends:%Y-%m-%d}: renew it"
        if certificate.not_valid_before_utc > now:
            return (
                f"certificate: it begins on {certificate.not_valid_before_utc:%Y-%m-%d}: look at this machine's clock"
            )
        missing = [name for name in self._table.names if not _matches(name.lower(), self.names)]
        if missing:
            again = f"run: nightlatch tls init {' '.join(missing)}" if self.mode == "authority" else "get another"
            return f"certificate: it is not for {', '.join(missing)}: {again}"
        return ""


def _context(chain: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    try:
        # A password is asked for at no terminal.
        context.load_cert_chain(chain, key, password="")
    except (OSError, ssl.SSLError, ValueError) as error:
        missing = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else None
        raise StoreError(
            f"cannot be used with its key {key.name}: {missing or 'they do not match, or are no PEM files in clear'}",
            where=str(chain),
            todo="Look at certificate and certificate_key of [service], or run: nightlatch tls renew",
        ) from None
    return context


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError as error:
        raise StoreError(f"cannot be read: {error.strerror}", where=str(path)) from None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _matches(name: str, subjects: list[str]) -> bool:
    return name in subjects or f"*.{name.partition('.')[2]}" in subjects
