"""What is wanted on which lock when; and a plan that is renewed says what a fresh one does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from nightlatch.access.limits import AHEAD
from nightlatch.access.wanting import Blocked, Plan, Want
from nightlatch.model.access import EVERY_DOOR, Credential, Dates, Grant, Person, Schedule, Weekly
from nightlatch.model.command import Rules, YearDay
from nightlatch.model.event import micros

HOUR = 3_600_000_000
DAY = 24 * HOUR
NOW = micros(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
"""A Monday."""
FRONT, BACK, SHED = "lock:front", "lock:back", "lock:shed"
LOCKS = {FRONT: "door:front", BACK: "door:back", SHED: ""}
MORNINGS = Weekly(tuple((day * 1440 + 9 * 60, day * 1440 + 12 * 60) for day in range(5)))
TIMED = Rules(30, 4, 8, year_days=4, week_days=7)


class Home:
    """What a plan asks of the register."""

    zone: tzinfo = UTC

    def __init__(
        self,
        people: Iterable[Person] = (),
        grants: Iterable[Grant] = (),
        credentials: Iterable[Credential] = (),
        locks: Mapping[str, str] = LOCKS,
        short: str = SHED,
    ) -> None:
        self.people = {one.id: one for one in people}
        self.grants = {one.id: one for one in grants}
        self.credentials = {one.id: one for one in credentials}
        self.locks = locks
        self.short = short
        """The lock that is known to take 4 digits."""

    def digits(self, lock: str) -> tuple[int, int]:
        return (4, 4) if lock == self.short else (4, 10)


ANA, BO = Person("ana", "Ana"), Person("bo", "Bo", groups=("cleaners",))
CODES = (Credential("c-ana", "ana", 6), Credential("c-bo", "bo", 6), Credential("c-bo4", "bo", 4, made=1))


def only(plan: Plan, lock: str) -> Want:
    (want,) = plan.wants(lock).values()
    return want


def test_a_grant_for_a_door_is_wanted_on_each_of_its_locks() -> None:
    locks = {**LOCKS, "lock:front-top": "door:front"}
    plan = Plan(Home([ANA], [Grant("g", "person:ana", ("door:front",))], CODES, locks), {}, NOW)
    for lock in (FRONT, "lock:front-top"):
        assert only(plan, lock) == Want(lock, "c-ana", "ana", 0, 0, (), ("g",))
    assert not plan.wants(BACK)
    assert plan.due() is None


def test_a_group_s_grant_is_its_members_and_every_door_is_every_lock() -> None:
    plan = Plan(Home([ANA, BO], [Grant("g", "group:cleaners", (EVERY_DOOR,))], CODES), {}, NOW)
    assert {lock: only(plan, lock).person for lock in LOCKS} == dict.fromkeys(LOCKS, "bo")


def test_of_several_credentials_the_newest_that_is_long_enough_for_the_lock_is_wanted() -> None:
    plan = Plan(Home([BO], [Grant("g", "person:bo", (EVERY_DOOR,))], CODES), {}, NOW)
    assert only(plan, FRONT).credential == "c-bo"
    plan.learn(FRONT, Rules(30, longest=5), NOW)
    assert only(plan, FRONT).credential == "c-bo4"


def test_a_lock_that_takes_none_of_somebody_s_codes_says_why() -> None:
    plan = Plan(Home([ANA], [Grant("g", "person:ana", (EVERY_DOOR,))], CODES), {}, NOW)
    assert not plan.wants(SHED)
    assert plan.blocked(SHED) == {
        "c-ana": Blocked(
            "ana",
            "the lock takes codes of 4 digits, and this one has 6; make another: nightlatch code new ana --digits 4",
        )
    }


def test_who_has_a_grant_and_no_code_is_told() -> None:
    plan = Plan(Home([ANA], [Grant("g", "person:ana", ("door:front",))]), {}, NOW)
    assert plan.without(FRONT) == {"ana"}
    assert not plan.wants(FRONT)


def test_a_lock_that_keeps_no_times_has_the_code_exactly_while_a_span_runs() -> None:
    plan = Plan(Home([ANA], [Grant("g", "person:ana", ("door:front",), MORNINGS)], CODES), {}, NOW)
    monday = NOW - HOUR
    assert (only(plan, FRONT).begins, only(plan, FRONT).ends) == (monday, monday + 3 * HOUR)
    assert plan.due() == monday + 3 * HOUR
    assert plan.advance(monday + 3 * HOUR - 1) == set()
    assert plan.advance(monday + 3 * HOUR) == {FRONT}
    assert only(plan, FRONT).begins == monday + DAY
    assert plan.due() == monday + DAY
    assert plan.advance(monday + DAY) == {FRONT}
    assert plan.due() == monday + DAY + 3 * HOUR


def test_a_lock_that_keeps_times_has_the_code_ahead_of_them() -> None:
    begin, end = NOW + 5 * DAY, NOW + 7 * DAY
    grant = Grant("g", "person:ana", ("door:front",), starts=begin, ends=end)
    plan = Plan(Home([ANA], [grant], CODES), {FRONT: TIMED}, NOW)
    want = only(plan, FRONT)
    assert (want.begins, want.ends, want.limits) == (begin - AHEAD, end, (YearDay(begin, end),))
    assert plan.due() == begin - AHEAD


def test_what_a_lock_learns_changes_what_is_wanted_there_only() -> None:
    grant = Grant("g", "person:ana", ("door:front", "door:back"), starts=NOW + 5 * DAY, ends=NOW + 7 * DAY)
    plan = Plan(Home([ANA], [grant], CODES), {}, NOW)
    assert plan.learn(FRONT, TIMED, NOW) == {FRONT}
    assert plan.learn(FRONT, TIMED, NOW) == set()
    assert only(plan, FRONT).limits
    assert not only(plan, BACK).limits


def test_two_grants_of_one_person_are_one_time() -> None:
    grants = [
        Grant("g1", "person:ana", ("door:front",), starts=NOW - HOUR, ends=NOW + HOUR),
        Grant("g2", "person:ana", ("door:front",), starts=NOW + HOUR, ends=NOW + 3 * HOUR),
    ]
    plan = Plan(Home([ANA], grants, CODES), {}, NOW)
    assert (only(plan, FRONT).begins, only(plan, FRONT).ends) == (NOW - HOUR, NOW + 3 * HOUR)


def test_used_up_is_over() -> None:
    grant = Grant("g", "person:ana", ("door:front",), uses=2, used=1)
    plan = Plan(Home([ANA], [grant], CODES), {}, NOW)
    assert plan.wants(FRONT)
    assert plan.renew(Home([ANA], [replace(grant, used=2)], CODES), NOW) == {FRONT}
    assert not plan.wants(FRONT)


def test_who_was_removed_is_wanted_nowhere() -> None:
    home = Home([ANA], [Grant("g", "person:ana", ("door:front",))], CODES)
    plan = Plan(home, {}, NOW)
    assert plan.renew(Home([replace(ANA, ended=NOW)], home.grants.values(), CODES), NOW) == {FRONT}
    assert not plan.wants(FRONT)


def test_a_renewal_touches_only_the_locks_of_what_changed() -> None:
    grants = [Grant("g1", "person:ana", ("door:front",)), Grant("g2", "person:bo", ("door:back",))]
    plan = Plan(Home([ANA, BO], grants, CODES), {}, NOW)
    assert plan.renew(Home([ANA, BO], grants, CODES), NOW) == set()
    assert plan.renew(Home([ANA, BO], [grants[0], replace(grants[1], ended=NOW)], CODES), NOW) == {BACK}


def test_which_code_is_wanted_follows_what_is_known_of_how_many_digits_the_lock_takes() -> None:
    people, grants, codes = [BO], [Grant("g", "person:bo", ("door:front",))], CODES
    plan = Plan(Home(people, grants, codes), {}, NOW)
    assert only(plan, FRONT).credential == "c-bo"
    assert plan.renew(Home(people, grants, codes, short=FRONT), NOW) == {FRONT}
    assert only(plan, FRONT).credential == "c-bo4"


def test_a_grant_that_goes_to_another_at_another_door_leaves_the_former_nothing() -> None:
    grant = Grant("g", "person:ana", ("door:front",))
    plan = Plan(Home([ANA, BO], [grant], CODES), {}, NOW)
    moved = replace(grant, to="group:cleaners", doors=("door:back",))
    assert plan.renew(Home([ANA, BO], [moved], CODES), NOW) == {FRONT, BACK}
    assert not plan.wants(FRONT)
    assert only(plan, BACK).person == "bo"


# A renewed plan and a fresh one

schedules = st.sampled_from(
    [
        Grant("", "", ()).schedule,
        MORNINGS,
        Weekly(((0, 10080),)),
        Weekly(((6 * 1440 + 22 * 60, 7 * 1440 + 2 * 60),)),
        Dates(((datetime(2026, 11, 25, tzinfo=UTC).date(), datetime(2026, 11, 27, tzinfo=UTC).date()),), 600, 700),
    ]
)
times = st.one_of(st.just(0), st.integers(-10 * 24, 10 * 24).map(lambda hours: NOW + hours * HOUR))


@st.composite
def homes(draw: st.DrawFn) -> Home:
    groups = st.lists(st.sampled_from(["family", "cleaners"]), unique=True, max_size=2).map(tuple)
    people = [
        Person(name, name, groups=draw(groups), ended=draw(st.sampled_from([0, 0, 0, NOW])))
        for name in draw(st.sets(st.sampled_from(["ana", "bo", "cy"])))
    ]
    schedule: st.SearchStrategy[Schedule] = schedules
    grants = [
        Grant(
            f"g{number}",
            draw(st.sampled_from(["person:ana", "person:bo", "group:family", "group:cleaners"])),
            draw(st.sampled_from([("door:front",), ("lock:shed",), ("door:front", "door:back"), (EVERY_DOOR,)])),
            draw(schedule),
            starts=draw(times),
            ends=draw(times),
            ended=draw(st.sampled_from([0, 0, 0, NOW])),
        )
        for number in draw(st.sets(st.integers(0, 5)))
    ]
    credentials = [
        Credential(f"c{number}", draw(st.sampled_from(["ana", "bo"])), draw(st.sampled_from([4, 6])), number)
        for number in draw(st.sets(st.integers(0, 4)))
    ]
    locks = draw(st.sampled_from([LOCKS, LOCKS, {FRONT: "door:front", SHED: ""}, {**LOCKS, BACK: "door:front"}]))
    return Home(people, grants, credentials, locks, draw(st.sampled_from([SHED, SHED, FRONT, ""])))


kept = st.sampled_from([(), ("people",), ("people", "credentials"), ("grants", "credentials")])
"""What of the former home is not changed; where anything is kept, the locks are."""
changes = st.tuples(homes(), kept, st.integers(0, 30), st.sampled_from([None, FRONT, SHED]))


@given(st.lists(changes, min_size=1, max_size=6))
def test_a_plan_that_was_renewed_says_what_a_fresh_one_does(
    steps: list[tuple[Home, tuple[str, ...], int, str | None]],
) -> None:
    now = NOW
    rules: dict[str, Rules] = {}
    former: Home | None = None
    plan = Plan(Home(), {}, now)
    for home, same, hours, learnt in steps:
        for name in (*same, "locks") if same and former is not None else ():
            setattr(home, name, getattr(former, name))
        former = home
        now += hours * HOUR
        told = plan.advance(now) | plan.renew(home, now)
        if learnt is not None:
            rules[learnt] = TIMED
            plan.learn(learnt, TIMED, now)
        fresh = Plan(home, rules, now)
        assert told <= {*LOCKS}
        for lock in LOCKS:
            assert plan.wants(lock) == fresh.wants(lock)
            assert plan.blocked(lock) == fresh.blocked(lock)
            assert plan.without(lock) == fresh.without(lock)
        assert plan.due() == fresh.due()


@given(homes(), st.integers(1, 40))
def test_what_is_wanted_at_an_instant_is_what_the_grants_allow_then(home: Home, hours: int) -> None:
    """Walked from due time to due time: a lock that keeps no times has a code exactly while its person has leave."""
    from nightlatch.access.schedules import running

    plan = Plan(home, {}, NOW)
    until = NOW + hours * 6 * HOUR
    at = NOW
    while at < until:
        for lock, door in home.locks.items():
            allowed = {
                person.id
                for person in home.people.values()
                for grant in home.grants.values()
                if not person.ended
                and (grant.to == f"person:{person.id}" or grant.to.removeprefix("group:") in person.groups)
                and {EVERY_DOOR, lock, door}.intersection(grant.doors)
                and running(grant, UTC, at) is not None
            }
            wanted = {
                want.person
                for want in plan.wants(lock).values()
                if want.begins <= at and (not want.ends or at < want.ends)
            }
            able = {person for person in allowed if _fits(home, person, lock)}
            assert wanted == able
        at = plan.due() or until
        plan.advance(at)


def _fits(home: Home, person: str, lock: str) -> bool:
    least, most = home.digits(lock)
    return any(one.person == person and least <= one.digits <= most for one in home.credentials.values())


def test_the_night_of_a_clock_change_ends_a_span_by_the_wall() -> None:
    zone = ZoneInfo("Europe/Berlin")
    saturday = micros(datetime(2027, 3, 27, 12, 0, tzinfo=UTC))
    night = Weekly(((5 * 1440 + 22 * 60, 6 * 1440 + 6 * 60),))
    home = Home([ANA], [Grant("g", "person:ana", ("door:front",), night)], CODES)
    home.zone = zone
    want = only(Plan(home, {}, saturday), FRONT)
    assert want.ends - want.begins == 7 * HOUR


def test_after_a_clock_that_was_wrong_for_a_moment_what_it_had_ended_is_wanted_as_before() -> None:
    home = Home([ANA], [Grant("g", "person:ana", ("door:front",), MORNINGS, ends=NOW + 30 * DAY)], CODES)
    plan, fresh = Plan(home, {}, NOW), Plan(home, {}, NOW)
    plan.advance(NOW + 3650 * DAY)
    assert not plan.wants(FRONT)
    assert plan.stepped(NOW) == {FRONT}
    assert plan.wants(FRONT) == fresh.wants(FRONT)
    assert plan.due() == fresh.due()
