"""What is done with sources: try, add, change, remove. Pages and API do the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from nightlatch.configuration.edit import Editor, edited
from nightlatch.configuration.read import load, parse
from nightlatch.web.errors import NotFound
from nightlatch.web.house import House
from nightlatch.web.settings import keeping, sources
from nightlatch.web.settings.changing import change as changed
from nightlatch.web.settings.changing import start_over
from nightlatch.web.settings.sources import Wanted
from nightlatch.web.settings.trying import Tried, tried
from nightlatch.web.signin.who import Who

VARIABLE = "NIGHTLATCH_BEING_TRIED_"
"""Under which a secret that was typed is tried, before it is kept anywhere."""
Refs = Mapping[str, str]


async def add(house: House, who: Who, made: Wanted, *, since: str = "", anyway: bool = False) -> Tried:
    """Try a source and add it; one that fails is added only if that is wanted `anyway`."""
    sources.complete(made, {})
    written = await house.read(lambda: load(house.configuration.path).tables.sources)
    id_ = sources.id_of(made.kind, written)
    result = Tried(True, "") if anyway else await _trial(house, made, partial(sources.adding, made), id_)
    if result.ok:
        await _kept(house, who, made, id_, partial(sources.adding, made), since=since, name="source-added")
    return result


async def change(house: House, who: Who, id_: str, made: Wanted, *, since: str = "", anyway: bool = False) -> Tried:
    """Try a source as it would be, and change it."""
    number, table = _place(house, id_)
    sources.complete(made, table)
    how = partial(sources.changing, number, made)
    result = Tried(True, "") if anyway else await _trial(house, made, how, id_)
    if result.ok:
        await _kept(house, who, made, id_, how, since=since, name="source-changed")
    return result


async def remove(house: House, who: Who, id_: str, *, since: str = "") -> None:
    """Take a source out, with the files that were kept for it. What is bound to it stays bound."""
    number, table = _place(house, id_)
    await changed(house, who, sources.removing(number), name="source-removed", since=since, detail=id_)
    await house.alone(lambda: keeping.drop(house.folder, table))


async def again(house: House, id_: str) -> Tried:
    """Try a source as it is configured."""
    _place(house, id_)
    return await tried(house, house.configuration, id_, {})


async def look_again(house: House, who: Who) -> None:
    """Have the service take the file as it is now, after a change by hand."""
    await house.act(who, "configuration-reread")
    start_over(house)


def _place(house: House, id_: str) -> tuple[int, dict[str, Any]]:
    tables = load(house.configuration.path).tables.sources
    for number, table in enumerate(tables):
        if sources.named(tables, number) == id_:
            return number, table
    raise NotFound


async def _trial(house: House, made: Wanted, how: Callable[[Refs], Callable[[Editor], None]], id_: str) -> Tried:
    """Try a source as a change would make it, with its secrets in memory alone and its upload in a private file."""
    names = {field: f"{VARIABLE}{field.upper()}" for field in made.secrets}
    refs = {field: f"env:{name}" for field, name in names.items()}
    secrets = {names[field]: secret.reveal() for field, secret in made.secrets.items()}
    sent: Path | None = None
    if made.upload is not None:
        upload = made.upload
        kept = await house.alone(lambda: keeping.keep_upload(house.folder, f"trying.{id_}", upload.name, upload.data))
        refs["path"], sent = kept, Path(kept)
    try:
        path = house.configuration.path
        text = await house.read(lambda: edited(path, how(refs)))
        return await tried(house, parse(text, path), id_, secrets)
    finally:
        if sent is not None:
            sent.unlink(missing_ok=True)


async def _kept(
    house: House, who: Who, made: Wanted, id_: str, how: Callable[[Refs], Callable[[Editor], None]], **told: str
) -> None:
    """Keep secrets and upload, each in a private file, and write the configuration."""

    def files() -> dict[str, str]:
        refs = {field: keeping.keep_secret(house.folder, id_, field, secret) for field, secret in made.secrets.items()}
        if made.upload is not None:
            refs["path"] = keeping.keep_upload(house.folder, id_, made.upload.name, made.upload.data)
        return refs

    refs = await house.alone(files)
    try:
        await changed(house, who, how(refs), detail=id_, **told)
    except BaseException:
        if told["name"] == "source-added":
            await house.alone(lambda: keeping.drop(house.folder, refs))
        raise
