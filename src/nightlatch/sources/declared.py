"""The owner's own word: what `nightlatch.toml` says of the home. Always on, always first."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any, Literal

import msgspec

from nightlatch.configuration.read import Configuration
from nightlatch.configuration.tables import THING_TABLES, AnswerTable
from nightlatch.errors import ConfigurationError
from nightlatch.model.door import Door
from nightlatch.model.evidence import Claim, Grade, Item, Ref, Same
from nightlatch.model.home import Home
from nightlatch.model.kinds import KINDS
from nightlatch.model.lock import Lock
from nightlatch.model.people import Person, Vendor
from nightlatch.model.thing import Field, Thing
from nightlatch.model.values import PortMapping
from nightlatch.sources.interface import Context, Settings, Source
from nightlatch.text import listed, suggest

HOME = Ref("home", "home")


class Declared(Source, kind="declared"):
    """Doors, locks, people and bindings, and the answers that the owner gave on a day."""

    Settings = Settings
    grade = Grade.DECLARED
    gives = tuple(field for kind in KINDS.values() for field in kind.fields.values() if field.ask)

    def __init__(self, configuration: Configuration, context: Context) -> None:
        super().__init__(Settings(), context)
        self.configuration = configuration

    def collect(self) -> Iterator[Item]:
        """Every thing, binding and answer of the file, with its line."""
        tables = self.configuration.tables
        where = self.configuration.place("home")
        yield Home.name.claim(HOME, tables.home.name, where=where)
        yield Home.timezone.claim(HOME, tables.home.timezone, where=where)
        for table in THING_TABLES:
            yield from self._things(table)
        for number, answer in enumerate(tables.answers):
            yield self.claim(answer, number)

    def _things(self, table: str) -> Iterator[Item]:
        kind = KINDS[THING_TABLES[table]]
        for number, thing in enumerate(getattr(self.configuration.tables, table)):
            ref = Ref(kind.kind, thing.id)
            where = self.configuration.place(table, number)
            name: Field[str] = kind.fields["name"]
            yield name.claim(ref, thing.name or thing.id, where=where)
            for key in thing.bind:
                yield Same(ref, self._bound(key, table, number))
            if kind is Lock:
                if thing.door:
                    yield Lock.door.claim(ref, Ref("door", thing.door), where=where)
                if thing.model:
                    yield Lock.model.claim(ref, thing.model, where=where)
            elif kind is Door and thing.exterior is not None:
                yield Door.exterior.claim(ref, thing.exterior, where=where)
            elif kind is Person and thing.role:
                yield Person.role.claim(ref, thing.role, where=where)

    def _bound(self, key: str, table: str, number: int) -> str:
        """A binding's key as sources make it: the source's id is left out where its kind is unique."""
        kind, colon, local = key.partition(":")
        if not colon or not kind or not local:
            raise self.configuration.error(
                f"{key!r} binds nothing", table, number, "bind", todo='Write "kind:id", as "zwavejs:3".'
            )
        if kind in ("mac", "ieee"):
            return key.lower().replace("-", ":")
        source, slash, rest = local.partition("/")
        same_kind = [item for item in self.configuration.tables.sources if item["kind"] == kind]
        if slash and len(same_kind) == 1 and source == same_kind[0].get("id", kind):
            return f"{kind}:{rest}"
        return key

    def claim(self, answer: AnswerTable, number: int) -> Claim:
        """An answer as a claim; ConfigurationError at its line when it cannot be one."""

        def wrong(what: str, key: str, todo: str = "") -> ConfigurationError:
            return self.configuration.error(what, "answers", number, key, todo=todo)

        kind_name, _, key = answer.about.partition(":")
        kind = KINDS.get(kind_name)
        if kind is None:
            raise wrong(f"there is no kind of thing called {kind_name!r}", "about", suggest(kind_name, KINDS))
        if kind is not Home and not key:
            raise wrong(f"{answer.about!r} names no {kind_name}", "about", f'Write "{kind_name}:ID".')
        field = answerable(kind).get(answer.fact)
        if field is None:
            known = sorted(answerable(kind))
            raise wrong(
                f"{kind_name} has no fact {answer.fact!r} that can be answered",
                "fact",
                suggest(answer.fact, known) or f"Known: {', '.join(known)}.",
            )
        if kind not in (Home, Vendor) and ":" not in key:
            # An id without a colon is the owner's own; vendors' are made of the makers' names.
            ids = self.configuration.ids(kind_name)
            if key not in ids:
                raise wrong(f"there is no {kind_name} {key!r}", "about", suggest(key, ids))
        try:
            at = datetime.combine(answer.on, time(), self.configuration.zone).astimezone(UTC)
        except OverflowError:
            raise wrong(f"the answer is dated {answer.on}, which cannot be", "on") from None
        if at > self.context.now:
            raise wrong(
                f"the answer is dated {answer.on}, which has not come yet",
                "on",
                f"By this machine's clock it is {self.context.now.astimezone(self.configuration.zone):%Y-%m-%d %H:%M}.",
            )
        try:
            value = convert(field, answer.value, self.configuration.zone)
        except (msgspec.ValidationError, OverflowError):
            raise wrong(f"{answer.fact} cannot be {_shown(answer.value)}", "value", f"It is {shape(field)}.") from None
        # `..._on` is a day that something was done; an end of support or of a code lies ahead.
        if field.name.endswith("_on") and isinstance(value, date) and value > answer.on:
            raise wrong(f"{answer.fact} lies after the day of the answer", "value")
        about = HOME if kind is Home else Ref(kind_name, key)
        return field.claim(about, value, where=self.configuration.place("answers", number), at=at)


def answerable(kind: type[Thing]) -> dict[str, Field[Any]]:
    """The fields of a kind that a person can answer, by name."""
    return {name: field for name, field in kind.fields.items() if field.ask}


def convert(field: Field[Any], value: Any, zone: tzinfo) -> Any:
    """An answer's TOML value as the field's type; msgspec.ValidationError when it does not fit.

    Where an instant is wanted, a bare day means its end, and a time without an offset is one, at home.
    """
    read = _WORDED.get(field.type)
    if read is not None:
        return tuple(read(word) for word in msgspec.convert(value, tuple[str, ...]))
    if field.type is datetime and type(value) is date:
        value = datetime.combine(value, time(23, 59, 59), zone)
    made = msgspec.convert(value, field.type)
    if isinstance(made, datetime):
        return (made if made.tzinfo else made.replace(tzinfo=zone)).astimezone(UTC)
    return made


def _named(word: str) -> Ref:
    """`lock:front` as the thing it names."""
    kind, _, key = word.partition(":")
    if kind not in KINDS or not key:
        raise msgspec.ValidationError(f"{word!r} names no thing")
    return Ref(kind, key)


def _mapping(word: str) -> PortMapping:
    """`tcp 8123 -> 192.168.1.5:8123` as what it says."""
    found = _PORT.fullmatch(word.strip())
    if found is None:
        raise msgspec.ValidationError(f"{word!r} is no port mapping")
    return PortMapping(*found.groups())


_PORT = re.compile(r"(tcp|udp) (\d{1,5}(?:-\d{1,5})?) ?-> ?(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]{2,39}\]):(\d{1,5})")
_WORDED: dict[Any, Callable[[str], Any]] = {tuple[Ref, ...]: _named, tuple[PortMapping, ...]: _mapping}
"""Types that an owner writes as words, one for each item of a list."""


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def shape(field: Field[Any]) -> str:
    """What an answer looks like, in words: `true or false`, `one of "sms", "app"`."""
    wanted = field.type
    if typing.get_origin(wanted) is Literal:
        return f"one of {listed(chr(34) + str(word) + chr(34) for word in typing.get_args(wanted))}"
    if typing.get_origin(wanted) is tuple:
        inner = typing.get_args(wanted)[0]
        words = typing.get_args(inner)
        if inner in (Ref, PortMapping):
            return "a list, as lock:front" if inner is Ref else "a list, as tcp 8123 -> 192.168.1.5:8123"
        return f"a list of {listed(chr(34) + str(word) + chr(34) for word in words)}" if words else "a list of words"
    names: dict[Any, str] = {
        bool: "true or false",
        int: "a whole number",
        str: 'text in "quotes"',
        date: "a day, as 2026-10-01",
        datetime: "a day or a time, as 2026-10-01T18:00:00Z",
        types.NoneType: "nothing",
    }
    return names.get(wanted, "of another type")
