from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from nightlatch.access.registrar import LATELY, Registrar
from nightlatch.errors import JournalError, StoreError, UsageError
from nightlatch.journal.journal import Journal
from nightlatch.model.access import Dates, Entry, Feed, Grant, Weekly
from nightlatch.model.command import Rules
from nightlatch.model.event import Event
from nightlatch.secrets import Secret

from .registering import HOUR, NOW, events, grant, registrar


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Registrar]:
    with registrar(tmp_path) as made:
        yield made


@pytest.fixture
def ana(at: Registrar) -> Registrar:
    at.add_person("ana", "Ana Silva", "guest", ("friends",), NOW)
    return at


def test_somebody_new_is_kept_and_journalled_under_their_own_key(tmp_path: Path, ana: Registrar) -> None:
    found = ana.register().people["ana"]

    assert (found.name, found.role, found.groups) == ("Ana Silva", "guest", ("friends",))
    (event,) = events(tmp_path)
    assert (event.kind, event.name, event.person) == ("person", "added", "ana")
    assert event.detail == "added: Ana Silva, guest, in friends"
    assert b"Ana" not in (tmp_path / "journal.db").read_bytes()


@pytest.mark.parametrize(
    ("id_", "name", "groups", "why"),
    [
        ("ana", "Ana", (), "is there already"),
        ("rosa", "Rosa", (), r"in nightlatch\.toml already"),
        ("a b", "", (), "cannot be an id"),
        ("x" * 65, "", (), "cannot be an id"),
        ("ben", "Ben\nBen", (), "printable"),
        ("ben", "B" * 201, (), "at most 200"),
        ("ben", "Ben", ("my group",), "cannot be a group"),
    ],
)
def test_who_cannot_be_added_is_refused_in_words(
    ana: Registrar, id_: str, name: str, groups: tuple[str, ...], why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        ana.add_person(id_, name, "guest", groups, NOW)
    assert set(ana.register().people) == {"ana", "rosa"}


def test_a_change_names_what_is_other_and_keeps_the_rest(ana: Registrar) -> None:
    ana.change_person("ana", NOW, role="regular", join=("cleaners",), leave=("friends",))

    found = ana.register().people["ana"]
    assert (found.name, found.role, found.groups) == ("Ana Silva", "regular", ("cleaners",))
    with pytest.raises(UsageError, match="in no group friends"):
        ana.change_person("ana", NOW, leave=("friends",))
    with pytest.raises(UsageError, match="nothing would be other"):
        ana.change_person("ana", NOW, role="regular")
    with pytest.raises(UsageError, match=r"Did you mean \"ana\""):
        ana.change_person("anna", NOW, role="guest")


def test_who_is_in_the_configuration_is_granted_to_and_changed_there_only(ana: Registrar) -> None:
    made = ana.add_grant(grant("rosa"), NOW)
    assert made.grants[0].to == "person:rosa"

    with pytest.raises(UsageError, match=r"Rosa Lund is in nightlatch\.toml"):
        ana.change_person("rosa", NOW, name="R")
    with pytest.raises(UsageError, match=r"\[\[people\]\]"):
        ana.remove_person("rosa", NOW)


def test_a_grant_comes_with_a_code_that_its_locks_take(tmp_path: Path, ana: Registrar) -> None:
    made = ana.add_grant(grant("ana", "Front door"), NOW)

    (kept,) = made.grants
    assert (kept.to, kept.doors, kept.made) == ("person:ana", ("door:front",), NOW)
    (code,) = made.credentials
    assert (code.person, code.digits, code.chosen) == ("ana", 6, False)
    assert len(ana.vault.pin(code.id)) == 6
    assert [one.name for one in events(tmp_path)] == ["added", "added", "added"]
    assert {one.person for one in events(tmp_path)} == {"ana"}
    assert ana.add_grant(grant("ana", "shed"), NOW).credentials == ()


def test_locks_of_other_lengths_get_codes_of_their_own(ana: Registrar) -> None:
    ana.records.put_rules("lock:front", Rules(20, 4, 4))
    ana.records.put_rules("lock:shed", Rules(20, 7, 8))

    made = ana.add_grant(grant("ana", "*"), NOW)

    assert sorted(one.digits for one in made.credentials) == [4, 7]


def test_a_short_code_is_made_for_locks_that_take_no_longer_one_and_is_put_on_no_other(ana: Registrar) -> None:
    ana.records.put_rules("lock:shed", Rules(20, 4, 4))
    (short,) = ana.add_grant(grant("ana", "shed"), NOW).credentials

    (long,) = ana.add_grant(grant("ana", "front"), NOW + 1).credentials

    assert (short.digits, long.digits) == (4, 6)
    assert sorted(one.digits for one in ana.new_codes("ana", NOW + 2).credentials if not one.ended) == [4, 6]
    assert ana.new_codes("ana", NOW + 9, digits=4).credentials[0].digits == 4
    with pytest.raises(UsageError, match="fewer than 6 digits are weak"):
        ana.new_codes("ana", NOW + 9, digits=5)
    with pytest.raises(UsageError, match="4 to 10 digits, and not 3"):
        ana.new_codes("ana", NOW + 9, digits=3)


def test_a_grant_to_a_group_reaches_who_is_in_it_and_who_joins_later(tmp_path: Path, ana: Registrar) -> None:
    made = ana.add_grant(msgspec.structs.replace(grant("group:friends"), reason="for Ana's party"), NOW)
    assert [one.person for one in made.credentials] == ["ana"]

    later = ana.add_person("ben", "Ben", "guest", ("friends",), NOW)

    assert [one.person for one in later.credentials] == ["ben"]
    told = next(one for one in events(tmp_path) if one.kind == "grant")
    assert "Ana" not in told.raw + told.detail


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (grant("nobody"), "'nobody' is not known"),
        (grant("group:none"), "nobody is in a group 'none'"),
        (grant("ana", "back"), "there is no door 'back'"),
        (grant("ana", "frnt"), 'Did you mean "front"'),
        (grant("ana", "gate"), "door:gate has no lock"),
        (msgspec.structs.replace(grant(), ends=NOW), "end before it is given"),
        (msgspec.structs.replace(grant(), starts=NOW + HOUR, ends=NOW + HOUR), "end before it begins"),
        (msgspec.structs.replace(grant(), uses=-1), "1 or more"),
        (msgspec.structs.replace(grant(), schedule=Weekly(())), "1 to 400 windows"),
        (msgspec.structs.replace(grant(), schedule=Dates(())), "ranges of days"),
        (msgspec.structs.replace(grant(), reason="a\nb"), "one line"),
    ],
)
def test_a_grant_that_cannot_be_is_refused_and_leaves_nothing(
    tmp_path: Path, ana: Registrar, wrong: Grant, why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        ana.add_grant(wrong, NOW)
    assert not ana.register().grants
    assert not ana.register().credentials
    assert len(events(tmp_path)) == 1


def test_a_use_that_is_counted_while_a_grant_is_changed_stays_counted(ana: Registrar) -> None:
    (given,) = ana.add_grant(msgspec.structs.replace(grant(), uses=1), NOW).grants
    ana.records.put(msgspec.structs.replace(given, used=1))
    (changed,) = ana.change_grant(msgspec.structs.replace(given, reason="once more"), NOW + 1).grants
    assert changed.used == 1


def test_an_ended_grant_is_not_changed_any_more(ana: Registrar) -> None:
    (given,) = ana.add_grant(grant(), NOW).grants
    (later,) = ana.change_grant(msgspec.structs.replace(given, ends=NOW + HOUR), NOW + 1).grants
    assert (later.made, later.ends) == (NOW, NOW + HOUR)

    (ended,) = ana.end_grant(given.id, NOW + 2).grants

    assert ended.ended == NOW + 2
    with pytest.raises(UsageError, match="has ended"):
        ana.change_grant(later, NOW + 3)
    with pytest.raises(UsageError, match="ended already"):
        ana.end_grant(given.id, NOW + 3)
    with pytest.raises(UsageError, match="there is no grant"):
        ana.end_grant("gnone", NOW)


def test_a_new_code_takes_the_place_of_the_old_which_stays_sealed_until_it_is_gone(ana: Registrar) -> None:
    (old,) = ana.add_grant(grant(), NOW).credentials

    made = ana.new_codes("ana", NOW + 1)

    new, ended = made.credentials
    assert (ended.id, ended.ended) == (old.id, NOW + 1)
    assert [one.id for one in ana.register().active("ana")] == [new.id]
    assert ana.vault.pin(old.id) != ana.vault.pin(new.id)


def test_no_two_people_ever_have_the_same_or_a_near_code(ana: Registrar) -> None:
    pin = ana.vault.pin(ana.add_grant(grant(), NOW).credentials[0].id).reveal()
    ana.end_code("ana", NOW)
    ana.add_person("ben", "Ben", "guest", (), NOW)

    for near in (pin, f"{pin[:-1]}{(int(pin[-1]) + 1) % 10}"):
        with pytest.raises(UsageError, match="cannot be taken") as told:
            ana.choose_code("ben", Secret(near), NOW)
        assert near not in str(told.value)


def test_a_chosen_code_is_kept_and_may_be_chosen_again_by_whose_it_was(ana: Registrar) -> None:
    ana.add_grant(grant(), NOW)
    (first, *_) = ana.choose_code("ana", Secret("519374"), NOW).credentials
    assert first.chosen
    ana.new_codes("ana", NOW + 1)

    (again, *_) = ana.choose_code("ana", Secret("519374"), NOW + 2).credentials

    assert ana.vault.pin(again.id) == Secret("519374")
    with pytest.raises(UsageError, match="fewer than 6 digits"):
        ana.choose_code("ana", Secret("5193"), NOW)


def test_a_chosen_code_that_no_lock_takes_is_refused(ana: Registrar) -> None:
    ana.records.put_rules("lock:front", Rules(20, 6, 6))
    ana.add_grant(grant(), NOW)

    with pytest.raises(UsageError, match="no lock that ana may open takes a code of 8 digits, but 6 to 6"):
        ana.choose_code("ana", Secret("51937428"), NOW)


def test_a_code_is_revealed_only_with_an_entry_in_the_journal(tmp_path: Path, ana: Registrar) -> None:
    ana.add_grant(grant(), NOW)

    ((code, pin),) = ana.reveal("ana", NOW, why="code show")

    assert pin == ana.vault.pin(code.id)
    told = events(tmp_path)[-1]
    assert (told.kind, told.name, told.person, told.value) == ("credential", "revealed", "ana", code.id)
    assert pin.reveal() not in f"{told}"


def test_without_a_journal_nothing_is_revealed_and_nothing_is_changed(
    ana: Registrar, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana.add_grant(grant(), NOW)
    before = ana.register()

    def full(*_: object) -> range:
        raise JournalError("the disk is full")

    monkeypatch.setattr(Journal, "append", full)
    with pytest.raises(JournalError):
        ana.reveal("ana", NOW)
    with pytest.raises(JournalError):
        ana.new_codes("ana", NOW)
    with pytest.raises(JournalError):
        ana.add_person("ben", "Ben", "guest", (), NOW)

    after = ana.register()
    assert (after.people, after.credentials) == (before.people, before.credentials)
    assert len(ana.vault.pins()) == 1


def test_removing_somebody_ends_all_that_is_theirs(ana: Registrar) -> None:
    made = ana.add_grant(grant(), NOW)
    ana.records.put_entries([Entry("lock:front", made.credentials[0].id, 3, "present")])

    removed = ana.remove_person("ana", NOW + 1)

    assert removed.waiting == ("lock:front",)
    assert not removed.gone
    found = ana.register()
    assert found.people["ana"].ended == NOW + 1
    assert [one.ended for one in found.grants.values()] == [NOW + 1]
    assert found.active("ana") == []
    with pytest.raises(UsageError, match="was removed"):
        ana.add_grant(grant(), NOW)
    with pytest.raises(UsageError, match="may still have their code"):
        ana.add_person("ana", "Ana", "guest", (), NOW)

    ana.records.put_entries([Entry("lock:front", made.credentials[0].id, 3, "absent")])
    assert ana.tidy(NOW + 2) == 1

    found = ana.register()
    assert set(found.people) == {"rosa"}
    assert not found.grants
    assert not found.credentials
    assert ana.records.all_sealed() == {}
    assert ana.records.entries() == []


def test_who_has_no_code_on_a_lock_goes_at_once(ana: Registrar) -> None:
    ana.add_grant(grant(), NOW)
    assert ana.remove_person("ana", NOW).gone
    ana.add_person("ana", "Ana", "guest", (), NOW)


def test_codes_that_ended_long_ago_go_once_no_lock_has_them(ana: Registrar) -> None:
    (old,) = ana.add_grant(grant(), NOW).credentials
    (new, _) = ana.new_codes("ana", NOW + 1).credentials
    ana.records.put_entries([Entry("lock:front", old.id, 3, "exposed")])

    ana.tidy(NOW + LATELY + 2)
    assert set(ana.register().credentials) == {old.id, new.id}
    ana.records.put_entries([Entry("lock:front", old.id, 3, "absent")])
    ana.tidy(NOW + LATELY)
    assert set(ana.register().credentials) == {old.id, new.id}
    ana.tidy(NOW + LATELY + 2)

    assert set(ana.register().credentials) == {new.id}
    with pytest.raises(StoreError):
        ana.vault.pin(old.id)


def test_the_address_of_a_feed_is_sealed_and_never_told(tmp_path: Path, ana: Registrar) -> None:
    address = Secret("https://calendar.example/s3cret-token.ics")
    (kept,) = ana.add_feed(Feed("flat", ("front",), "Ana's flat"), address, NOW).feeds
    assert kept.doors == ("door:front",)
    assert ana.vault.address("flat") == address

    ana.change_feed(msgspec.structs.replace(kept, doors=("*",)), NOW)
    assert ana.register().feeds["flat"].doors == ("*",)
    with pytest.raises(UsageError, match="another feed"):
        ana.add_feed(kept, address, NOW)
    ana.remove_feed("flat", NOW)

    assert not ana.register().feeds
    with pytest.raises(StoreError):
        ana.vault.address("flat")
    told: list[Event] = [one for one in events(tmp_path) if one.kind == "feed"]
    assert [one.name for one in told] == ["added", "changed", "removed"]
    assert not any("s3cret" in f"{one}" or "Ana" in f"{one}" for one in told)
    with pytest.raises(UsageError, match="there is no feed 'flat'"):
        ana.remove_feed("flat", NOW)


def test_two_registrars_do_not_write_over_each_other(tmp_path: Path, ana: Registrar) -> None:
    with registrar(tmp_path) as other:
        other.add_person("ben", "Ben", "guest", ("friends",), NOW)
        with pytest.raises(UsageError, match="is there already"):
            ana.add_person("ben", "Benno", "guest", (), NOW)
        made = ana.add_grant(grant("group:friends"), NOW)
        pins = other.vault.pins()

    assert {one.person for one in made.credentials} == {"ana", "ben"}
    assert len({pin.reveal() for pin in pins.values()}) == 2
