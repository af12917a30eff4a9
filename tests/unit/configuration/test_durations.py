"""Lengths of time and hours of the day, as owners write them."""

from __future__ import annotations

import pytest

from nightlatch.configuration.durations import SECOND, duration, window


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("3m", 180), ("2h", 7200), ("1d", 86_400), (" 3 m ", 180)])
def test_lengths_of_time_are_read(text: str, seconds: int) -> None:
    assert duration(text) == seconds * SECOND


@pytest.mark.parametrize("text", ["", "3", "m", "3 minutes", "-3m", "3.5h", "1234567s", "3m3"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write it as 90s, 3m, 2h or 1d"):
        duration(text)


def test_hours_may_pass_midnight() -> None:
    assert window("22:30-06:00") == (1350, 360)


@pytest.mark.parametrize("text", ["", "22-6", "24:00-06:00", "22:60-06:00", "08:00-08:00"])
def test_what_are_no_hours_of_a_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"22:00-06:00|begins when it ends"):
        window(text)
