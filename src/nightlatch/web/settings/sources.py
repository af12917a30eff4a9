"""Sources and ecosystems: how each fares, and adding, changing, trying and removing one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from nightlatch.configuration.edit import Editor
from nightlatch.configuration.tables import THING_TABLES
from nightlatch.errors import UsageError
from nightlatch.secrets import Secret
from nightlatch.web.errors import NotFound
from nightlatch.web.house import House
from nightlatch.web.settings import keeping, kinds
from nightlatch.web.settings.kinds import Kind
from nightlatch.web.settings.uploading import Uploaded
from nightlatch.web.texts import _

Standing = Literal["connected", "read", "partial", "failed", "waiting"]


class SourceView(msgspec.Struct, frozen=True):
    """A source as it fares."""

    id: str
    kind: str
    title: str
    number: int
    """Which of the `[[sources]]` it is, from 0."""
    standing: Standing
    since: datetime | None = None
    """Since when it is connected, or is not."""
    facts: int | None = None
    """What it told at the last audit; null: it was not asked yet."""
    audited: datetime | None = None
    problem: str = ""
    todo: str = ""
    place: str = ""
    """Its address or file."""


class Wanted(msgspec.Struct, frozen=True):
    """A source as a form describes it. `secrets` and `upload` are what is not written into the configuration."""

    kind: Kind
    values: dict[str, Any]
    secrets: dict[str, Secret] = {}
    upload: Uploaded | None = None


def named(tables: Sequence[Mapping[str, Any]], number: int) -> str:
    """The id of a source: as set, or by its kind; as `configuration.plugs` has it."""
    kind_ = str(tables[number]["kind"])
    alone = sum(str(one["kind"]) == kind_ for one in tables) == 1
    return str(tables[number].get("id") or (kind_ if alone else f"{kind_}-{number + 1}"))


def views(house: House) -> tuple[SourceView, ...]:
    """Every configured source."""
    tables = house.configuration.tables.sources
    audit = house.service.auditor.known
    told = {one.id: one for one in audit.sources} if audit is not None else {}
    live = {one.id: one for one in house.service.reporter.status().ecosystems}
    found = []
    for number, table in enumerate(tables):
        id_, kind_ = named(tables, number), str(table["kind"])
        document, hub = told.get(id_), live.get(id_)
        problem, todo = (document.reason, document.todo) if document is not None else ("", "")
        standing: Standing = "waiting"
        if hub is not None and (hub.connected or hub.problem):
            standing = "connected" if hub.connected else "failed"
            problem = problem if hub.connected else hub.problem
        elif document is not None:
            standing = "read" if document.status == "ok" else document.status
        since = hub.since if hub is not None else None
        place = str(table.get("url") or table.get("path") or table.get("config") or table.get("data") or "")
        audited = audit.at if audit is not None and document is not None else None
        facts = document.facts if document is not None else None
        found.append(
            SourceView(
                id=id_,
                kind=kind_,
                title=kinds.title(kind_),
                number=number,
                standing=standing,
                since=since,
                facts=facts,
                audited=audited,
                problem=problem,
                todo=todo,
                place=_shown(house, place),
            )
        )
    return tuple(found)


def one(house: House, id_: str) -> SourceView:
    """One of them; NotFound."""
    for view in views(house):
        if view.id == id_:
            return view
    raise NotFound


def _shown(house: House, place: str) -> str:
    return _("an uploaded file") if keeping.ours(house.folder, [place]) else place


def wanted(kind_: Kind, form: Mapping[str, Any]) -> Wanted:
    """What a form describes. UsageError names the field that is missing or wrong."""
    values = kinds.read(kind_, form)
    secrets = {}
    for field in kind_.inputs:
        raw = form.get(field.name)
        if field.shape == "secret" and isinstance(raw, str) and raw:
            secrets[field.name] = Secret(raw)
    upload = form.get("upload")
    sent = upload if isinstance(upload, Uploaded) and upload.data and kind_.uploads else None
    return Wanted(kind_, values, secrets, sent)


def complete(made: Wanted, kept: Mapping[str, Any]) -> None:
    """UsageError where something is not given that is needed; `kept` is what stands already, for the same address."""
    for field in made.kind.inputs:
        given = made.values.get(field.name) is not None or field.name in made.secrets
        given = given or (field.shape == "secret" and field.name in kept)
        if field.name == "path" and made.upload is not None:
            given = True
        if field.required and not given:
            raise UsageError(_("%(field)s is missing", field=_(field.label)))
        stays = field.shape == "secret" and field.name in kept and field.name not in made.secrets
        if stays and not keeping.same_place(str(made.values.get("url") or ""), str(kept.get("url") or "")):
            raise elsewhere(_(field.label))


def elsewhere(field: str) -> UsageError:
    """A secret that is kept was to go to another server than it was given for: it would be told to who runs that."""
    return UsageError(
        _("this is another address, and %(field)s was given for the former", field=field), todo=_("Type it again.")
    )


def id_of(kind_: Kind, tables: Sequence[Mapping[str, Any]]) -> str:
    """The id that one more source of a kind gets."""
    taken = {named(tables, number) for number in range(len(tables))} | {str(one["kind"]) for one in tables}
    name, number = kind_.kind, 2
    while name in taken:
        name, number = f"{kind_.kind}-{number}", number + 1
    return name


def adding(made: Wanted, refs: Mapping[str, str]) -> Callable[[Editor], None]:
    """How a source is added to the file. `refs` say where its secrets and its upload are."""

    def add(editor: Editor) -> None:
        id_ = id_of(made.kind, editor.tables("sources"))
        separate(editor, made.kind.kind)
        values = {"kind": made.kind.kind, "id": None if id_ == made.kind.kind else id_}
        editor.add("sources", {**values, **made.values, **refs})

    return add


def separate(editor: Editor, kind_: str) -> None:
    """Where one of a kind stood alone, name it, and have what is bound to it say so: another is to come."""
    tables = editor.tables("sources")
    alone = [number for number, one in enumerate(tables) if one.get("kind") == kind_]
    if len(alone) != 1:
        return
    id_ = named(tables, alone[0])
    if "id" not in tables[alone[0]]:
        editor.change("sources", alone[0], {"id": id_})
    start = f"{kind_}:"
    for name in THING_TABLES:
        for number, thing in enumerate(editor.tables(name)):
            bound = [str(key) for key in thing.get("bind", [])]
            apart = [
                f"{start}{id_}/{key.removeprefix(start)}"
                if key.startswith(start) and not key.startswith(f"{start}{id_}/")
                else key
                for key in bound
            ]
            if apart != bound:
                editor.change(name, number, {"bind": apart})


def changing(number: int, made: Wanted, refs: Mapping[str, str]) -> Callable[[Editor], None]:
    """How a source is changed in the file. A secret that was not typed stays; so does an upload."""
    values = dict(made.values)
    if values.get("path") is None and made.kind.uploads:
        values.pop("path", None)
    return lambda editor: editor.change("sources", number, {**values, **refs})


def removing(number: int) -> Callable[[Editor], None]:
    """How a source is taken out of the file."""
    return lambda editor: editor.remove("sources", number)
