"""What a first visit costs a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.rigs.web.conftest import as_

BUDGET = 60_000
"""Bytes, over the wire, of the first page and all that it asks for."""


@pytest.mark.parametrize("path", ["/", "/access", "/journal", "/alerts", "/posture"])
def test_the_first_page_and_all_that_it_asks_for_stays_within_60_kb(browser: Browser, served: str, path: str) -> None:
    with browser.new_context(extra_http_headers=as_("owner"), viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        weights: dict[str, float] = {}
        names: dict[str, str] = {}
        network.on(
            "Network.requestWillBeSent", lambda told: names.__setitem__(told["requestId"], told["request"]["url"])
        )
        network.on(
            "Network.loadingFinished", lambda told: weights.__setitem__(told["requestId"], told["encodedDataLength"])
        )
        page.goto(served + path)
        page.wait_for_timeout(1500)
        found = sorted(((weights[id_], names[id_]) for id_ in weights), reverse=True)
        assert any(name.endswith(path) for _, name in found), "nothing was measured"
        assert sum(weights.values()) < BUDGET, found
