"""KeePass and KeePassXC databases (KDBX 3 and 4). Decrypting them needs the extra `keepass`."""

from __future__ import annotations

import binascii
import io
import re
import struct
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from nightlatch.errors import ReadError, SourceError
from nightlatch.reading.files import read_bytes
from nightlatch.secrets import Secret
from nightlatch.sources._kdbx import header, transformed_key
from nightlatch.sources._vault import Login, Vault

_REFERENCE = re.compile(r"\{REF:P@I:([0-9A-Fa-f]{32})\}")
_MAX_HOPS = 8
_EPOCH = datetime(1, 1, 1, tzinfo=UTC)
_TOTP_FIELDS = ("otp", "TOTP Seed", "TimeOtp-Secret", "TimeOtp-Secret-Base32", "TimeOtp-Secret-Hex")
_PASSKEY_FIELD = "KPEX_PASSKEY_CREDENTIAL_ID"
_URL_FIELD = "KP2A_URL"

_Fields = dict[str, str]


class KeePass(Vault, kind="keepass"):
    """Reads a KDBX file. Of passwords only strength, reuse and age are told; notes and attachments are not read."""

    def logins(self) -> Iterator[Login]:
        """Entries outside the recycle bin; past versions serve only to tell when a password changed."""
        root = self._opened()
        bin_id = root.findtext("./Meta/RecycleBinUUID", "")
        entries = list(_entries(root.find("./Root/Group"), bin_id))
        passwords = {_hex(entry.findtext("./UUID", "")): _fields(entry).get("Password", "") for entry in entries}
        for number, entry in enumerate(entries, 1):
            fields = _fields(entry)
            urls = [fields.get("URL", ""), *(value for name, value in fields.items() if name.startswith(_URL_FIELD))]
            yield Login(
                place=f"entry {number}",
                urls=tuple(Secret(url) for url in urls if url),
                user=Secret(fields.get("UserName", "")),
                password=Secret(_followed(fields.get("Password", ""), passwords)),
                totp=any(fields.get(name) for name in _TOTP_FIELDS),
                passkey=bool(fields.get(_PASSKEY_FIELD)),
                changed_on=_changed(entry, fields.get("Password", "")),
            )

    def _opened(self) -> Any:
        """The decrypted XML's root element."""
        where = str(self.settings.path)
        password: Secret | None = self.settings.password
        if not password:
            raise SourceError(
                "is encrypted and needs its password",
                where=where,
                todo='Set password = "env:NAME", "file:PATH" or "keyring:NAME" for this source.',
            )
        try:
            from pykeepass import PyKeePass
            from pykeepass.exceptions import CredentialsError
        except ModuleNotFoundError:
            raise SourceError(
                "reading a KeePass database needs an extra",
                where=where,
                todo="Run: pip install 'nightlatch[keepass]'",
            ) from None
        data = read_bytes(self.settings.path)
        key = transformed_key(header(data, where=where), password, where=where)
        try:
            return PyKeePass(io.BytesIO(data), transformed_key=key).tree.getroot()
        except CredentialsError:
            raise SourceError(
                "its password is wrong, or it needs a key file as well",
                where=where,
                todo="Check the password; of a database with a key file, save a copy that has only a password.",
            ) from None
        except Exception as error:  # noqa: BLE001  # the library lets its parts' own exceptions out for a damaged file
            raise ReadError(
                f"is damaged or not a KDBX file that can be read ({type(error).__name__})", where=where
            ) from None


def _entries(group: Any, bin_id: str) -> Iterator[Any]:
    """Entries of a group and the groups below it, in order, without the recycle bin's."""
    waiting = [group]
    while waiting:
        current = waiting.pop()
        if current is None or (bin_id and current.findtext("./UUID") == bin_id):
            continue
        yield from current.findall("./Entry")
        waiting.extend(reversed(current.findall("./Group")))


def _fields(entry: Any) -> _Fields:
    pairs = ((item.findtext("./Key"), item.findtext("./Value")) for item in entry.findall("./String"))
    return {key: value or "" for key, value in pairs if key}


def _hex(encoded: str) -> str:
    try:
        return b64decode(encoded).hex()
    except (binascii.Error, ValueError):
        return ""


def _followed(password: str, passwords: dict[str, str]) -> str:
    """What a field reference to another entry's password stands for: the same password, hence reused."""
    for _ in range(_MAX_HOPS):
        reference = _REFERENCE.fullmatch(password)
        if reference is None:
            break
        password = passwords.get(reference[1].lower(), "")
    return password


def _changed(entry: Any, password: str) -> date | None:
    """The day of the oldest version that already had today's password."""
    versions = [(_moment(past), _fields(past).get("Password", "")) for past in entry.findall("./History/Entry")]
    known = sorted(((when, text) for when, text in versions if when is not None), key=lambda pair: pair[0])
    changed = _moment(entry)
    for when, text in reversed(known):
        if text != password:
            break
        changed = when
    return changed.date() if changed else None


def _moment(entry: Any) -> datetime | None:
    """A time of change: seconds since year 1 in Base64 (KDBX 4), or ISO 8601 (KDBX 3)."""
    text = entry.findtext("./Times/LastModificationTime") or ""
    try:
        if len(text) == 12 and text.endswith("="):
            return _EPOCH + timedelta(seconds=struct.unpack("<q", b64decode(text))[0])
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC)
    except (ValueError, OverflowError, struct.error, binascii.Error):
        return None
