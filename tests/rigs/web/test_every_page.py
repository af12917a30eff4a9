"""Every page that a link leads to, in a real browser: found by following links from the first one."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.rigs.web.conftest import as_

MOST_ALIKE = 2
"""How many pages of one shape are looked at: one person's page is as the next."""
GONE = 404
PICTURES = os.environ.get("PICTURES")
"""A folder for pictures of every page, where somebody wants to look at them."""
FILES = (".pdf", ".md", ".json", ".jsonl", ".csv", ".crt", ".html", ".zip", ".ics", ".tlog", ".png")


def shape(url: str) -> str:
    """What pages of one kind have in common in their address."""
    parts = urlsplit(url)
    path = re.sub(
        r"/(\d+|[\w.\-]*(?:door|lock|hub|person|router|home)(?::|%3A)[^/]*|[gfc]-?[0-9a-z]{4,})(?=/|$)",
        "/…",
        parts.path,
    )
    path = re.sub(r"^(/posture/(?:findings|practices)|/settings/(?:sources/new|privacy/erase))/.*", r"\1/…", path)
    path = re.sub(
        r"^(/access/people|/doors|/access/locks|/access/grants|/alerts/detections)/(?!new)[^/]+", r"\1/…", path
    )
    path = re.sub(r"^(/settings/(?:sources/new|sources(?!/new)|privacy/erase|doors))/[^/]+", r"\1/…", path)
    query = "?" + "&".join(sorted(pair.partition("=")[0] for pair in parts.query.split("&"))) if parts.query else ""
    return path + query


def links(page: Page, url: str = "") -> list[str]:
    """Where the links of a page lead, of the one that is shown or of another."""
    if url:
        page.goto(url)
    hrefs = page.eval_on_selector_all("a[href]:not([download])", "all => all.map(a => a.getAttribute('href'))")
    return [urljoin(page.url, href).partition("#")[0] for href in hrefs]


def found(page: Page, start: str) -> list[str]:
    """The addresses of every page, by following links; a few of each shape."""
    seen, shapes, todo, pages = {start}, Counter[str](), [(start, "")], []
    while todo:
        url, on = todo.pop(0)
        if shapes[shape(url)] >= MOST_ALIKE:
            continue
        shapes[shape(url)] += 1
        answer = page.goto(url)
        assert answer is not None
        if answer.status == GONE:
            # The home goes on meanwhile: what is gone by now must not be linked to by now.
            assert url not in links(page, on), f"{on} leads to {url}, and nothing is there"
            continue
        assert answer.status == 200, f"{url}: {answer.status}"
        pages.append(url)
        for to in links(page):
            if to.startswith(start) and to not in seen and not urlsplit(to).path.endswith(FILES) and "/api/" not in to:
                seen.add(to)
                todo.append((to, url))
    return pages


def signed_in(browser: Browser, role: str, width: int, scheme: str) -> BrowserContext:
    return browser.new_context(
        viewport={"width": width, "height": 844},
        color_scheme=scheme,  # type: ignore[arg-type]
        extra_http_headers=as_(role),
        reduced_motion="reduce",
    )


@pytest.fixture(scope="module")
def every(browser: Browser, served: str) -> list[str]:
    with signed_in(browser, "owner", 1280, "light") as context:
        return found(context.new_page(), served + "/")


def test_links_lead_to_every_area(every: list[str]) -> None:
    paths = {urlsplit(url).path for url in every}
    assert paths >= {"/", "/access", "/journal", "/alerts", "/posture", "/emergency", "/settings"}


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_no_page_breaks_a_rule_of_accessibility(
    browser: Browser, served: str, every: list[str], width: int, scheme: str
) -> None:
    broken: dict[str, list[str]] = {}
    with signed_in(browser, "owner", width, scheme) as context:
        page = context.new_page()
        for url in every:
            page.goto(url)
            page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
            for rule in Axe().run(page).response["violations"]:
                where = f"{urlsplit(url).path}: {rule['nodes'][0]['html'][:160]}"
                broken.setdefault(f"{rule['id']} ({rule['help']})", []).append(where)
    assert not broken, broken


@pytest.mark.timeout(1200)
def test_every_page_fits_every_screen_asks_nobody_else_and_breaks_nothing(
    browser: Browser, served: str, every: list[str]
) -> None:
    wrong: list[str] = []
    told: list[str] = []
    with signed_in(browser, "owner", 1280, "light") as context:
        page = context.new_page()
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith(served) else told.append(request.url))
        for url in every:
            answer = page.goto(url)
            assert answer is not None
            if answer.status == GONE:
                told.clear()
                continue
            for width in (320, 390, 1280, 2560):
                page.set_viewport_size({"width": width, "height": 844})
                wide = page.evaluate("document.documentElement.scrollWidth")
                if wide > width:
                    wrong.append(f"{url} is {wide} wide on {width}")
                if PICTURES and width in (390, 1280):
                    name = re.sub(r"\W+", "-", url.removeprefix(served)).strip("-") or "home"
                    for scheme in ("light", "dark"):
                        page.emulate_media(color_scheme=scheme)
                        page.screenshot(path=Path(PICTURES) / f"{name[:60]}-{width}-{scheme}.png", full_page=True)
            wrong += [f"{url}: {one}" for one in told]
            told.clear()
    assert not wrong, wrong


def test_every_page_can_be_read_without_a_script(browser: Browser, served: str, every: list[str]) -> None:
    with browser.new_context(java_script_enabled=False, extra_http_headers=as_("owner")) as context:
        page = context.new_page()
        for url in every:
            page.goto(url)
            text = page.locator("main").inner_text()
            assert len(text) > 20, url
            assert page.locator("h1").count() == 1, url


@pytest.mark.parametrize("role", ["resident", "viewer"])
def test_links_lead_nobody_to_where_they_may_not_go(browser: Browser, served: str, role: str) -> None:
    with signed_in(browser, role, 390, "light") as context:
        assert found(context.new_page(), served + "/")
