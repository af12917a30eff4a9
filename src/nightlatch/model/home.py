"""A home: everything known of it at one instant, with the state of the sources that told it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from nightlatch.model.evidence import Fact, Gap, Ref
from nightlatch.model.thing import Field, Thing

ThingT = TypeVar("ThingT", bound=Thing)
T = TypeVar("T")

Need = Literal["remote", "voice", "cloud", "analytics", "upnp", "join"]


class SourceState(msgspec.Struct, frozen=True):
    """How one source fared: `facts` it gave, why it failed, and which fields it would have given."""

    kind: str
    id: str
    status: Literal["ok", "partial", "failed"]
    facts: int
    reason: str = ""
    todo: str = ""
    gives: frozenset[str] = frozenset()


class Home(Thing, kind="home"):
    """The home itself, and all its things. Immutable; `at` is the instant it is judged for (UTC)."""

    name = Field[str]("what the owner calls it")
    timezone = Field[str]("its IANA time zone")
    needs = Field[tuple[Need, ...]](
        "which features the owner needs and accepts (remote, voice, cloud, analytics, upnp, join)",
        ask="Which of these do you need: remote, voice, cloud, analytics, upnp, join? (a list, may be empty)",
    )
    has_hub = Field[bool](
        "a hub, bridge or home automation server commands a lock",
        ask="Does any hub, bridge or home automation server command a lock of yours?",
    )
    isolated_v4 = Field[bool](
        "a test from the smart devices' network could not reach the phones' and laptops' one over IPv4",
        ask="Try to reach a laptop from the smart devices' (or guest) network, over IPv4: is it kept out?",
    )
    isolated_v6 = Field[bool](
        "a test from the smart devices' network could not reach the phones' and laptops' one over IPv6",
        ask="Try the same over IPv6: is it kept out? (Yes, too, if the router has no IPv6.)",
    )

    alert_channel = Field[bool](
        "alerts reach a person", ask="Do lock alerts (failed codes, tamper, battery) reach your phone or mail?"
    )
    alert_tested_on = Field[date](
        "the day a test alert was last confirmed", ask="When did a test alert last reach you?"
    )
    alerts_on = Field[tuple[str, ...]](
        "what raises an alert (failed_codes, tamper, low_battery, offline)",
        ask="Which of these raise an alert: failed_codes, tamper, low_battery, offline? (a list)",
    )
    log_read_on = Field[date]("the day the log was last read", ask="When did you last read the lock's log?")
    journal_running = Field[bool](
        "a log at home records every event",
        ask="Does anything at home, not in a vendor's cloud, keep a log of every lock event?",
    )
    journal_verified_at = Field[datetime](
        "when the log was last verified", ask="When was the log at home last verified against its signatures?"
    )
    journal_intact = Field[bool](
        "the log was whole when it was last verified", ask="Was the log whole and unchanged when it was last verified?"
    )
    journal_missing_locks = Field[tuple[Ref, ...]](
        "which locks' events the log does not hold",
        ask="Which locks' events does the log at home not hold? (a list, as lock:front; [] if it holds all)",
    )
    journal_gaps = Field[int](
        "how many gaps the log had in the last 30 days", ask="How many gaps did the log have in the last 30 days?"
    )
    journal_retention_days = Field[int](
        "for how many days the log keeps personal data",
        ask="For how many days does the log at home keep who came and went? (0: for ever)",
    )

    recovery_sheet_printed_on = Field[date](
        "the day the recovery sheet was last printed", ask="When did you last print the recovery sheet?"
    )
    recovery_drilled_on = Field[date](
        "the day getting in without the smart lock was last practised",
        ask="When did you last practise getting in without the smart lock?",
    )

    _reserved = Thing._reserved | {
        "at",
        "sources",
        "all",
        "get",
        "follow",
        "things",
        "limits",
        "need",
        "cached",
        "today",
        "day_of",
    }

    at: datetime
    sources: tuple[SourceState, ...]
    limits: Mapping[str, float]
    """Thresholds that the profile changed, by "practice.threshold"."""
    things: Mapping[str, Mapping[str, Thing]]
    """By kind, then by id; the order is the order of the report."""

    def __init__(
        self,
        at: datetime,
        things: Iterable[Thing] = (),
        *,
        facts: Mapping[str, Fact[Any]] | None = None,
        gaps: Mapping[str, tuple[Gap, ...]] | None = None,
        stale: Mapping[str, Fact[Any]] | None = None,
        sources: Sequence[SourceState] = (),
        limits: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__("home", facts, gaps=gaps, stale=stale)
        by_kind: dict[str, dict[str, Thing]] = {}
        for thing in things:
            by_kind.setdefault(thing.kind, {})[thing.ref.key] = thing
        state = self.__dict__
        state["at"] = at
        state["sources"] = tuple(sources)
        state["limits"] = limits or {}
        state["things"] = by_kind
        state["_made"] = {}
        state["_tuples"] = {kind: tuple(items.values()) for kind, items in by_kind.items()}

    def all(self, kind: type[ThingT]) -> tuple[ThingT, ...]:
        """Every thing of a class; the home itself when asked for Home."""
        if kind is Home:
            return (self,)  # type: ignore[return-value]  # ThingT is Home here
        found: tuple[ThingT, ...] = self.__dict__["_tuples"].get(kind.kind, ())
        return found

    def get(self, kind: type[ThingT], id: str) -> ThingT | None:  # noqa: A002  # the design's word
        """The thing of a class with this id, or None."""
        found = self.things.get(kind.kind, {}).get(id)
        return found if isinstance(found, kind) else None

    def follow(self, fact: Fact[Ref] | None, kind: type[ThingT]) -> ThingT | None:
        """The thing that a fact such as `lock.door` refers to, or None."""
        return self.get(kind, fact.value.key) if fact is not None else None

    def need(self, need: Need) -> bool | None:
        """Whether the owner listed a feature as needed; None when they never said."""
        fact = self.needs
        return need in fact.value if fact is not None else None

    def cached(self, make: Callable[[Home], T]) -> T:
        """What `make(home)` gives, made once per home: an index that several checks read."""
        made: dict[Callable[[Home], Any], Any] = self.__dict__["_made"]
        if make not in made:
            made[make] = make(self)
        found: T = made[make]
        return found

    @property
    def today(self) -> date:
        """The day it is at home."""
        return self.cached(_today)

    def day_of(self, at: datetime) -> date:
        """The day at home of an instant: in the home's time zone, or in UTC if that is not known."""
        if self.timezone is None:
            return at.astimezone(UTC).date()
        try:
            return at.astimezone(ZoneInfo(self.timezone.value)).date()
        except (ZoneInfoNotFoundError, ValueError):
            # A zone that a hub made up moves the day by some hours at worst; it must not stop the audit.
            return at.astimezone(UTC).date()


def _today(home: Home) -> date:
    return home.day_of(home.at)
