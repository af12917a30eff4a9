from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.web.charts.line import HEIGHT, WIDTH, Axis, Point, line

AXIS = Axis(0, 100, (0, 50, 100))
BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
BEGIN = datetime(2026, 10, 20, 12, tzinfo=UTC)


def drawn(points: list[Point], title: str = "Score") -> ElementTree.Element:
    made = line(points, axis=AXIS, zone=BERLIN, texts=(title, "It rose."), name="score", gap=3 * DAY)
    return ElementTree.fromstring(made)  # our own


def lines(svg: ElementTree.Element) -> list[str]:
    return [path.get("d", "") for path in svg.iter("path") if path.get("class") == "line"]


def test_a_line_breaks_where_nothing_was_known_and_where_nobody_looked_for_long() -> None:
    values = [10.0, 20.0, None, 30.0, 40.0]
    points = [Point(BEGIN + number * DAY, value) for number, value in enumerate(values)]
    assert len(lines(drawn(points))) == 2
    far = [Point(BEGIN, 1.0), Point(BEGIN + DAY, 2.0), Point(BEGIN + 9 * DAY, 3.0), Point(BEGIN + 10 * DAY, 4.0)]
    assert len(lines(drawn(far))) == 2
    assert len(lines(drawn(far[:2]))) == 1


def test_a_point_between_two_gaps_is_a_dot() -> None:
    svg = drawn([Point(BEGIN, 1.0), Point(BEGIN + DAY, None), Point(BEGIN + 2 * DAY, 3.0)])
    assert not lines(svg)
    assert sum(circle.get("class") == "dot" for circle in svg.iter("circle")) == 2


def test_it_has_a_title_and_a_description_and_text_of_it_cannot_become_markup() -> None:
    svg = drawn([Point(BEGIN, 1.0)], title="</title><script>alert(1)</script>")
    assert svg.findtext("title") == "</title><script>alert(1)</script>"
    assert svg.findtext("desc") == "It rose."
    assert list(svg.iter("script")) == []
    assert svg.get("aria-labelledby") == "score-title score-desc"


def test_days_are_those_of_the_home_also_where_clocks_are_put_back() -> None:
    # In Berlin clocks were put back on 25 October 2026: that day has 25 hours.
    svg = drawn([Point(BEGIN + number * DAY, 50.0) for number in range(7)])
    words = [text.text for text in svg.iter("text") if text.get("text-anchor") == "middle"]
    assert words == ["21 Oct", "22 Oct", "23 Oct", "24 Oct", "25 Oct", "26 Oct"]


def test_nothing_known_draws_axes_alone() -> None:
    svg = drawn([Point(BEGIN, None)])
    assert not lines(svg)
    assert sum(one.get("class") == "axis" for one in svg.iter("line")) == 3


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.datetimes(datetime(2020, 1, 2), datetime(2029, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
            st.none() | st.floats(allow_nan=True, allow_infinity=True),
        ),
        max_size=30,
    )
)
def test_any_points_stay_within_the_chart(points: list[tuple[datetime, float | None]]) -> None:
    svg = drawn([Point(at, value) for at, value in sorted(points, key=lambda one: one[0])])
    for path in lines(svg):
        for place in path.removeprefix("M").split(" L"):
            x, y = map(float, place.split())
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT
    assert sum(1 for one in svg.iter("text")) < 30
