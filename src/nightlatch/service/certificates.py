"""A certificate authority of the home's own, and the server certificate that it makes: files in the state folder.

The authority may vouch for names and addresses of the home alone (name constraints, RFC 5280 4.2.1.10): whoever
trusts it on a phone trusts nobody with their bank. Its key never leaves the folder and is readable by its owner only.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
import socket
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from nightlatch.errors import StoreError, UsageError
from nightlatch.reading.local import own_address
from nightlatch.writing import replace

FOLDER = "tls"
AUTHORITY, AUTHORITY_KEY = "authority.pem", "authority.key"
SERVER, SERVER_KEY, NAMES = "server.pem", "server.key", "names"
AUTHORITY_DAYS = 3650
SERVER_DAYS = 397
"""Safari and Chrome take no longer one where they check it (CA/Browser Forum ballot SC31; Apple allows 825 here)."""
RENEW_DAYS = 30
EARLIER = timedelta(days=1)
"""Certificates begin this much before they are made: not every clock at home is right."""
HOME_NAMES = ("localhost", "local", "lan", "home", "internal", "localdomain", "home.arpa")
"""What the authority may vouch for, with everything beneath: names that nobody outside can own."""
HOME_NETWORKS = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"),
    *("fc00::/7", "fe80::/10", "::1/128"),
)
"""And for addresses: those that are routed nowhere (RFC 1918, 6598, 3927, 4193, 4291)."""
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_Key = ec.EllipticCurvePrivateKey


class Files(msgspec.Struct, frozen=True):
    """Where the authority and its server certificate are."""

    folder: Path

    @property
    def exist(self) -> bool:
        """Whether an authority was made."""
        return (self.folder / AUTHORITY).exists()

    @property
    def authority(self) -> x509.Certificate:
        """The authority's certificate; StoreError when it cannot be read."""
        return read(self.folder / AUTHORITY)

    @property
    def server(self) -> x509.Certificate:
        """The server's certificate; StoreError when it cannot be read."""
        return read(self.folder / SERVER)

    @property
    def names(self) -> list[str]:
        """The names that were asked for, besides what every certificate carries."""
        try:
            return (self.folder / NAMES).read_text("utf-8").split()
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(self.folder / NAMES, error) from None


def files(state: Path) -> Files:
    """Those of a state folder."""
    return Files(state / FOLDER)


def named(names: Iterable[str]) -> list[str]:
    """Names and addresses as they are written, each once; UsageError for what is neither."""
    found = []
    for given in names:
        name = given.strip().lower().rstrip(".")
        try:
            name = str(ipaddress.ip_address(name))
        except ValueError:
            if not _NAME.fullmatch(name) or name.rpartition(".")[2].isdecimal():
                raise UsageError(
                    f"{given!r} is neither a name nor an address",
                    todo='Write a name such as "nightlatch.lan", or an address such as 192.168.1.5.',
                ) from None
        found.append(name)
    return list(dict.fromkeys(found))


def here() -> list[str]:
    """What this machine is reached by: its name, its addresses in the networks that it is in."""
    host = socket.gethostname().lower().split(".")[0]
    names = [f"{host}.local", host] if _NAME.fullmatch(host) and host != "localhost" else []
    # Nothing is sent to these addresses, which are nobody's (RFC 5737, 3849): only the way there is looked up.
    routed = (own_address("192.0.2.1"), own_address("2001:db8::1"))
    return [*names, *(one for one in routed if one and not ipaddress.ip_address(one).is_loopback)]


def make(place: Files, home: str, names: Sequence[str], now: datetime, *, anew: bool = False) -> None:
    """Make the authority, unless there is one, and its server certificate.

    `anew`: another authority, which devices must trust again. UsageError for a name that the present one may not
    vouch for; StoreError when the folder cannot be written.
    """
    wanted = named([*(place.names if place.exist else ()), *names])
    if place.exist and not anew:
        authority = place.authority
        for name in wanted:
            if not vouches(authority, name):
                raise UsageError(
                    f"the authority may not vouch for {name!r}",
                    todo=f"Make another with: nightlatch tls init --anew {' '.join(wanted)}. "
                    "Every device must trust it again.",
                )
    else:
        _make_authority(place, home, [*wanted, *here()], now)
    _write(place.folder / NAMES, "".join(f"{name}\n" for name in wanted).encode())
    renew(place, now)


def renew(place: Files, now: datetime) -> None:
    """Make another server certificate, for the names that were asked for and what this machine is reached by now."""
    authority, key = place.authority, _read_key(place.folder / AUTHORITY_KEY)
    own = ec.generate_private_key(ec.SECP256R1())
    wanted = [one for one in covered(place) if vouches(authority, one)]
    ends = min(now + timedelta(days=SERVER_DAYS) - EARLIER, authority.not_valid_after_utc)
    certificate = (
        _begin(own, authority.subject, wanted[0], now, ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general(one) for one in wanted]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    # The key first: between the two writes the old pair does not match, and is not taken.
    _write(place.folder / SERVER_KEY, _pem(own))
    _write(place.folder / SERVER, certificate.public_bytes(serialization.Encoding.PEM))


def due(place: Files, now: datetime) -> bool:
    """Whether the server certificate must be made again: it ends soon, or this machine is reached otherwise now."""
    server, authority = place.server, place.authority
    if server.not_valid_after_utc - now < timedelta(days=RENEW_DAYS) < authority.not_valid_after_utc - now:
        return True
    return not {one for one in covered(place) if vouches(authority, one)} <= set(subjects(server))


def covered(place: Files) -> list[str]:
    """What the server certificate should be for, the first by which people ask first."""
    return list(dict.fromkeys([*place.names, *here(), "localhost", "127.0.0.1", "::1"]))


def subjects(certificate: x509.Certificate) -> list[str]:
    """The names and addresses that a certificate is for."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(one.value) for one in found if isinstance(one, x509.DNSName | x509.IPAddress)]


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256, as devices show it: AB:CD:and so on."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def vouches(authority: x509.Certificate, name: str) -> bool:
    """Whether an authority may vouch for a name or address."""
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        permitted = [one.value for one in limits if isinstance(one, x509.DNSName)]
        return any(name == one or name.endswith(f".{one}") for one in permitted)
    networks = [one.value for one in limits if isinstance(one, x509.IPAddress)]
    return any(
        isinstance(one, ipaddress.IPv4Network | ipaddress.IPv6Network)
        and address.version == one.version
        and address in one
        for one in networks
    )


def read(path: Path) -> x509.Certificate:
    """The first certificate of a PEM file; StoreError when there is none."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


def _make_authority(place: Files, home: str, names: Sequence[str], now: datetime) -> None:
    try:
        place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritten(place.folder, error) from None
    key = ec.generate_private_key(ec.SECP256R1())
    # Two authorities of one home must be told apart in a phone's list.
    title = f"Nightlatch {home[:30]} {secrets.token_hex(2).upper()}"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
    permitted = [x509.DNSName(one) for one in HOME_NAMES] + [
        x509.IPAddress(ipaddress.ip_network(one)) for one in HOME_NETWORKS
    ]
    for name in names:
        one = _subtree(name)
        if one not in permitted:
            permitted.append(one)
    certificate = (
        _begin(key, subject, title, now, now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(place.folder / AUTHORITY_KEY, _pem(key))
    _write(place.folder / AUTHORITY, certificate.public_bytes(serialization.Encoding.PEM))


def _begin(key: _Key, issuer: x509.Name, name: str, now: datetime, ends: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before((now - EARLIER).astimezone(UTC))
        .not_valid_after(ends.astimezone(UTC))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=signs, crl_sign=signs, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _subtree(name: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ipaddress.ip_network(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: _Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _read_key(path: Path) -> _Key:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise _unreadable(path, error) from None
    if not isinstance(key, _Key):
        raise StoreError("is no key of an authority", where=str(path), todo="Run: nightlatch tls init --anew")
    return key


def _write(path: Path, data: bytes) -> None:
    try:
        replace(path, data)
    except OSError as error:
        raise _unwritten(path, error) from None


def _unwritten(path: Path, error: OSError) -> StoreError:
    return StoreError(f"cannot be written: {error.strerror}", where=str(path))


def _unreadable(path: Path, error: Exception) -> StoreError:
    why = error.strerror if isinstance(error, OSError) else "it is no certificate or key"
    return StoreError(f"cannot be read: {why}", where=str(path), todo="Run: nightlatch tls init --anew")
