"""How a code is taken off by hand, from an audit's document."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from nightlatch.access.byhand import home_of, removal
from nightlatch.model.document import Evidence, ThingDocument
from nightlatch.model.evidence import Grade

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def thing(subject: str, *keys: str, **facts: Any) -> ThingDocument:
    told = tuple(Evidence(subject, name, "", value, Grade.OBSERVED, "ha", AT) for name, value in facts.items())
    return ThingDocument(subject, subject.partition(":")[0], subject, keys, told)


def test_the_step_names_the_hub_s_own_command_and_the_slot() -> None:
    home = home_of([thing("lock:front", "zwavejs:3", name="Yale")], AT)
    assert "zwave_js.clear_lock_usercode" in removal(home, "lock:front", 4)
    assert "code_slot 4" in removal(home, "lock:front", 4)


def test_a_lock_is_reached_through_the_hub_that_the_audit_found() -> None:
    home = home_of([thing("lock:front", hub="hub:m"), thing("hub:m", software="matter-server")], AT)
    assert "remove user 4" in removal(home, "lock:front", 4)


def test_a_lock_that_nothing_is_known_of_is_done_at_the_keypad_and_one_that_there_is_not_nowhere() -> None:
    home = home_of([thing("lock:front", name="Yale")], AT)
    assert "keypad" in removal(home, "lock:front", 4)
    assert removal(home, "lock:back", 4) == ""


def test_what_an_older_audit_kept_otherwise_is_left_out() -> None:
    home = home_of([thing("lock:front", "zwavejs:3", wrong_code_limit="many", no_such_fact=1), thing("home:home")], AT)
    assert "code_slot 4" in removal(home, "lock:front", 4)
