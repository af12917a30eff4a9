"""The HTML report in a real browser: loads nothing, fits every screen, works by keyboard, opens on paper."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from rigs.launch import install_debian
from tests.rigs.web.conftest import FLAGS


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    install_debian("chromium", there=shutil.which("chromium") is not None)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    # In a process of its own: the browser's driver occupies this one's event loop.
    command = [sys.executable, "-m", "nightlatch", "audit", "--sample", "--output", str(path), "--fail-on", "never"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return path


def opened(browser: Browser, report: Path, width: int = 390, **options: object) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 844}, **options)  # type: ignore[arg-type]
    told: list[str] = []
    page.on("request", lambda request: told.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.goto(report.as_uri())
    return page, told


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280, 2560])
def test_the_report_fits_the_screen_and_asks_for_nothing(
    browser: Browser, report: Path, width: int, scheme: str
) -> None:
    page, told = opened(browser, report, width, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert told == [report.as_uri()]
    page.close()


def test_every_finding_opens_by_keyboard_to_how_it_is_known(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report)
    first = page.locator("details.finding.v-fail > summary").first
    first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details.finding.v-fail").first.get_by_text("How we know").is_visible()
    page.close()


def test_the_filter_shows_what_it_says(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report)
    page.get_by_text("Failed", exact=True).click()
    assert page.locator("details.finding:visible").count() == page.locator("details.finding.v-fail").count() > 0
    page.get_by_text("Everything", exact=True).click()
    assert page.locator("details.finding:visible").count() == page.locator("details.finding").count()
    page.close()


def test_on_paper_every_finding_is_open(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report)
    page.emulate_media(media="print")
    assert page.get_by_text("How we know").last.is_visible()
    page.close()


CONTRAST = """() => {
  const parse = text => text.match(/[\\d.]+/g).slice(0, 4).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = node => { for (; node; node = node.parentElement) {
    const colour = parse(getComputedStyle(node).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour; } return [255, 255, 255]; };
  return [...document.querySelectorAll('body *')]
    .filter(node => [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim()))
    .filter(node => node.checkVisibility() && !node.closest('svg') && !node.classList.contains('skip'))
    .map(node => { const a = light(parse(getComputedStyle(node).color)), b = light(ground(node));
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), node.className || node.tagName]; })
    .filter(([ratio]) => ratio < 4.5);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_that_wcag_aa_asks_for(browser: Browser, report: Path, scheme: str) -> None:
    page, _ = opened(browser, report, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
    assert page.evaluate(CONTRAST) == []
    page.close()
