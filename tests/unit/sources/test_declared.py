"""What the owner says: things, bindings, and answers with their day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from nightlatch.configuration.read import parse
from nightlatch.errors import ConfigurationError
from nightlatch.model.evidence import Claim, Item, Ref, Same
from nightlatch.secrets import Fingerprinter
from nightlatch.sources.declared import Declared
from nightlatch.sources.interface import Context

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def items(text: str) -> list[Item]:
    configuration = parse(text, Path("/x/nightlatch.toml"))
    return list(Declared(configuration, Context("declared", "declared", NOW, Fingerprinter())).collect())


def answer(about: str, fact: str, value: str, on: str = "2026-10-01", zone: str = "Europe/Berlin") -> Claim:
    text = (
        f'[[doors]]\nid = "front"\n[[locks]]\nid = "front"\n[home]\ntimezone = "{zone}"\n'
        f'[[answers]]\nabout = "{about}"\nfact = "{fact}"\nvalue = {value}\non = {on}\n'
        '[[routers]]\nid = "r"\n'
    )
    (claim,) = [item for item in items(text) if isinstance(item, Claim) and item.fact == fact]
    return claim


def test_an_answer_counts_from_the_beginning_of_its_day_at_home() -> None:
    claim = answer("door:front", "strike_plate", '"reinforced"')
    assert claim.about == Ref("door", "front")
    assert claim.at == datetime(2026, 9, 30, 22, tzinfo=UTC)
    assert claim.where == "nightlatch.toml:7"


def test_an_end_may_lie_ahead_and_a_day_that_something_was_done_may_not() -> None:
    assert answer("lock:front", "support_until", "2031-12-31").value == date(2031, 12, 31)
    assert answer("home", "log_read_on", "2026-10-01").value == date(2026, 10, 1)
    with pytest.raises(ConfigurationError, match="log_read_on lies after the day of the answer"):
        answer("home", "log_read_on", "2026-10-02")


@pytest.mark.parametrize(
    ("written", "end"),
    [
        ("2027-01-05", datetime(2027, 1, 5, 22, 59, 59, tzinfo=UTC)),
        ("2027-07-05", datetime(2027, 7, 5, 21, 59, 59, tzinfo=UTC)),
        ("2027-01-05T18:00:00", datetime(2027, 1, 5, 17, tzinfo=UTC)),
        ("2027-01-05T18:00:00Z", datetime(2027, 1, 5, 18, tzinfo=UTC)),
        ('"2027-01-05T18:00:00"', datetime(2027, 1, 5, 17, tzinfo=UTC)),
    ],
)
def test_a_code_ends_at_the_end_of_its_day_at_home_or_at_the_time_that_is_told(written: str, end: datetime) -> None:
    assert answer("credential:zwavejs:3/1", "ends", written).value == end


def test_an_answer_may_be_about_what_a_source_tells_of_or_about_a_maker() -> None:
    assert answer("lock:zwavejs:3", "tamper_alarm", "true").about == Ref("lock", "zwavejs:3")
    assert answer("vendor:yale", "policy_sharing", '"none"').about == Ref("vendor", "yale")


@pytest.mark.parametrize(
    ("on", "at"),
    [
        ("2026-03-29", datetime(2026, 3, 28, 23, tzinfo=UTC)),
        ("2026-03-30", datetime(2026, 3, 29, 22, tzinfo=UTC)),
        ("2026-10-25", datetime(2026, 10, 24, 22, tzinfo=UTC)),
        ("2026-10-26", datetime(2026, 10, 25, 23, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 28, 23, tzinfo=UTC)),
    ],
)
def test_days_around_a_clock_change_and_a_leap_day_begin_when_they_do_at_home(on: str, at: datetime) -> None:
    assert answer("door:front", "screws_mm", "75", on).at == at


@pytest.mark.parametrize(
    ("about", "fact", "value", "on", "told"),
    [
        ("dor:front", "strike_plate", '"reinforced"', "2026-10-01", 'Did you mean "door"?'),
        ("door", "strike_plate", '"reinforced"', "2026-10-01", "names no door"),
        ("door:frnt", "strike_plate", '"reinforced"', "2026-10-01", "there is no door 'frnt'"),
        ("lock:frnt", "tamper_alarm", "true", "2026-10-01", 'Did you mean "front"?'),
        ("credential:guest", "ends", "2027-01-05", "2026-10-01", "there is no credential 'guest'"),
        ("door:front", "screws_mm", "75", "0001-01-01", "which cannot be"),
        ("door:front", "strike_plat", '"reinforced"', "2026-10-01", 'Did you mean "strike_plate"?'),
        ("door:front", "strike_plate", '"strong"', "2026-10-01", 'one of "reinforced", "standard" and "none"'),
        ("door:front", "screws_mm", '"75"', "2026-10-01", "It is a whole number"),
        ("door:front", "exterior", "1", "2026-10-01", "It is true or false"),
        ("door:front", "screws_mm", "75", "2027-01-01", "has not come yet"),
        ("door:front", "backup_key_checked_on", "2026-10-02", "2026-10-01", "after the day of the answer"),
        ("lock:front", "security", '"s0"', "2026-10-01", "can be answered"),
        ("home", "needs", '["remot"]', "2026-10-01", "It is a list of"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_at_its_line(about: str, fact: str, value: str, on: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        answer(about, fact, value, on)
    assert told in str(caught.value)
    assert "/x/nightlatch.toml:" in str(caught.value)


def bound(sources: str, bind: str) -> str:
    text = f'{sources}\n[[locks]]\nid = "front"\nbind = ["{bind}"]\n'
    (same,) = [item for item in items(text) if isinstance(item, Same)]
    return same.key


def test_a_binding_may_leave_out_or_name_the_only_source_of_its_kind() -> None:
    source = '[[sources]]\nkind = "zwavejs"\nid = "attic"\n'
    assert bound(source, "zwavejs:3") == "zwavejs:3"
    assert bound(source, "zwavejs:attic/3") == "zwavejs:3"


def test_a_binding_names_the_source_where_two_are_of_one_kind() -> None:
    sources = '[[sources]]\nkind = "zwavejs"\nid = "attic"\n[[sources]]\nkind = "zwavejs"\nid = "cellar"\n'
    assert bound(sources, "zwavejs:attic/3") == "zwavejs:attic/3"


def test_a_hardware_address_is_bound_however_it_is_written() -> None:
    assert bound("", "mac:AA-BB-CC-00-11-22") == "mac:aa:bb:cc:00:11:22"


def test_a_binding_to_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="binds nothing"):
        bound("", "3")


def test_a_list_and_a_day_to_come_are_answers_too() -> None:
    assert answer("home", "alerts_on", '["tamper"]').value == ("tamper",)
    assert answer("lock:front", "support_until", "2031-01-01").value == date(2031, 1, 1)


def test_locks_and_ports_are_answered_in_words() -> None:
    assert answer("home", "journal_missing_locks", '["lock:front"]').value == (Ref("lock", "front"),)
    assert answer("home", "journal_missing_locks", "[]").value == ()
    (port,) = answer("router:r", "port_forwards", '["tcp 8123 -> 192.168.1.5:8123"]').value
    assert str(port) == "tcp 8123 -> 192.168.1.5:8123"
    (six,) = answer("router:r", "upnp_mappings", '["udp 3074->[fd00::5]:3074"]').value
    assert six.address == "[fd00::5]"


@pytest.mark.parametrize(
    ("about", "fact", "value"),
    [
        ("home", "journal_missing_locks", '["front"]'),
        ("home", "journal_missing_locks", '["castle:front"]'),
        ("router:r", "port_forwards", '["8123"]'),
        ("router:r", "port_forwards", '["tcp 8123 -> hub:8123"]'),
        ("router:r", "port_forwards", "true"),
    ],
)
def test_a_list_that_names_nothing_is_an_error_at_its_line(about: str, fact: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{fact} cannot be"):
        answer(about, fact, value)
