"""Things have fields; an instance holds, per field, the fact known of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar, overload

from nightlatch.model.evidence import Claim, Fact, Gap, Grade, Ref

T = TypeVar("T")

STALE_AFTER = timedelta(days=180)
MONTH = timedelta(days=30)
"""For answers about what changes by itself: a battery, an update on offer, a network open for pairing."""


class Field(Generic[T]):
    """One thing that can be known of a Thing: `Router.upnp`; on an instance, `Fact[T] | None`.

    `doc` says what the value means, with its unit. `ask` is the question in plain words for a field
    that an owner can answer; a field without one cannot be declared. `stale_after` is how long a
    declared answer holds.
    """

    name: str
    kind: str

    def __init__(self, doc: str, *, ask: str = "", stale_after: timedelta = STALE_AFTER) -> None:
        self.doc = doc
        self.ask = ask
        self.stale_after = stale_after

    def __set_name__(self, owner: type[Thing], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, thing: None, owner: type[Thing]) -> Field[T]: ...
    @overload
    def __get__(self, thing: Thing, owner: type[Thing]) -> Fact[T] | None: ...
    def __get__(self, thing: Thing | None, owner: type[Thing]) -> Field[T] | Fact[T] | None:
        # A known fact stands in the instance's __dict__ and shadows this descriptor,
        # so reading one costs a plain attribute; only what is unknown comes here.
        return self if thing is None else None

    @cached_property
    def type(self) -> Any:
        """The type of the value, as msgspec understands it: `Field[bool]` gives bool."""
        return self.__orig_class__.__args__[0]  # type: ignore[attr-defined]  # set by typing.Generic

    @property
    def path(self) -> str:
        """`kind.name`, as Gap and the docs name it."""
        return f"{self.kind}.{self.name}"

    def __repr__(self) -> str:
        return f"<Field {self.path}>"

    def claim(
        self,
        about: Ref,
        value: T,
        *,
        where: str = "",
        at: datetime | None = None,
        grade: Grade | None = None,
        confidence: str = "",
    ) -> Claim:
        """The claim that this field of `about` has this value; `where` is its place in the source."""
        if about.kind != self.kind:
            raise TypeError(f"{self.path} cannot be claimed of {about}")
        return Claim(about, self.name, value, where, at, grade, "", confidence)


class Thing:
    """A home, door, lock, hub, router … : an id and the facts known of it. Immutable."""

    kind: ClassVar[str]
    fields: ClassVar[dict[str, Field[Any]]] = {}
    _reserved: ClassVar[frozenset[str]] = frozenset(("ref", "keys", "gaps", "stale", "kind", "fields", "label"))

    ref: Ref
    keys: tuple[str, ...]
    """Every key that names this thing, sorted: owner's id, ecosystem ids, serial, MAC."""
    gaps: Mapping[str, tuple[Gap, ...]]
    """By field name: why sources could not tell."""
    stale: Mapping[str, Fact[Any]]
    """By field name: a declared answer that has gone stale and counts as missing."""

    def __init_subclass__(cls, kind: str = "", **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls.kind = kind
        cls.fields = {name: item for name, item in vars(cls).items() if isinstance(item, Field)}
        for name, item in cls.fields.items():
            if name in cls._reserved:
                raise TypeError(f"{kind}.{name}: the name is taken")
            item.kind = kind

    def __init__(
        self,
        id: str,  # noqa: A002  # the design's word
        facts: Mapping[str, Fact[Any]] | None = None,
        *,
        keys: tuple[str, ...] = (),
        gaps: Mapping[str, tuple[Gap, ...]] | None = None,
        stale: Mapping[str, Fact[Any]] | None = None,
    ) -> None:
        state = self.__dict__
        state["ref"] = Ref(self.kind, id)
        state["keys"] = keys
        state["gaps"] = gaps or {}
        state["stale"] = stale or {}
        if facts:
            state.update(facts)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{self!r} is immutable")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.ref.key}>"

    def fact(self, name: str) -> Fact[Any] | None:
        """The fact known under a field's name, or None."""
        return self.__dict__.get(name) if name in self.fields else None

    def facts(self) -> dict[str, Fact[Any]]:
        """Every fact known, by field name, in the order of the fields."""
        state = self.__dict__
        return {name: state[name] for name in self.fields if name in state}

    @property
    def label(self) -> str:
        """What to call it in a sentence: the owner's name for it, or a source's; its id otherwise."""
        name: Fact[Any] | None = self.__dict__.get("name")
        if name is None:
            return self.ref.key
        if not name.others:
            return str(name.value)
        # Names are for people: here the owner's word beats what a hub calls the thing.
        return str(next((other.value for other in name.others if other.grade is Grade.DECLARED), name.value))
