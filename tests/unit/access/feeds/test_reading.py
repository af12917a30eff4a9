import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.access.feeds.reading import MOST_BYTES, Reading, read
from nightlatch.access.feeds.shapes import guest
from nightlatch.errors import ReadError
from tests.unit.access.feeds.calendars import AIRBNB, BERLIN, FEED, NOW, calendar, entry, timed
from tests.unit.access.schedules.oracle import at


def reading(*entries: str, product: str = "-//Somebody//Calendar//EN") -> Reading:
    return read(calendar(*entries, product=product), FEED, BERLIN, NOW)


def times(found: Reading) -> list[tuple[int, int]]:
    return [(one.begins, one.ends) for one in found.bookings]


def test_whole_days_are_from_check_in_to_check_out_on_the_day_after_the_last_night() -> None:
    assert times(reading(entry("20261224", "20261227"))) == [
        (at(BERLIN, 2026, 12, 24, 15), at(BERLIN, 2026, 12, 27, 11)),
    ]


def test_check_in_and_out_keep_to_the_clock_over_a_change_of_it() -> None:
    found = times(reading(entry("20270327", "20270329")))
    assert found == [(at(BERLIN, 2027, 3, 27, 15), at(BERLIN, 2027, 3, 29, 11))]


def test_a_day_without_an_end_is_one_night() -> None:
    one = entry("20261224", "20261227").replace("DTEND;VALUE=DATE:20261227\r\n", "")
    assert times(reading(one)) == [(at(BERLIN, 2026, 12, 24, 15), at(BERLIN, 2026, 12, 25, 11))]


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (":20261224T140000Z", ":20261227T100000Z"),
        (":20261224T150000", ":20261227T110000"),
        (";TZID=Europe/Berlin:20261224T150000", ";TZID=Europe/Berlin:20261227T110000"),
        (";TZID=America/New_York:20261224T090000", ";TZID=America/New_York:20261227T050000"),
        (";TZID=W. Europe Standard Time:20261224T150000", ";TZID=W. Europe Standard Time:20261227T110000"),
    ],
)
def test_times_are_taken_in_their_zone_or_at_home(begin: str, end: str) -> None:
    assert times(reading(timed(begin, end))) == [(at(BERLIN, 2026, 12, 24, 15), at(BERLIN, 2026, 12, 27, 11))]


def test_an_entry_in_a_zone_that_nobody_knows_is_left_out_and_said() -> None:
    found = reading(
        timed(";TZID=Moon/Base:20261224T150000", ";TZID=Moon/Base:20261227T110000"), entry("20270101", "20270102")
    )
    assert len(found.bookings) == 1
    assert found.odd == ("an entry was left out: its time zone 'Moon/Base' is not known",)


def test_airbnb_tells_guests_from_closed_days() -> None:
    found = reading(
        entry("20261224", "20261227", "Reserved", "a@airbnb.com"),
        entry("20261228", "20261230", "Airbnb (Not available)", "b@airbnb.com"),
        entry("20270105", "20270106", "Something new", "c@airbnb.com"),
        product=AIRBNB,
    )
    assert (len(found.bookings), found.entries) == (1, 3)


@pytest.mark.parametrize(
    ("summary", "uid", "product", "name"),
    [
        ("Reserved", "1@airbnb.com", "", ""),
        ("Airbnb (Not available)", "1@airbnb.com", "", None),
        ("CLOSED - Not available", "1@booking.com", "", ""),
        ("CLOSED - Ana Weiss", "1@booking.com", "", "Ana Weiss"),
        ("CLOSED - Not available", "1@elsewhere", "", None),
        ("Reserved - Ana Weiss", "1", "-//HomeAway.com, Inc.//EN", "Ana Weiss"),
        ("Blocked", "1", "-//HomeAway.com, Inc.//EN", None),
        ("Blocked", "1", "", None),
        ("Not available", "1", "", None),
        ("Ana  Weiss", "1", "", "Ana Weiss"),
        ("Busy", "1", "", ""),
        ("", "1", "", ""),
    ],
)
def test_an_entry_is_a_guest_or_closed_days(summary: str, uid: str, product: str, name: str | None) -> None:
    assert guest(summary, uid, product) == name


def test_two_guests_with_the_same_dates_are_two_stays() -> None:
    found = reading(entry("20261224", "20261227", uid="1@x"), entry("20261224", "20261227", uid="2@x"))
    assert len({one.key for one in found.bookings}) == 2
    for uid in ("same@x", ""):
        found = reading(entry("20261224", "20261227", uid=uid), entry("20261224", "20261227", uid=uid))
        assert len({one.key for one in found.bookings}) == 2


def test_keys_are_the_same_at_each_reading_and_hold_nothing_of_the_uid() -> None:
    first, second = (reading(entry("20261224", "20261227", uid="ana.weiss@x")) for _ in range(2))
    assert first == second
    assert "ana" not in first.bookings[0].key


def test_what_is_over_or_cancelled_is_given_up() -> None:
    found = reading(
        entry("20261101", "20261103", uid="1"), entry("20261224", "20261227", uid="2", more="STATUS:CANCELLED")
    )
    assert found.bookings == ()
    assert len(found.given_up) == 2
    assert found.entries == 1


def test_what_recurs_is_a_stay_each_time_without_the_times_left_out() -> None:
    more = "RRULE:FREQ=WEEKLY;COUNT=3\r\nEXDATE:20261208T090000Z"
    found = reading(timed(":20261201T090000Z", ":20261201T120000Z", more=more))
    assert [one.begins for one in found.bookings] == [at(BERLIN, 2026, 12, 1, 10), at(BERLIN, 2026, 12, 15, 10)]
    assert len({one.key for one in found.bookings}) == 2


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MINUTELY;BYHOUR=25"])
def test_what_recurs_without_measure_is_left_out_and_said(rule: str) -> None:
    found = reading(
        timed(":20261201T090000Z", ":20261201T120000Z", more=f"RRULE:{rule}"), entry("20261224", "20261227", uid="2")
    )
    assert len(found.bookings) == 1
    assert found.odd == ("1 entries were left out: they recur by a rule that cannot be used",)


def test_a_rule_without_end_is_not_worked_out_beside_one_that_is_used() -> None:
    weekly = timed(":20261201T090000Z", ":20261201T120000Z", more="RRULE:FREQ=WEEKLY;COUNT=3")
    endless = timed(":20261124T000000Z", ":20261124T000001Z", uid="2@x", more="RRULE:FREQ=SECONDLY")
    found = reading(weekly, endless)
    assert len(found.bookings) == 3
    assert found.odd == ("1 entries were left out: they recur by a rule that cannot be used",)


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ('BEGIN;X="a:b":VTIMEZONE', 'END;X="a:b":VTIMEZONE'),
        (
            "BEGIN:VTIMEZONE\r\nX-A:\x0bEND:VTIMEZONE\x0bBEGIN:X",
            "X-A:\x0bEND:X\x0bBEGIN:VTIMEZONE\r\nEND:VTIMEZONE",
        ),
        (
            "BEGIN:VTIMEZONE\r\nX-A:\r\n\r\n END:VTIMEZONE\r\nX-A:\r\n\r\n BEGIN:X",
            "X-A:\r\n\r\n END:X\r\nX-A:\r\n\r\n BEGIN:VTIMEZONE\r\nEND:VTIMEZONE",
        ),
    ],
)
def test_no_rule_of_a_zone_is_hidden_by_how_its_lines_are_written(begin: str, end: str) -> None:
    zone = ("TZID:X", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0000", "TZOFFSETTO:+0100")
    with pytest.raises(ReadError, match="that no calendar needs"):
        reading("\r\n".join((begin, *zone, "RRULE:FREQ=SECONDLY", "END:STANDARD", end)))


def test_a_zone_that_changes_every_second_is_refused() -> None:
    zone = "\r\n".join(
        [
            *("BEGIN:VTIMEZONE", "TZID:X", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0000"),
            *("TZOFFSETTO:+0100", "RRULE:FREQ=SECONDLY", "END:STANDARD", "END:VTIMEZONE"),
        ]
    )
    with pytest.raises(ReadError, match="a rule in line 10 that no calendar needs"):
        reading(zone)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is no calendar"),
        (b"<html>Sign in</html>", "is no calendar"),
        (calendar(entry("20261224", "20261227"))[:-20], "is cut off"),
        (b"\xff\xfe" + calendar(), "is not UTF-8 text at byte 0"),
        (b"BEGIN:VCALENDAR\r\n" + b"X" * MOST_BYTES, "is larger than 1 MiB"),
        (calendar(*["X-A:1"] * 40_000), "more than 40000 lines"),
        (calendar(*["BEGIN:VEVENT\r\nEND:VEVENT"] * 2_001), "more than 2000 entries"),
        (calendar("BEGIN:VEVENT"), "did not begin"),
        (calendar(*["BEGIN:X"] * 9, *["END:X"] * 9), "nested too deep"),
        (calendar(timed(":nonsense", ":20261227T110000")), "no calendar that can be read|^$"),
    ],
)
def test_a_damaged_calendar_says_what_it_is(content: bytes, what: str) -> None:
    if "^$" in what:
        # One entry that cannot be read takes none of the others with it.
        assert read(content, FEED, BERLIN, NOW).bookings == ()
        return
    with pytest.raises(ReadError, match=what) as caught:
        read(content, FEED, BERLIN, NOW)
    assert caught.value.where == "calendar Cabin"


def test_stays_longer_than_a_year_or_backwards_are_left_out() -> None:
    found = reading(
        entry("20261224", "20281227", uid="1"),
        timed(":20261227T110000Z", ":20261227T100000Z"),
        entry("00010101", "00010102"),
    )
    assert found.bookings == ()
    assert len(found.odd) == 3


def test_an_empty_calendar_is_read_as_empty() -> None:
    assert reading() == Reading(())


fragments = st.sampled_from(
    [
        *("BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTIMEZONE", "END:VTIMEZONE", "BEGIN:STANDARD", "END:STANDARD"),
        *("DTSTART:20261224T150000", "DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261227", "DTEND:2026"),
        *("DTSTART;TZID=X:20261224T150000", "TZID:X", "TZOFFSETFROM:+0100", "TZOFFSETTO:+2500", "DURATION:P1D"),
        *("DURATION:PT99999999999H", "RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=YEARLY", "RRULE:", "EXDATE:20261225"),
        *("RDATE:20261224T150000", "RECURRENCE-ID:20261224T150000", "UID:1", "UID:", "SUMMARY:Reserved", "STATUS:X"),
        *("DTSTART:00000000T000000", "DTEND:99991231T235959Z", ":", ";", "A;B=:C", 'X;Y="Z:1', " folded", "\ud7ff"),
    ]
)


@settings(max_examples=200, deadline=4000)
@given(st.lists(st.one_of(fragments, st.text(max_size=30)), max_size=25))
def test_no_calendar_breaks_the_reader(lines: list[str]) -> None:
    content = "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR"]).encode(errors="replace")
    try:
        found = read(content, FEED, BERLIN, NOW)
    except ReadError as error:
        assert error.where == "calendar Cabin"
    else:
        assert all(one.begins < one.ends and one.ends > NOW for one in found.bookings)


@settings(max_examples=100, deadline=4000)
@given(st.lists(st.lists(fragments, max_size=8), max_size=5))
def test_no_entry_breaks_the_reader(entries: list[list[str]]) -> None:
    plain = [[line for line in one if not line.startswith(("BEGIN", "END"))] for one in entries]
    content = calendar(*["\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"]) for lines in plain])
    try:
        read(content, FEED, BERLIN, NOW)
    except ReadError as error:
        assert error.where == "calendar Cabin"


@settings(max_examples=60, deadline=4000)
@given(st.data())
def test_a_calendar_that_is_cut_off_anywhere_is_refused(data: st.DataObject) -> None:
    whole = calendar(entry("20261224", "20261227"), entry("20270101", "20270103", uid="2")).rstrip()
    length = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(ReadError):
        read(whole[:length], FEED, BERLIN, NOW)
