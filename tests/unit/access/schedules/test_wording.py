from datetime import date
from zoneinfo import ZoneInfo

from nightlatch.access.schedules import dates, preview, weekly, words
from nightlatch.access.schedules.wording import length_words
from nightlatch.model.access import Always, Dates, Grant, Recurring
from tests.unit.access.schedules.oracle import at
from tests.unit.access.schedules.test_spanning import grant

BERLIN = ZoneInfo("Europe/Berlin")
NOW = at(BERLIN, 2026, 11, 22, 16, 30)


def test_a_preview_tells_the_next_windows() -> None:
    told = preview(grant(weekly("Mon-Fri 09:00-12:00, Sat 22:00-02:00")), BERLIN, NOW, 6)
    assert told == (
        "Mon 23 Nov 09:00-12:00",
        "Tue 24 Nov 09:00-12:00",
        "Wed 25 Nov 09:00-12:00",
        "Thu 26 Nov 09:00-12:00",
        "Fri 27 Nov 09:00-12:00",
        "Sat 28 Nov 22:00-Sun 29 Nov 02:00",
    )


def test_a_preview_names_another_year_and_ends_a_day_at_24() -> None:
    assert preview(grant(dates("2026-12-31..2027-01-01")), BERLIN, NOW) == ("Thu 31 Dec 00:00-Fri 1 Jan 2027 24:00",)


def test_a_preview_says_what_a_change_of_the_clock_does() -> None:
    night = grant(weekly("Sat 22:00-06:00"), starts=at(BERLIN, 2026, 10, 24), ends=at(BERLIN, 2026, 10, 26))
    told = "Sat 24 Oct 22:00-Sun 25 Oct 06:00 (the clock goes back to 02:00: 9 h)"
    assert preview(night, BERLIN, at(BERLIN, 2026, 10, 20)) == (told,)
    early = grant(weekly("Sun 02:30-05:00"), ends=at(BERLIN, 2026, 3, 30))
    told = "Sun 29 Mar 03:00-05:00 (the clock goes forward to 03:00: 2 h)"
    assert preview(early, BERLIN, at(BERLIN, 2026, 3, 28)) == (told,)


def test_a_preview_tells_the_two_times_of_a_repeated_hour_apart() -> None:
    early = grant(weekly("Sun 02:15-02:45"), ends=at(BERLIN, 2026, 10, 26))
    assert preview(early, BERLIN, at(BERLIN, 2026, 10, 24)) == (
        "Sun 25 Oct 02:15 (+02:00)-02:45 (+02:00)",
        "Sun 25 Oct 02:15 (+01:00)-02:45 (+01:00)",
    )


def test_what_never_holds_has_no_preview() -> None:
    assert preview(grant(Dates(((date(2020, 1, 1), date(2020, 1, 1)),))), BERLIN, NOW) == ()


def test_what_has_no_end_says_so() -> None:
    assert preview(grant(Always()), BERLIN, NOW) == ("at any time, without an end",)
    assert preview(grant(Always(), starts=NOW), BERLIN, NOW) == ("from Sun 22 Nov 16:30, without an end",)
    assert preview(grant(Always(), ends=NOW + 60_000_000), BERLIN, NOW) == ("until Sun 22 Nov 16:31",)


def test_a_grant_in_words() -> None:
    told = words(grant(weekly("Mon-Fri 09:00-12:00"), ends=NOW, uses=2, used=1), BERLIN)
    assert told == "Mon-Fri 09:00-12:00, until Sun 22 Nov 2026 16:30, 2 uses, 1 of them used"
    rule = Grant("g", "person:ana", ("*",), Recurring("FREQ=MONTHLY;BYDAY=2TU", "2026-12-08T09:00", 90), starts=NOW)
    assert words(rule, BERLIN) == (
        "1 h 30 min each time by FREQ=MONTHLY;BYDAY=2TU from 2026-12-08 09:00,"
        " from Sun 22 Nov 2026 16:30, without an end"
    )


def test_lengths_in_words() -> None:
    assert length_words(0) == "0 s"
    assert length_words(90_061_000_000) == "1 d 1 h 1 min 1 s"
