"""Where secrets and uploads of a source are kept: private files in the state folder, named in nightlatch.toml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nightlatch.errors import UsageError
from nightlatch.secrets import Secret
from nightlatch.writing import replace

SECRETS, UPLOADS = "secrets", "uploads"
LONGEST = 4096
"""Characters of a secret that a form takes."""
_ENDING = re.compile(r"(\.[a-z0-9]{1,8}){1,2}")


def keep_secret(folder: Path, id_: str, field: str, secret: Secret) -> str:
    """Keep a secret of a source or channel for its owner alone; the reference that the configuration holds."""
    if len(secret) > LONGEST or not secret.reveal().isprintable():
        raise UsageError(f"{field} is no secret on one line of at most {LONGEST} characters")
    return f"file:{_written(folder / SECRETS, f'{id_}.{field}', secret.reveal().encode())}"


def keep_upload(folder: Path, id_: str, name: str, data: bytes) -> str:
    """Keep an uploaded file of a source; its path. Of its name only the ending counts, which says what it is."""
    found = _ENDING.search(name.lower().rpartition("/")[2])
    ending = found[0] if found and name.lower().endswith(found[0]) else ""
    return str(_written(folder / UPLOADS, f"{id_}{ending}", data))


def _written(folder: Path, name: str, data: bytes) -> Path:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        replace(folder / name, data)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(folder / name)) from None
    return folder / name


def ours(folder: Path, values: Iterable[Any]) -> list[Path]:
    """The files of ours that these settings of a source name."""
    places = [folder / SECRETS, folder / UPLOADS]
    paths = [Path(value.removeprefix("file:")) for value in values if isinstance(value, str)]
    return [path for path in paths if path.parent in places and path.name not in ("", "..")]


def drop(folder: Path, table: Mapping[str, Any]) -> None:
    """Remove what was kept for a source that goes."""
    for path in ours(folder, table.values()):
        path.unlink(missing_ok=True)


def same_place(url: str, other: str) -> bool:
    """Whether two addresses are of the same server, reached the same way: a secret of the one may go to the other."""
    try:
        one, two = urlsplit(url), urlsplit(other)
        return (one.scheme, one.hostname, one.port) == (two.scheme, two.hostname, two.port)
    except ValueError:
        return False
