"""Due times come in order, once, whenever they were moved."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nightlatch.guard.duetimes import NEVER, DueTimes

Step = tuple[str, str, int]
steps = st.lists(st.tuples(st.sampled_from("pdx"), st.sampled_from("abcd"), st.integers(0, 50)), max_size=200)


@given(steps)
def test_they_do_what_a_plain_table_of_times_does(given_steps: list[Step]) -> None:
    dues, plain = DueTimes(), dict[str, int]()
    for what, key, at in given_steps:
        if what == "p":
            dues.put("id", key, at)
            plain[key] = at
        elif what == "d":
            dues.drop("id", key)
            plain.pop(key, None)
        else:
            expected = min(((when, name) for name, when in plain.items() if when <= at), default=None)
            found = dues.pop(at)
            assert (found and (found[0], found[2])) == expected
            if expected is not None:
                del plain[expected[1]]
        assert dues.next <= min(plain.values(), default=NEVER)
        assert len(dues) == len(plain)
    assert dues.all() == sorted((at, "id", key) for key, at in plain.items())


def test_a_flood_that_starts_and_stops_one_wait_does_not_pile_up() -> None:
    dues = DueTimes()
    for number in range(100_000):
        dues.put("id", "door", number)
        dues.drop("id", "door")
    assert len(dues._heap) <= 2_000
