"""Doors and the locks on them: what sources see, what is bound to what, and doors that lock themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from nightlatch.configuration.draft import slug
from nightlatch.configuration.edit import Editor
from nightlatch.configuration.guarding import AutoLockTable
from nightlatch.errors import UsageError
from nightlatch.model.lock import Lock
from nightlatch.web.errors import NotFound
from nightlatch.web.house import House
from nightlatch.web.texts import _

LONGEST = 80
Of = Literal["door", "lock"]


class SeenLock(msgspec.Struct, frozen=True):
    """A lock that a source tells of and that is on no door yet."""

    key: str
    """How the source knows it, as "zwavejs:3"."""
    label: str
    known: str
    """Maker and model, as far as they are known."""
    name: str
    """What its door might be called."""
    same: str = ""
    """The door that has this name already, by its id."""


class LockView(msgspec.Struct, frozen=True):
    """A lock as it is configured."""

    id: str
    name: str
    door: str
    model: str
    found_model: str
    """Maker and model as sources tell it."""
    bind: tuple[str, ...]
    seen: bool
    """Whether the newest audit heard of it from a source."""
    autolock: AutoLockTable | None
    autolock_now: str = ""
    """How its auto-lock stands."""


class DoorView(msgspec.Struct, frozen=True):
    """A door as it is configured."""

    id: str
    name: str
    exterior: bool | None
    locks: tuple[LockView, ...]


class DoorsView(msgspec.Struct, frozen=True):
    """Doors, locks without one, and locks that nobody bound."""

    doors: tuple[DoorView, ...]
    loose: tuple[LockView, ...]
    seen: tuple[SeenLock, ...]
    asked: bool
    """Whether the sources were asked already, by an audit of this run."""
    asking: tuple[str, ...] = ()
    """Sources that are not asked yet or did not answer."""


def view(house: House) -> DoorsView:
    """All of them."""
    tables = house.configuration.tables
    locks = [_lock(house, one.id) for one in tables.locks]
    known = {one.id for one in tables.doors}
    doors = tuple(
        DoorView(one.id, one.name or one.id, one.exterior, tuple(lock for lock in locks if lock.door == one.id))
        for one in tables.doors
    )
    audit = house.service.auditor.last
    failed = () if audit is None else tuple(one.id for one in audit.sources if one.status == "failed")
    loose = tuple(one for one in locks if one.door not in known)
    return DoorsView(doors, loose, seen(house), audit is not None, failed)


def door(house: House, id_: str) -> DoorView:
    """One door; NotFound."""
    for one in view(house).doors:
        if one.id == id_:
            return one
    raise NotFound


def seen(house: House) -> tuple[SeenLock, ...]:
    """Locks that sources tell of and that are not in the configuration."""
    tables = house.configuration.tables
    named = {(one.name or one.id).casefold(): one.id for one in tables.doors}
    taken = {one.door for one in tables.locks}
    found = []
    for lock in house.service.home.all(Lock):
        if ":" not in lock.ref.key:
            continue
        known = " ".join(str(fact.value) for fact in (lock.maker, lock.model) if fact is not None)
        name = suggested(lock.label)
        same = named.get(name.casefold(), "")
        found.append(SeenLock(lock.ref.key, lock.label, known, name, "" if same in taken else same))
    return tuple(sorted(found, key=lambda one: one.label))


def suggested(label: str) -> str:
    """What a door might be called whose lock is called so: "Front door lock" is on the "Front door"."""
    short = re.sub(r"[\s_.\-]*\b(?:smart[\s_\-]*)?(?:lock|schloss|deadbolt|latch)\b", "", label, flags=re.IGNORECASE)
    short = short.replace("_", " ").replace(".", " ").strip(" -")
    return short[:1].upper() + short[1:LONGEST] if short else _("Front door")


def _lock(house: House, id_: str) -> LockView:
    tables = house.configuration.tables
    table = next(one for one in tables.locks if one.id == id_)
    rule = next((one for one in tables.autolock if one.lock == id_), None)
    thing = house.service.home.get(Lock, id_)
    facts = (thing.maker, thing.model) if thing is not None else ()
    found = " ".join(str(fact.value) for fact in facts if fact is not None and fact.source != "declared")
    names = {one.lock: one.why for one in house.service.autolock.view()}
    return LockView(
        id=id_,
        name=table.name or id_,
        door=table.door,
        model=table.model,
        found_model=found,
        bind=tuple(table.bind),
        seen=thing is not None and any(":" in key for key in thing.keys),
        autolock=rule,
        autolock_now=names.get(f"lock:{id_}", "") if rule is not None else "",
    )


class Binding(msgspec.Struct, frozen=True):
    """What becomes of a lock that a source sees: `door` names one by id, or it is a new one, `name`."""

    key: str
    door: str = ""
    name: str = ""
    exterior: bool = True


def binding(house: House, wanted: list[Binding]) -> Callable[[Editor], None]:
    """How locks come onto doors in the file. UsageError names what cannot be."""
    keys = {one.key: one for one in seen(house)}
    for one in wanted:
        if one.key not in keys:
            raise UsageError(_("the lock %(key)s is not among those that your hubs tell of", key=one.key))
        if not one.door:
            called(one.name)

    def bind(editor: Editor) -> None:
        for one in wanted:
            doors = [str(table["id"]) for table in editor.tables("doors")]
            id_ = one.door
            if not id_:
                id_ = slug(one.name, doors)
                editor.add("doors", {"id": id_, "name": called(one.name), "exterior": one.exterior})
            elif id_ not in doors:
                raise UsageError(_("there is no door %(id)s", id=id_))
            locks = [str(table["id"]) for table in editor.tables("locks")]
            name = keys[one.key].label[:LONGEST]
            editor.add("locks", {"id": slug(id_, locks), "door": id_, "name": name, "bind": [one.key]})

    return bind


def new_door(name: str, exterior: bool) -> Callable[[Editor], None]:
    """How a door is added that no source knows of."""
    label = called(name)

    def add(editor: Editor) -> None:
        taken = [str(table["id"]) for table in editor.tables("doors")]
        editor.add("doors", {"id": slug(label, taken), "name": label, "exterior": exterior})

    return add


def renamed(of: Of, id_: str, values: Mapping[str, Any]) -> Callable[[Editor], None]:
    """How keys of a door or a lock are set."""
    return lambda editor: editor.change(f"{of}s", _place(editor, f"{of}s", id_), values)


def removing(of: Of, id_: str) -> Callable[[Editor], None]:
    """How a door or a lock goes. A door's locks stay, without one; a lock's auto-lock goes with it."""

    def remove(editor: Editor) -> None:
        if of == "door":
            for number, lock in enumerate(editor.tables("locks")):
                if lock.get("door") == id_:
                    editor.change("locks", number, {"door": None})
        else:
            unlocked(id_)(editor)
        editor.remove(f"{of}s", _place(editor, f"{of}s", id_))

    return remove


def locked(id_: str, values: Mapping[str, Any]) -> Callable[[Editor], None]:
    """How a lock is told to lock by itself, or to do so differently."""

    def put(editor: Editor) -> None:
        for number, rule in enumerate(editor.tables("autolock")):
            if rule.get("lock") == id_:
                editor.change("autolock", number, values)
                return
        editor.add("autolock", {"lock": id_, **values})

    return put


def unlocked(id_: str) -> Callable[[Editor], None]:
    """How a lock is told not to lock by itself any more."""

    def drop(editor: Editor) -> None:
        for number, rule in reversed([*enumerate(editor.tables("autolock"))]):
            if rule.get("lock") == id_:
                editor.remove("autolock", number)

    return drop


def called(name: str) -> str:
    """A name that people read; UsageError where it cannot be one."""
    text = name.strip()
    if not text or len(text) > LONGEST or not text.isprintable():
        raise UsageError(_("name: 1 to %(most)s printable characters", most=LONGEST))
    return text


def _place(editor: Editor, name: str, id_: str) -> int:
    for number, table in enumerate(editor.tables(name)):
        if table.get("id") == id_:
            return number
    raise NotFound
