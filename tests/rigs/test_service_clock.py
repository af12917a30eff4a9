"""The wall clock of a running `nightlatch run` is set back and forward: said once, and nothing else is disturbed."""

from __future__ import annotations

from pathlib import Path

import pytest

from rigs.launch import install_debian
from tests.rigs.guard import say
from tests.rigs.owner import Owner
from tests.slow.faulty import Faulty, faulty

pytestmark = [pytest.mark.rig, pytest.mark.timeout(120)]

HOUR, DAY = 3600, 86_400


def library() -> str:
    """The library that shows programs another time; it comes with Debian's faketime."""
    install_debian("faketime", there=bool(list(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))))
    (found,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    return str(found)


def alerts(guard: Faulty, words: str) -> int:
    """How many messages on the phone say this."""
    return sum(words in text for _, text in guard.phone.messages)


@pytest.mark.parametrize(("seconds", "words"), [(-HOUR, "set back by"), (DAY, "set forward by")])
def test_a_clock_that_is_set_is_told_once_and_disturbs_nothing(owner: Owner, seconds: int, words: str) -> None:
    shift = owner.folder / "shift"
    shift.write_text("+0\n")
    owner.secrets.update(
        LD_PRELOAD=library(),
        FAKETIME_TIMESTAMP_FILE=str(shift),
        FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
    )
    with faulty(owner) as guard:
        guard.order("cover_tamper", lock="front")
        guard.message("tampering")
        guard.order("unlock", lock="front")
        guard.until(lambda: guard.lock().security == "unlocked", 10)
        shift.write_text(f"{seconds:+d}\n")
        guard.until(lambda: guard.lock().security == "secured", 10)  # the delay was running when it was set
        step = guard.event(lambda event: event.kind == "clock_step")
        assert step.value in (seconds - 1, seconds, seconds + 1)
        guard.message(words)
        guard.locks_by_itself()
        guard.order("keypad_disabled", lock="front")
        guard.message("keypad")
        guard.well()
        assert (alerts(guard, words), alerts(guard, "tampering")) == (1, 1)
        guard.stop()
        guard.start()
        guard.connected()
        guard.locks_by_itself()
        guard.well()
        assert (alerts(guard, words), alerts(guard, "tampering")) == (1, 1)
        assert guard.kinds().count("clock_step") == 1
        assert guard.verify().returncode == 0
        say(f"clock {words} {abs(seconds)} s: {step.detail}")
        guard.stop()
