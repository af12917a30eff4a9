"""What `make run` gives a newcomer: from the link that it prints to a guest's code, given and revoked."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.rigs.web.test_first_run_in_a_browser import picture, with_passkeys

DECIDED_MS = 30_000
"""Within so long a lock of the demo takes a code, or gives it up."""


class Demo:
    """The demo, as the Makefile starts it."""

    def __init__(self, folder: Path) -> None:
        self.env = os.environ | {
            "NIGHTLATCH_STATE": str(folder / "demo"),
            "NIGHTLATCH_CONFIG": str(folder / "demo.toml"),
        }
        self.log = folder / "log"

    def command(self, *words: str) -> str:
        """What a command says in another terminal."""
        line = [sys.executable, "-m", "nightlatch", *words]
        return subprocess.run(line, env=self.env, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Runs until the test ends."""
    made = Demo(tmp_path)
    line = [sys.executable, "-m", "nightlatch", "run", "--demo", "--pace", "30"]
    with made.log.open("w") as log, subprocess.Popen(line, env=made.env, stdout=log, stderr=log) as process:
        until = time.monotonic() + 30
        while "standing guard" not in made.log.read_text() and time.monotonic() < until:
            assert process.poll() is None, made.log.read_text()
            time.sleep(0.1)
        yield made
        process.terminate()


def tap(page: Page, role: str, name: str) -> None:
    """Tap what is called so."""
    page.get_by_role(role, name=re.compile(name)).first.click()  # type: ignore[arg-type]


@pytest.mark.timeout(240)
def test_a_newcomer_lets_a_guest_in_and_out_again(browser: Browser, demo: Demo) -> None:
    link = json.loads(demo.command("users", "setup", "--format", "json"))["link"]
    assert re.match(r"http://localhost:\d+/first-run#\w{4}-\w{4}$", link)
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        told: list[str] = []
        page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
        with_passkeys(context, page)
        page.goto(link)
        assert "#" not in page.url, "the code stays in the address"
        picture(page, "newcomer-1-welcome")
        tap(page, "button", "Go on")
        page.get_by_label("Your name").first.fill("Ana")
        page.get_by_label("User", exact=True).first.fill("ana")
        picture(page, "newcomer-2-owner")
        tap(page, "button", "Make a passkey")
        expect(page.get_by_role("heading", level=1)).to_have_text(
            re.compile("need|secure", re.IGNORECASE), timeout=15_000
        )
        picture(page, "newcomer-3-home")

        tap(page, "link", "^Access")
        tap(page, "link", "Let somebody in")
        page.get_by_label("Name").fill("Rosa")
        tap(page, "button", "Next")
        page.get_by_label("Front door").check()
        picture(page, "newcomer-4-when")
        tap(page, "button", "For 7 days")
        if page.get_by_role("button", name=re.compile("See what it means")).count():
            tap(page, "button", "See what it means")
        picture(page, "newcomer-5-meaning")
        tap(page, "button", "Give this access")
        expect(page.get_by_text(re.compile("on the lock")).first).to_be_visible(timeout=DECIDED_MS)
        picture(page, "newcomer-6-on-the-lock")

        tap(page, "button", "Show the code")
        shown = page.locator("main").inner_text()
        code = re.search(r"\b(\d[\d\s]{2,10}\d)\b", shown)
        assert code, shown
        pin = re.sub(r"\s", "", code[1])
        assert pin not in page.url
        picture(page, "newcomer-7-code")

        page.goto(page.url.split("/access")[0] + "/access/people")
        tap(page, "link", "Rosa")
        page.locator("a.entry[href^='/access/grants/']").first.click()
        tap(page, "link", "End")
        picture(page, "newcomer-8-end")
        tap(page, "button", "End")
        page.goto(page.url.split("/access")[0] + "/access/people")
        page.get_by_text("Rosa").first.click()
        expect(page.get_by_text(re.compile("gone|No lock has a code")).first).to_be_visible(timeout=DECIDED_MS)
        picture(page, "newcomer-9-gone")
        assert not told, told
    story = demo.command("journal", "show", "--format", "json", "--limit", "400")
    acts = set(re.findall(r'"name": *"([a-z-]+)"', story))
    assert acts & {"sign-in", "user-added", "owner-made", "user-entered"}, acts
    assert pin not in demo.log.read_text()
