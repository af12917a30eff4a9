"""How a lock stands: what counts as secured, and what moves nothing."""

from __future__ import annotations

import msgspec
import pytest

from nightlatch.guard.standing import FRESH, SECOND, Standing, after, differences, told
from nightlatch.model.event import Event, State

NOW = 1_790_000_000 * SECOND
LOCK = "lock:front"


def closed(**more: object) -> Standing:
    fields: dict[str, object] = {"connected": True, "bolt": "thrown", "bolt_at": NOW, "door": "closed", "door_at": NOW}
    return Standing(LOCK, "zwavejs", **(fields | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "answer", "why"),
    [
        ({}, True, "the door is closed and the bolt thrown"),
        ({"bolt": "retracted"}, False, "the bolt is retracted"),
        ({"bolt": "jammed"}, False, "the bolt is jammed"),
        ({"door": "open"}, False, "the door is open"),
        ({"bolt": "unknown"}, None, "never reported"),
        ({"door": None}, None, "nothing tells whether the door is closed"),
        ({"door": "unknown"}, None, "does not say"),
        ({"connected": False}, None, "its hub is not connected"),
        ({"reachable": False}, None, "the lock is not reachable"),
        ({"bolt_at": 0}, None, "where the bolt is: the hub only remembers it"),
        ({"door_at": 0}, None, "whether the door is closed: the hub only remembers it"),
        ({"bolt_at": NOW - FRESH - 1}, None, "more than a day ago"),
    ],
)
def test_secured_is_a_closed_door_and_a_thrown_bolt_both_freshly_reported(
    change: dict[str, object], answer: bool | None, why: str
) -> None:
    found = closed(**change).secured(NOW)
    assert found.answer is answer
    assert why in found.reason


def test_a_clock_that_is_set_back_makes_no_report_stale() -> None:
    assert closed().secured(NOW - 3600 * SECOND).answer is True


def test_a_late_message_moves_nothing_back_and_a_peer_s_clock_that_was_set_back_does_not_silence_it() -> None:
    standing = after(closed(), Event(NOW, "door_opened", LOCK, told=NOW))
    late = after(standing, Event(NOW + SECOND, "door_closed", LOCK, told=NOW - 5 * SECOND))
    assert late.door == "open"
    set_back = after(standing, Event(NOW + SECOND, "door_closed", LOCK, told=NOW - 3600 * SECOND))
    assert set_back.door == "closed"


def test_a_lock_that_speaks_is_reachable() -> None:
    away = after(closed(), Event(NOW, "offline", LOCK))
    assert away.reachable is False
    assert after(away, Event(NOW, "unlocked", LOCK)).reachable is True
    assert after(away, Event(NOW, "unlocked", LOCK, resync=True)).reachable is False


def test_a_hub_that_knows_less_than_was_heard_makes_the_bolt_unsure_and_tells_no_event() -> None:
    old = State(LOCK, at=NOW - 60 * SECOND, bolt="retracted")
    assert list(differences(closed(), old, NOW)) == []
    standing = told(closed(), old, NOW)
    assert (standing.bolt, standing.secured(NOW).answer) == ("thrown", None)


def test_what_a_hub_does_not_tell_changes_nothing_and_is_no_difference() -> None:
    known = closed(battery=50, relock_s=30, codes={1: "a"})
    assert list(differences(known, State(LOCK), NOW)) == []
    assert told(known, State(LOCK), NOW) == msgspec.structs.replace(known, heard=NOW)


def test_a_door_of_which_is_heard_for_the_first_time_is_not_said_to_have_moved() -> None:
    standing = told(closed(door=None, door_at=0), State(LOCK, at=NOW, bolt="thrown", door="closed"), NOW)
    assert (standing.door, standing.door_since, standing.door_at) == ("closed", 0, NOW)


def test_codes_are_compared_by_digest_only_where_both_are_of_this_run() -> None:
    def found(before: dict[int, str], now: dict[int, str]) -> list[tuple[str, int]]:
        state = State(LOCK, codes=now)
        return [(kind, more["slot"]) for kind, more in differences(closed(codes=before), state, NOW)]

    assert found({1: "a", 2: "b"}, {2: "c", 3: "d"}) == [("code_removed", 1), ("code_changed", 2), ("code_added", 3)]
    assert found({1: ""}, {1: "a"}) == []
    assert closed(codes={1: "a"}).without_digests().codes == {1: ""}


def test_a_door_that_the_hub_only_remembers_is_not_fresh_though_the_bolt_is() -> None:
    state = State(LOCK, at=NOW, bolt="thrown", door="closed", door_at=0)
    found = told(closed(), state, NOW).secured(NOW)
    assert (found.answer, found.reason) == (None, "whether the door is closed: the hub only remembers it")


def test_a_standing_told_as_a_state_keeps_how_fresh_each_part_is() -> None:
    standing = closed(door_at=NOW - SECOND)
    assert told(Standing(LOCK, connected=True), standing.state(), NOW).door_at == NOW - SECOND


def test_a_hub_that_has_lost_sight_of_a_lock_makes_it_unsure_and_forgets_nothing() -> None:
    away = told(closed(), State(LOCK, bolt="unknown", door="unknown"), NOW)
    assert (away.bolt, away.door, away.secured(NOW).answer) == ("thrown", "closed", None)
    back = State(LOCK, at=NOW + SECOND, bolt="retracted", door="closed")
    assert [kind for kind, _ in differences(away, back, NOW + SECOND)] == ["unlocked"]
