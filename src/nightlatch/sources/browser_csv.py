"""The passwords that Chrome (and its kin), Firefox and Apple's Passwords export as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime

import msgspec

from nightlatch.errors import ReadError
from nightlatch.reading.files import read_text
from nightlatch.secrets import Secret
from nightlatch.sources._vault import Login, Vault


class _Format(msgspec.Struct, frozen=True):
    """Columns, lower case, by which an export is recognised, and where it keeps what only it has."""

    name: str
    columns: frozenset[str]
    totp: str = ""
    changed_ms: str = ""


_FORMATS = (
    _Format(
        "Firefox",
        frozenset(("url", "username", "password", "formactionorigin", "timepasswordchanged")),
        changed_ms="timepasswordchanged",
    ),
    _Format("Apple Passwords", frozenset(("title", "url", "username", "password", "otpauth")), totp="otpauth"),
    _Format("Chrome", frozenset(("name", "url", "username", "password"))),
)


class BrowserCsv(Vault, kind="browser-csv"):
    """Reads a browser's CSV export. Of passwords only strength, reuse and age are told; notes are not read."""

    def logins(self) -> Iterator[Login]:
        """One login for each line after the heading."""
        where = str(self.settings.path)
        reader = csv.reader(io.StringIO(read_text(self.settings.path), newline=""), strict=True)
        try:
            heading = next(reader, [])
            columns = [column.strip().casefold() for column in heading]
            form = _recognised(columns, where)
            for row in reader:
                if not row:
                    continue
                if len(row) != len(columns):
                    raise ReadError(
                        f"has {len(row)} columns where its heading has {len(columns)}",
                        where=f"{where}:{reader.line_num}",
                        todo="Is the file whole? Export it again.",
                    )
                yield _login(dict(zip(columns, row, strict=True)), form, f"line {reader.line_num}")
        except csv.Error as error:
            raise ReadError(f"is not valid CSV: {error}", where=f"{where}:{reader.line_num}") from None


def _recognised(columns: list[str], where: str) -> _Format:
    for form in _FORMATS:
        if form.columns <= set(columns) and len(set(columns)) == len(columns):
            return form
    raise ReadError(
        "has no heading of a password export",
        where=f"{where}:1",
        todo="Export passwords as CSV from Chrome, Edge, Brave, Firefox or Apple’s Passwords.",
    )


def _login(row: dict[str, str], form: _Format, place: str) -> Login:
    return Login(
        place=place,
        urls=(Secret(row["url"]),) if row["url"] else (),
        user=Secret(row["username"]),
        password=Secret(row["password"]),
        totp=bool(form.totp and row[form.totp]),
        changed_on=_day(row[form.changed_ms]) if form.changed_ms else None,
    )


def _day(milliseconds: str) -> date | None:
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC).date()
    except (OverflowError, OSError, ValueError):
        return None
