"""The card for guests in a real browser: loads nothing, fits a phone, and is one small page on paper."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from nightlatch.access.handout import Card, Key, html
from nightlatch.access.handout.card import Way
from nightlatch.secrets import Secret
from rigs.launch import install_debian

CARD = Card(
    "Birch Lane",
    "Ana Silva",
    (Key(Secret("319790"), (Way("Front door", ("Mon-Fri 09:00-12:00, until Sun 13 Dec 2026 09:00, 3 uses",)),)),),
)
LONG = Card("B" * 200, "A" * 200, (Key(Secret("3197904281"), (Way("D" * 200, ("at any time, without an end",)),)),))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    install_debian("chromium", there=shutil.which("chromium") is not None)
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        running = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        yield running
        running.close()


@pytest.mark.parametrize("card", [CARD, LONG], ids=["usual", "long"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_card_fits_the_screen_and_asks_for_nothing(
    browser: Browser, tmp_path: Path, card: Card, width: int
) -> None:
    (tmp_path / "card.html").write_bytes(html(card))
    page = browser.new_page(viewport={"width": width, "height": 800})
    told: list[str] = []
    page.on("request", lambda request: told.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.goto((tmp_path / "card.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator(".qr svg").bounding_box()
    assert box is not None
    assert box["width"] == pytest.approx(box["height"])
    assert box["width"] > 150
    assert page.locator(".code").evaluate("e => e.scrollWidth <= e.clientWidth")
    assert told == [(tmp_path / "card.html").as_uri()]
    page.close()


def test_the_card_is_one_page_of_a6(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "card.html").write_bytes(html(CARD))
    page = browser.new_page()
    page.goto((tmp_path / "card.html").as_uri())
    data = page.pdf(prefer_css_page_size=True)
    page.close()
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 1
    (left, bottom, right, top), *_ = (
        tuple(float(one) for one in box.split()) for box in re.findall(rb"/MediaBox\s*\[([^\]]+)\]", data)
    )
    assert (right - left, top - bottom) == pytest.approx((297.6, 419.5), abs=1.5)
