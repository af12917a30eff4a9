import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest

from nightlatch.access.feeds import Feeds
from nightlatch.access.feeds.reading import read
from nightlatch.access.registrar import Registrar
from nightlatch.access.schedules import preview
from nightlatch.access.schedules.wall import DAY, HOUR, MINUTE
from nightlatch.errors import StoreError
from nightlatch.model.access import Feed, Grant
from nightlatch.model.event import Event, instant
from nightlatch.secrets import Secret
from tests.unit.access.feeds.calendars import BERLIN, NOW, calendar, entry
from tests.unit.access.feeds.serving import TOKEN, Server, serving
from tests.unit.access.registering import events, registrar
from tests.unit.access.schedules.oracle import at

CHRISTMAS = entry("20261224", "20261227", uid="1@x")
NEW_YEAR = entry("20261230", "20270102", uid="2@x")


class House:
    """A home with one feed, whose calendar is served here."""

    def __init__(self, registrar: Registrar, server: Server, folder: Path) -> None:
        self.registrar, self.server, self.folder = registrar, server, folder
        self.now = NOW
        self.told: list[Event] = []
        self.feeds = Feeds(registrar, clock=self.clock, tell=self.told.append, chance=lambda: 0.5)
        registrar.add_feed(Feed("cabin", ("front",), "Cabin"), Secret(server.address()), NOW)

    def clock(self) -> datetime:
        return instant(self.now)

    async def reading(self, *entries: str, status: int = 200, content: bytes | None = None) -> None:
        """The calendar as it is now, read half an hour later."""
        self.server.content = calendar(*entries) if content is None else content
        self.server.status = status
        self.now += 36 * MINUTE
        await self.feeds.look()

    def grants(self) -> list[Grant]:
        found = [one for one in self.registrar.records.grants() if not one.ended]
        return sorted(found, key=lambda one: (one.starts, one.to))

    def names(self) -> list[str]:
        return sorted(one.name for one in self.registrar.records.people() if not one.ended)

    def feed(self) -> Feed:
        return self.registrar.records.feeds()[0]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with serving() as server:
        with registrar(tmp_path) as made:
            yield House(made, server, tmp_path)


async def test_each_stay_becomes_a_guest_with_a_grant_and_a_code(house: House) -> None:
    await house.reading(CHRISTMAS, NEW_YEAR)
    first, second = house.grants()
    assert preview(first, BERLIN, house.now) == ("Thu 24 Dec 15:00-Sun 27 Dec 11:00",)
    assert preview(second, BERLIN, house.now) == ("Wed 30 Dec 15:00-Sat 2 Jan 2027 11:00",)
    assert first.doors == ("door:front",)
    assert house.names() == ["Guest of 24 Dec", "Guest of 30 Dec"]
    codes = house.registrar.records.credentials()
    assert {one.person for one in codes} == {one.to.removeprefix("person:") for one in house.grants()}
    assert [(one.name, one.detail) for one in house.told] == [("renewed", "2 new stays")]


async def test_reading_the_same_again_does_nothing(house: House) -> None:
    await house.reading(CHRISTMAS)
    before = house.grants()
    for _ in range(3):
        await house.reading(CHRISTMAS)
    assert house.grants() == before
    assert len(house.told) == 1
    assert house.feed().read == house.now


async def test_two_guests_with_the_same_dates_get_a_grant_and_a_code_each(house: House) -> None:
    await house.reading(entry("20261224", "20261227", "Ana", "1"), entry("20261224", "20261227", "Ben", "2"))
    assert house.names() == ["Ana", "Ben"]
    assert len({one.to for one in house.grants()}) == 2
    assert len(house.registrar.records.credentials()) == 2


async def test_a_feed_that_turns_empty_revokes_and_grants_nothing(house: House) -> None:
    await house.reading(CHRISTMAS, NEW_YEAR)
    before = house.grants()
    for _ in range(4):
        await house.reading()
    assert house.grants() == before
    assert [one.name for one in house.told] == ["renewed", "kept"]
    assert house.told[-1].detail == "it is empty, and 2 stays that it had are kept"
    await house.reading(CHRISTMAS, NEW_YEAR)
    assert house.told[-1].name == "well"
    assert house.grants() == before


@pytest.mark.parametrize("status", [404, 500, 429, 200])
async def test_a_feed_that_fails_revokes_and_grants_nothing_and_says_so_once(house: House, status: int) -> None:
    await house.reading(CHRISTMAS, NEW_YEAR)
    before = house.grants()
    for _ in range(3):
        house.now += 6 * HOUR
        await house.reading(content=b"<html>sorry</html>", status=status)
    assert house.grants() == before
    assert [one.name for one in house.told] == ["renewed", "trouble"]
    assert house.feed().trouble
    assert house.feed().read < house.feed().tried
    house.now += 6 * HOUR
    await house.reading(CHRISTMAS, NEW_YEAR)
    assert house.told[-1].name == "well"
    assert house.feed().trouble == ""


async def test_a_feed_that_times_out_revokes_and_grants_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.reading(CHRISTMAS)
    before = house.grants()
    monkeypatch.setattr("nightlatch.access.feeds.fetching.ANSWER_S", 0.2)
    house.registrar.change_feed(house.feed(), house.now, address=Secret(house.server.address("silent")))
    await house.reading()
    assert house.grants() == before
    assert house.told[-1].detail.startswith("127.0.0.1 did not answer")


async def test_a_failing_feed_is_asked_less_and_less_often(house: House) -> None:
    house.server.status = 500
    for _ in range(60 * 24):
        house.now += MINUTE
        await house.feeds.look()
    assert len(house.server.asked) < 14


async def test_a_cancelled_stay_ends_with_the_second_reading_without_it(house: House) -> None:
    await house.reading(CHRISTMAS, NEW_YEAR)
    await house.reading(NEW_YEAR)
    assert len(house.grants()) == 2
    await house.reading(NEW_YEAR)
    assert [one.starts for one in house.grants()] == [at(BERLIN, 2026, 12, 30, 15)]
    assert house.told[-1].detail == "1 cancelled stay"


async def test_a_stay_that_comes_back_is_granted_anew_to_another_guest(house: House) -> None:
    await house.reading(CHRISTMAS, NEW_YEAR)
    gone = house.grants()[0]
    await house.reading(NEW_YEAR)
    await house.reading(NEW_YEAR)
    await house.reading(CHRISTMAS, NEW_YEAR)
    back = house.grants()[0]
    assert (back.starts, back.ends) == (gone.starts, gone.ends)
    assert back.to != gone.to


async def test_what_the_owner_ended_stays_ended(house: House) -> None:
    await house.reading(CHRISTMAS, NEW_YEAR)
    house.registrar.end_grant(house.grants()[0].id, house.now)
    for _ in range(3):
        await house.reading(CHRISTMAS, NEW_YEAR)
    assert len(house.grants()) == 1


async def test_a_moved_stay_keeps_its_guest_and_code(house: House) -> None:
    await house.reading(CHRISTMAS, NEW_YEAR)
    before = house.grants()[0]
    await house.reading(entry("20261225", "20261228", uid="1@x"), NEW_YEAR)
    after = house.grants()[0]
    assert (after.id, after.to) == (before.id, before.to)
    assert (after.starts, after.ends) == (at(BERLIN, 2026, 12, 25, 15), at(BERLIN, 2026, 12, 28, 11))


async def test_what_the_owner_changed_by_hand_stays(house: House) -> None:
    await house.reading(CHRISTMAS, NEW_YEAR)
    late = msgspec.structs.replace(house.grants()[0], ends=at(BERLIN, 2026, 12, 27, 14))
    house.registrar.change_grant(late, house.now)
    await house.reading(CHRISTMAS, NEW_YEAR)
    assert house.grants()[0].ends == at(BERLIN, 2026, 12, 27, 14)
    await house.reading(entry("20261223", "20261227", uid="1@x"), NEW_YEAR)
    assert house.grants()[0].starts == at(BERLIN, 2026, 12, 23, 15)
    assert house.grants()[0].ends == at(BERLIN, 2026, 12, 27, 14)


async def test_what_the_owner_changes_while_a_calendar_is_read_stays(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.reading(CHRISTMAS)

    def narrowed(*told: Any) -> Any:
        house.registrar.change_grant(msgspec.structs.replace(house.grants()[0], doors=("lock:shed",)), house.now)
        return read(*told)

    monkeypatch.setattr("nightlatch.access.feeds.following.read", narrowed)
    await house.reading(entry("20261224", "20261228", uid="1@x"))
    (one,) = house.grants()
    assert one.doors == ("lock:shed",)
    assert one.ends == at(BERLIN, 2026, 12, 28, 11)


async def test_a_calendar_that_is_removed_while_it_is_read_grants_nothing_any_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def removed(*told: Any) -> Any:
        house.registrar.remove_feed("cabin", house.now)
        return read(*told)

    monkeypatch.setattr("nightlatch.access.feeds.following.read", removed)
    await house.reading(CHRISTMAS)
    assert house.grants() == []


async def test_what_broke_off_between_its_steps_is_gone_on_with(house: House) -> None:
    await house.reading(CHRISTMAS, NEW_YEAR)
    # A cancellation that came as far as taking its booking from the grant.
    house.registrar.change_grant(msgspec.structs.replace(house.grants()[0], booking=""), house.now)
    await house.reading(NEW_YEAR)
    assert len(house.grants()) == 1
    # A guest who was made, and whose grant was not.
    house.registrar.add_person("cabin-" + "0" * 12, "Nobody", "guest", (), house.now)
    await house.reading(NEW_YEAR)
    assert len(house.grants()) == 1


async def test_a_guest_whose_stay_is_over_takes_leave(house: House) -> None:
    await house.reading(CHRISTMAS)
    house.now = at(BERLIN, 2026, 12, 28, 10)
    await house.feeds.look()
    assert house.names() == ["Guest of 24 Dec"]
    house.now += DAY
    await house.feeds.look()
    assert house.names() == []


async def test_a_guest_whom_the_owner_granted_more_stays(house: House) -> None:
    await house.reading(CHRISTMAS)
    who = house.grants()[0].to
    house.registrar.add_grant(Grant("", who, ("front",), by="Rosa"), house.now)
    house.now = at(BERLIN, 2027, 2, 1)
    await house.feeds.look()
    assert house.names() == ["Guest of 24 Dec"]


async def test_an_unchanged_calendar_is_not_sent_again_and_its_silence_counts(house: House) -> None:
    house.server.tag = '"v1"'
    await house.reading(CHRISTMAS, NEW_YEAR)
    house.server.tag = '"v2"'
    await house.reading(NEW_YEAR)
    await house.reading(NEW_YEAR)
    assert "If-None-Match" in house.server.asked[-1]
    assert len(house.grants()) == 1


async def test_other_hours_of_arriving_are_heeded_though_the_calendar_is_as_it_was(house: House) -> None:
    house.server.tag = '"v1"'
    await house.reading(CHRISTMAS)
    house.registrar.change_feed(msgspec.structs.replace(house.feed(), checkin=16 * 60, tried=0), house.now)
    await house.feeds.look()
    assert house.grants()[0].starts == at(BERLIN, 2026, 12, 24, 16)


async def test_another_address_is_read_at_once_and_asked_for_all(house: House) -> None:
    house.server.tag = '"v1"'
    await house.reading(CHRISTMAS)
    other = Secret(house.server.address() + "&other=1")
    house.registrar.change_feed(msgspec.structs.replace(house.feed(), tried=0), house.now, address=other)
    await house.feeds.look()
    assert len(house.server.asked) == 2
    assert "If-None-Match" not in house.server.asked[-1]


async def test_a_calendar_that_breaks_the_reader_is_told_and_does_not_end_the_loop(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await house.reading(CHRISTMAS)
    before = house.grants()

    words = "what a guest wrote"

    def broken(*_: object) -> NoReturn:
        raise RuntimeError(words)

    monkeypatch.setattr("nightlatch.access.feeds.following.read", broken)
    with caplog.at_level("DEBUG", "nightlatch"):
        await house.reading(CHRISTMAS, NEW_YEAR)

    assert house.grants() == before
    assert house.feed().trouble == "reading it broke (RuntimeError), which is a defect: please report it"
    assert house.told[-1].name == "trouble"
    assert words not in caplog.text
    monkeypatch.undo()
    await house.reading(CHRISTMAS, NEW_YEAR)
    assert len(house.grants()) == 2


async def test_a_calendar_of_more_stays_than_any_home_has_grants_nothing(house: House) -> None:
    await house.reading(*(entry("20261224", "20261227", uid=str(number)) for number in range(201)))
    assert house.grants() == []
    assert "it is no calendar of stays" in house.feed().trouble


async def test_a_database_that_cannot_be_used_does_not_end_the_loop(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> NoReturn:
        raise StoreError("is locked")

    pauses = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise asyncio.CancelledError
        monkeypatch.undo()
        monkeypatch.setattr("nightlatch.access.feeds.following.asyncio.sleep", pause)

    monkeypatch.setattr(house.registrar, "register", broken)
    monkeypatch.setattr("nightlatch.access.feeds.following.asyncio.sleep", pause)
    with pytest.raises(asyncio.CancelledError):
        await house.feeds.run()
    assert len(house.grants()) == 1


async def test_a_calendar_that_is_added_while_the_loop_waits_is_read_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nightlatch.access.feeds.following.LOOK_S", 0.01)

    async def granted(number: int) -> None:
        async with asyncio.timeout(10):
            while len(house.grants()) < number:  # noqa: ASYNC110  # the house tells nobody
                await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as group:
        loop = group.create_task(house.feeds.run())
        await granted(1)
        await asyncio.to_thread(
            house.registrar.add_feed, Feed("barn", ("front",), "Barn"), Secret(house.server.address()), NOW
        )
        await granted(2)
        loop.cancel()
    assert {one.feed for one in house.grants()} == {"cabin", "barn"}


async def test_nothing_that_is_written_down_holds_the_address(house: House) -> None:
    await house.reading(CHRISTMAS)
    house.now += DAY
    await house.reading(status=403)
    told = repr([*events(house.folder), *house.told, house.feed()])
    assert TOKEN not in told
    for path in house.folder.rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes()
