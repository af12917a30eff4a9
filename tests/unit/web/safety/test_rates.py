from __future__ import annotations

from nightlatch.web.safety.rates import Buckets, Rate

RATE = Rate(3, 0.5)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_taken_and_then_so_many_a_second() -> None:
    clock = Clock()
    buckets = Buckets(clock)
    assert [buckets.wait("a", RATE) for _ in range(5)] == [0, 0, 0, 2, 2]
    clock.now += 2
    assert [buckets.wait("a", RATE) for _ in range(2)] == [0, 2]
    clock.now += 1e6
    assert [buckets.wait("a", RATE) for _ in range(4)] == [0, 0, 0, 2]


def test_one_client_takes_nothing_from_another_nor_one_rate_from_another() -> None:
    buckets = Buckets(Clock())
    for _ in range(9):
        buckets.wait("a", RATE)
    assert buckets.wait("b", RATE) == 0
    assert buckets.wait("a", Rate(1, 1)) == 0


def test_a_wider_rate_is_as_many_times_as_wide() -> None:
    buckets = Buckets(Clock())
    assert sum(buckets.wait("a", RATE, 10) == 0 for _ in range(50)) == 30


def test_memory_does_not_grow_with_those_who_ask() -> None:
    buckets = Buckets(Clock(), most=100)
    for number in range(10_000):
        buckets.wait(str(number), RATE)
    assert len(buckets) == 100
