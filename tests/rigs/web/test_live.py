"""Open pages in a real browser: many tabs on one stream, and what the reader does is left alone."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

from tests.rigs.web.conftest import as_, serving

pytestmark = pytest.mark.rig

WATCH = """
window.heard = [];
window.signals = [];
document.addEventListener("nightlatch:entry", (event) => heard.push(event.detail.index));
document.addEventListener("nightlatch:signal", (event) => signals.push(event.detail));
"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(extra_http_headers=as_("owner"))
    context.add_init_script(WATCH)
    yield context
    context.close()


def _until(page: Page, what: str, seconds: float = 30) -> None:
    """Wait for something in a page; Playwright's own way needs eval, which the policy forbids."""
    end = time.perf_counter() + seconds
    while not page.evaluate(what):
        assert time.perf_counter() < end, what
        page.wait_for_timeout(50)


def _heard(page: Page, least: int = 1) -> list[int]:
    _until(page, f"heard.length >= {least}")
    found: list[int] = page.evaluate("heard")
    return found


def test_ten_tabs_hear_everything_over_one_stream_and_none_hangs(context: BrowserContext, served: str) -> None:
    streams: list[Request] = []
    context.on("request", lambda one: streams.append(one) if "/live?" in one.url else None)
    pages = []
    for _ in range(10):
        page = context.new_page()
        page.goto(f"{served}/more")
        pages.append(page)
    for page in pages:
        _heard(page)
        begun = time.perf_counter()
        assert page.evaluate("fetch('/more').then((answer) => answer.status)") == 200
        assert time.perf_counter() - begun < 2
    assert len(streams) == 1
    newest = max(_heard(pages[0]))
    for page in pages:
        _until(page, f"heard.at(-1) >= {newest}", 10)
        indices = _heard(page)
        assert indices == list(range(indices[0], indices[0] + len(indices)))


def test_when_the_tab_with_the_stream_closes_another_goes_on_without_a_hole(
    context: BrowserContext, served: str
) -> None:
    first, second = context.new_page(), context.new_page()
    first.goto(f"{served}/more")
    _heard(first)
    second.goto(f"{served}/more")
    before = _heard(second)
    first.close()
    indices = _heard(second, len(before) + 5)
    assert indices == list(range(indices[0], indices[0] + len(indices)))


def test_what_the_reader_opened_and_holds_stays_while_the_page_changes(context: BrowserContext, served: str) -> None:
    page, asked = context.new_page(), []

    def answer(route: object) -> None:
        asked.append(time.perf_counter())
        route.fulfill(  # type: ignore[attr-defined]
            content_type="text/html",
            body=f"""<div data-live="t" data-kinds="*" data-from="/fragment" data-said="now {len(asked)}" id="it">
            <p id="number">{len(asked)}</p><details><summary>More</summary>text</details>
            <button id="act">Act</button><div id="wide" class="scroll" tabindex="0" aria-label="wide">
            <table><tr>{"<td>column</td>" * 100}</tr></table></div>
            <script>window.ran = 1</script><img src="/nothing" onerror="window.ran = 2"></div>""",
        )

    page.route("**/fragment", answer)
    page.goto(f"{served}/more")
    page.evaluate("""() => {
        const place = document.createElement("div");
        for (const [name, value] of [["live", "t"], ["kinds", "*"], ["from", "/fragment"]]) place.dataset[name] = value;
        document.querySelector("main").append(place);
    }""")
    page.wait_for_selector("#number")
    page.click("#it summary")
    page.focus("#act")
    page.evaluate("document.getElementById('wide').scrollLeft = 120")
    assert page.evaluate("document.getElementById('wide').scrollLeft") == 120
    seen = len(asked)
    _until(page, f"Number(document.getElementById('number').textContent) > {seen + 2}")
    assert page.evaluate("document.querySelector('#it details').open")
    assert page.evaluate("document.activeElement.id") == "act"
    assert page.evaluate("document.getElementById('wide').scrollLeft") == 120
    assert page.evaluate("document.getElementById('said').textContent").startswith("now ")
    assert page.evaluate("window.ran") is None
    apart = [later - earlier for earlier, later in pairwise(asked)]
    assert statistics.median(apart) > 0.3  # half a second; the clock that tells is not the page's


def test_a_tab_that_cannot_be_seen_holds_no_stream_and_looks_anew_when_it_is(
    context: BrowserContext, served: str
) -> None:
    page = context.new_page()
    ended: list[str] = []
    page.on("requestfailed", lambda one: ended.append(one.url))
    page.goto(f"{served}/more")
    before = len(_heard(page))
    hide = """(hidden) => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    page.wait_for_timeout(300)
    hidden = len(page.evaluate("heard"))
    page.wait_for_timeout(1500)
    assert len(page.evaluate("heard")) == hidden >= before
    page.evaluate(hide, False)
    indices = _heard(page, hidden + 3)
    assert indices == list(range(indices[0], indices[0] + len(indices)))


def test_a_lost_stream_is_told_with_since_when(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(extra_http_headers=as_("viewer"), timezone_id="Asia/Tokyo")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    with serving(tmp_path / "state") as address:
        page.goto(f"{address}/more")
        page.wait_for_timeout(1000)
        assert page.is_hidden("#live")
    page.wait_for_selector("#live:not([hidden])", timeout=15_000)
    assert page.inner_text("#live").startswith("Not live since ")
    assert not errors
    context.close()
