"""1Password's own export: a 1PUX file, a zip archive with every item as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from nightlatch.errors import ReadError
from nightlatch.reading.archives import zip_members
from nightlatch.reading.structured import json
from nightlatch.secrets import Secret
from nightlatch.sources._vault import Login, Vault

_DATA = "export.data"
_ADDRESS_FIELDS = ("url", "website", "server", "hostname")


class _LoginField(msgspec.Struct):
    # A linked address arrives as an object; only plain text is looked at.
    value: Any = None
    designation: str | None = None


class _SectionField(msgspec.Struct):
    id: str = ""
    value: dict[str, Any] | None = None


class _Section(msgspec.Struct):
    fields: list[_SectionField] | None = None


class _Past(msgspec.Struct):
    time: int | None = None


class _Details(msgspec.Struct, rename="camel"):
    login_fields: list[_LoginField | None] | None = None
    sections: list[_Section | None] | None = None
    password_history: list[_Past | None] | None = None
    password: str | None = None
    passkey: Any = None


class _Url(msgspec.Struct):
    url: str | None = None


class _Overview(msgspec.Struct):
    url: str | None = None
    urls: list[_Url] | None = None
    passkey: Any = None


class _Item(msgspec.Struct, rename="camel"):
    state: str | None = None
    trashed: bool = False
    created_at: int | None = None
    details: _Details = msgspec.field(default_factory=_Details)
    overview: _Overview = msgspec.field(default_factory=_Overview)


class _Box(msgspec.Struct):
    items: list[_Item] | None = None


class _Owner(msgspec.Struct):
    vaults: list[_Box] | None = None


class _Export(msgspec.Struct):
    accounts: list[_Owner]


class OnePassword(Vault, kind="1password"):
    """Reads a 1PUX export. Of passwords only strength, reuse and age are told; notes, cards and files are not read."""

    def logins(self) -> Iterator[Login]:
        """Items with a password or passkey that are neither archived nor deleted."""
        path = self.settings.path
        data = next((data for _, data in zip_members(path, lambda name: name == _DATA)), None)
        if data is None:
            raise ReadError(
                f"holds no {_DATA} and is no 1PUX export", where=str(path), todo="Export from 1Password as 1PUX."
            )
        export: _Export = json(data, _Export, where=f"{path} ({_DATA})")
        items = (item for owner in export.accounts for box in owner.vaults or () for item in box.items or ())
        for number, item in enumerate(items, 1):
            if item.trashed or item.state not in (None, "active"):
                continue
            login = _login(item, number)
            if login.password or login.passkey:
                yield login


def _login(item: _Item, number: int) -> Login:
    details = item.details
    named = {field.designation: field.value for field in details.login_fields or () if field}
    fields = [field for section in details.sections or () if section for field in section.fields or ()]
    values = {field.id: _plain(field.value) for field in fields}
    listed = [item.overview.url, *(one.url for one in item.overview.urls or ())]
    listed += [values[name] for name in _ADDRESS_FIELDS if name in values]
    password = named.get("password") or details.password or values.get("password")
    user = named.get("username") or values.get("username")
    return Login(
        place=f"item {number}",
        urls=tuple(Secret(url) for url in dict.fromkeys(listed) if url),
        user=Secret(user if isinstance(user, str) else ""),
        password=Secret(password if isinstance(password, str) else ""),
        totp=any(bool((field.value or {}).get("totp")) for field in fields),
        passkey=bool(details.passkey or item.overview.passkey),
        changed_on=_changed(item),
    )


def _plain(value: dict[str, Any] | None) -> str:
    """The text of a section's field: {"concealed": "…"}, {"string": "…"}, {"url": "…"}."""
    texts = (text for name, text in (value or {}).items() if name in ("concealed", "string", "url"))
    return next((text for text in texts if isinstance(text, str)), "")


def _changed(item: _Item) -> date | None:
    past = [entry.time for entry in item.details.password_history or () if entry and entry.time is not None]
    moment = max(past) if past else item.created_at
    try:
        return datetime.fromtimestamp(moment, UTC).date() if moment is not None else None
    except (OverflowError, OSError, ValueError):
        return None
