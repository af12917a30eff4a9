"""Every page of a home whose locks, hubs, guests and files are called what a browser would run."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.rigs.web.conftest import as_
from tests.rigs.web.test_every_page import found


@pytest.mark.timeout(600)
def test_no_text_from_outside_becomes_part_of_a_page(browser: Browser, hostile: str) -> None:
    ran: list[str] = []
    wrong: list[str] = []
    shown = 0
    with browser.new_context(extra_http_headers=as_("owner"), viewport={"width": 390, "height": 844}) as context:
        context.expose_function("pwned", lambda: ran.append("a script ran"))
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text) if "Content Security" in message.text else None)
        page.on("request", lambda request: wrong.append(request.url) if request.url.endswith("/x") else None)
        for url in found(page, hostile + "/"):
            page.goto(url)
            page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
            html = page.content()
            shown += "onerror=pwned()" in html
            if page.locator("#planted, img[src=x], a[href^='javascript:']").count():
                wrong.append(f"{url}: an element was made of a text")
            if page.get_by_text("49", exact=True).locator("xpath=ancestor-or-self::*[contains(., 'planted')]").count():
                wrong.append(f"{url}: a template was made of a text")
    assert shown >= 5, "hardly a page showed any of it"
    assert not ran
    assert not wrong, wrong
