"""`[[autolock]]`: what may stand in it, and errors that name the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightlatch.configuration.durations import SECOND
from nightlatch.configuration.read import parse
from nightlatch.errors import ConfigurationError
from nightlatch.guard.autolock.settings import rules

HOME = """\
[home]
timezone = "Europe/Berlin"
[[locks]]
id = "front"
[[autolock]]
lock = "front"
"""


def read(more: str) -> object:
    return rules(parse(HOME + more, Path("nightlatch.toml")))


def test_a_rule_has_the_home_s_zone_and_usual_values() -> None:
    (rule,) = rules(parse(HOME, Path("nightlatch.toml")))
    assert (rule.lock, str(rule.zone)) == ("lock:front", "Europe/Berlin")
    assert rule.after == rule.night_after == 180 * SECOND
    assert (rule.night, rule.hold_open, rule.prefer) == ((1320, 360), (), "nightlatch")


def test_everything_can_be_set() -> None:
    text = 'after = "5m"\nnight_after = "30s"\nnight = "23:00-05:30"\nhold_open = ["08:00-09:00"]\nretries = 5\n'
    (rule,) = rules(parse(HOME + text + 'retry_after = "1m"\nprefer = "lock"\n', Path("nightlatch.toml")))
    assert (rule.after, rule.night_after, rule.retry_after) == (300 * SECOND, 30 * SECOND, 60 * SECOND)
    assert (rule.night, rule.hold_open, rule.retries, rule.prefer) == ((1380, 330), ((480, 540),), 5, "lock")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ('after = "soon"', 7, "'soon' is no length of time"),
        ('after = "1s"', 7, "from 2s to 24h"),
        ('night_after = "25h"', 7, "from 2s to 24h"),
        ('night = "22-6"', 7, "no hours of a day"),
        ('hold_open = ["08:00-08:00"]', 7, "begins when it ends"),
        ("retries = 11", 7, "from 0 to 10"),
        ('prefer = "hub"', 7, "hub"),
        ('[[autolock]]\nlock = "frnt"', 8, 'Did you mean "front"?'),
        ('[[autolock]]\nlock = "front"', 8, "two rules for the lock 'front'"),
    ],
)
def test_what_cannot_be_is_told_with_its_line(text: str, line: int, what: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read(text + "\n")
    assert f"nightlatch.toml:{line}" in error.value.where
    assert what in str(error.value)
