"""Merging: who is who, which evidence wins, and what contradicts it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.audit.merge import merge
from nightlatch.errors import ConfigurationError
from nightlatch.model.evidence import GRADE_RANK, Claim, Gap, Grade, Item, Ref, Same
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.model.network import Zone

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def ref(key: str) -> Ref:
    return Ref("lock", key)


def claim(
    key: str,
    value: object,
    *,
    grade: Grade = Grade.OBSERVED,
    days: float = 0,
    fact: str = "firmware",
    source: str = "s",
) -> Claim:
    return Claim(ref(key), fact, value, "", NOW - timedelta(days=days), grade, source)


def only_lock(*items: Item) -> Lock:
    (lock,) = merge(items, now=NOW).all(Lock)
    return lock


def value(lock: Lock) -> str | None:
    return lock.firmware.value if lock.firmware else None


def test_a_better_grade_wins_however_old_it_is() -> None:
    lock = only_lock(claim("a", "new", grade=Grade.DECLARED), claim("a", "old", grade=Grade.RECORDED, days=900))
    assert value(lock) == "old"


def test_a_newer_one_wins_among_equals() -> None:
    assert value(only_lock(claim("a", "old", days=2), claim("a", "new", days=1))) == "new"


def test_what_lost_with_another_value_is_kept_as_a_contradiction() -> None:
    lock = only_lock(claim("a", "1.0", grade=Grade.DECLARED, source="declared"), claim("a", "2.0"))
    assert lock.firmware is not None
    assert [(fact.value, fact.source) for fact in lock.firmware.others] == [("1.0", "declared")]


def test_what_agrees_is_no_contradiction() -> None:
    lock = only_lock(claim("a", "1.0", grade=Grade.DECLARED), claim("a", "1.0"))
    assert lock.firmware is not None
    assert lock.firmware.others == ()


def test_an_answer_holds_for_180_days_and_then_counts_as_missing() -> None:
    assert value(only_lock(claim("a", "1.0", grade=Grade.DECLARED, days=180))) == "1.0"
    lock = only_lock(claim("a", "1.0", grade=Grade.DECLARED, days=180.01))
    assert lock.firmware is None
    assert lock.stale["firmware"].value == "1.0"


def test_only_answers_go_stale() -> None:
    assert value(only_lock(claim("a", "1.0", grade=Grade.RECORDED, days=2000))) == "1.0"


def test_a_day_that_was_answered_never_goes_stale() -> None:
    day = (NOW - timedelta(days=300)).date()
    lock = only_lock(claim("a", day, fact="flat_battery_tested_on", grade=Grade.DECLARED, days=300))
    assert lock.flat_battery_tested_on is not None


def test_a_fresh_answer_replaces_a_stale_one_without_a_contradiction() -> None:
    lock = only_lock(claim("a", "old", grade=Grade.DECLARED, days=400), claim("a", "new", grade=Grade.DECLARED, days=1))
    assert value(lock) == "new"
    assert not lock.stale


def test_a_binding_joins_what_the_owner_and_the_hub_call_differently() -> None:
    lock = only_lock(
        claim("front", "Front", fact="name", grade=Grade.DECLARED),
        Same(ref("front"), "zwavejs:3"),
        claim("zwavejs:3", "1.50"),
    )
    assert lock.ref == ref("front")
    assert lock.keys == ("front", "zwavejs:3")
    assert value(lock) == "1.50"


def test_a_serial_number_joins_two_hubs_and_the_owner_still_names_the_lock() -> None:
    lock = only_lock(
        claim("zwavejs:3", "1.50"),
        Same(ref("zwavejs:3"), "serial:9"),
        claim("homeassistant:lock.front", "1.50"),
        Same(ref("homeassistant:lock.front"), "serial:9"),
        Same(ref("front"), "homeassistant:lock.front"),
    )
    assert lock.ref == ref("front")


def test_a_serial_number_that_one_source_tells_of_two_locks_joins_nothing() -> None:
    items: list[Item] = [
        Same(ref("front"), "matter:1", "declared"),
        Same(ref("back"), "matter:2", "declared"),
        claim("matter:1", "1.0"),
        Same(ref("matter:1"), "serial:4711-0815", "matter"),
        claim("matter:2", "2.0"),
        Same(ref("matter:2"), "serial:4711-0815", "matter"),
        claim("homeassistant:lock.a", "3.0"),
        Same(ref("homeassistant:lock.a"), "serial:4711-0815", "homeassistant"),
    ]
    found = {lock.ref.key: value(lock) for lock in merge(items, now=NOW).all(Lock)}
    assert found == {"front": "1.0", "back": "2.0", "homeassistant:lock.a": "3.0"}


def test_two_names_that_one_source_gives_one_lock_may_share_its_serial_number() -> None:
    lock = only_lock(
        claim("matter:1", "1.0"),
        Same(ref("matter:1"), "matter:1/1", "matter"),
        Same(ref("matter:1"), "serial:4711-0815", "matter"),
        Same(ref("matter:1/1"), "serial:4711-0815", "matter"),
    )
    assert "serial:4711-0815" in lock.keys


def test_lists_that_differ_only_in_their_order_are_no_contradiction() -> None:
    lock = only_lock(
        claim("a", ("x", "y"), fact="controllers"), claim("a", ("y", "x"), fact="controllers", days=1, source="t")
    )
    assert lock.controllers is not None
    assert lock.controllers.others == ()
    lock = only_lock(
        claim("a", ("x", "y"), fact="controllers"), claim("a", ("x",), fact="controllers", days=1, source="t")
    )
    assert lock.controllers is not None
    assert [other.value for other in lock.controllers.others] == [("x",)]


def test_one_lock_cannot_be_two_of_the_owners() -> None:
    items = [Same(ref("front"), "zwavejs:3"), Same(ref("back"), "zwavejs:3")]
    with pytest.raises(ConfigurationError, match="bound to the same thing"):
        merge(items, now=NOW)


def test_references_follow_the_merged_identity() -> None:
    iot = Ref("zone", "openwrt:iot")
    items: list[Item] = [
        Same(Ref("zone", "iot"), "openwrt:iot"),
        Claim(iot, "opens_to_v4", (iot, Ref("zone", "openwrt:lan")), "", NOW, Grade.RECORDED, "openwrt"),
    ]
    zone = merge(items, now=NOW).get(Zone, "iot")
    assert zone is not None and zone.opens_to_v4 is not None
    assert zone.opens_to_v4.value == (Ref("zone", "iot"), Ref("zone", "openwrt:lan"))


def test_a_gap_reaches_the_thing_it_names_or_every_thing_of_its_kind() -> None:
    items: list[Item] = [
        claim("a", "1"),
        claim("b", "1"),
        Same(ref("a"), "zwavejs:1"),
        Gap(("lock.battery_percent",), "silent", "wake it", ref("zwavejs:1")),
        Gap(("lock.bolt", "hub.users"), "refused", "ask an admin"),
    ]
    home = merge(items, now=NOW)
    a, b = home.all(Lock)
    assert [gap.reason for gap in a.gaps["battery_percent"]] == ["silent"]
    assert "battery_percent" not in b.gaps
    assert a.gaps["bolt"] == b.gaps["bolt"]


def test_facts_of_the_home_itself_stand_on_the_home() -> None:
    home = merge([Claim(Ref("home", "home"), "name", "Elm", "", NOW, Grade.DECLARED, "declared")], now=NOW)
    assert isinstance(home, Home)
    assert home.label == "Elm"
    assert home.all(Lock) == ()


claims = st.builds(
    claim,
    st.sampled_from("abc"),
    st.sampled_from(["1", "2", "3"]),
    grade=st.sampled_from(Grade),
    days=st.floats(0, 400),
    source=st.sampled_from(["s", "t"]),
)


@given(st.lists(claims, max_size=12), st.randoms())
def test_the_order_of_sources_never_changes_which_grade_and_time_win(items: list[Claim], random: object) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def told(given: list[Claim]) -> dict[Ref, tuple[Grade, datetime] | None]:
        return {
            lock.ref: (lock.firmware.grade, lock.firmware.at) if lock.firmware else None
            for lock in merge(given, now=NOW).all(Lock)
        }

    assert told(items) == told(shuffled)


@given(st.lists(claims, max_size=12))
def test_nothing_fresh_is_lost_and_nothing_better_is_beaten(items: list[Claim]) -> None:
    for lock in merge(items, now=NOW).all(Lock):
        own = [
            item
            for item in items
            if item.about == lock.ref
            and item.at is not None
            and not (item.grade is Grade.DECLARED and NOW - item.at > timedelta(days=180))
        ]
        if lock.firmware is None:
            assert not own
            continue
        best = max(own, key=lambda item: (GRADE_RANK[item.grade or Grade.DECLARED], item.at or NOW))
        assert (lock.firmware.grade, lock.firmware.at) == (best.grade, best.at)
        kept = {lock.firmware.value, *(other.value for other in lock.firmware.others)}
        assert kept == {item.value for item in own}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20))
def test_identity_is_the_same_whichever_way_the_keys_were_joined(pairs: list[tuple[int, int]]) -> None:
    items: list[Item] = [Same(ref(f"k:{one}"), f"k:{other}") for one, other in pairs]
    groups = {frozenset(lock.keys) for lock in merge(items, now=NOW).all(Lock)}
    assert groups == {frozenset(lock.keys) for lock in merge(list(reversed(items)), now=NOW).all(Lock)}
    for one, other in pairs:
        assert any({f"k:{one}", f"k:{other}"} <= group for group in groups)
    assert sum(map(len, groups)) == len({key for pair in pairs for key in pair})
