"""From nothing to a first audit in a real browser: the real `nightlatch run` without any configuration."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

BEGIN = """
import sys
from nightlatch.configuration import draft
draft.HEAD += "[service]\\nport = " + sys.argv.pop(1) + "\\n\\n"
from nightlatch.cli import main
sys.exit(main())
"""
"""The real command; only the file that it begins names a port that nobody else has on this machine."""
PICTURES = os.environ.get("PICTURES")
LONGEST_S = 120
"""The whole way, with what the machine needs: what is promised."""
MOST_TAPS = 25


class Begun:
    """A Nightlatch that was started with nothing."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "config" / "nightlatch" / "nightlatch.toml"
        self.env = os.environ | {
            "XDG_CONFIG_HOME": str(folder / "config"),
            "NIGHTLATCH_STATE": str(folder / "state"),
            "TZ": "UTC",
        }
        self.env.pop("NIGHTLATCH_CONFIG", None)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command beside it."""
        line = [sys.executable, "-m", "nightlatch", *words]
        return subprocess.run(line, env=self.env, capture_output=True, text=True, timeout=60, check=False)

    def link(self) -> str:
        """Where the first owner is made."""
        done = self.command("users", "setup", "--format", "json")
        assert done.returncode == 0, done.stderr
        return str(json.loads(done.stdout)["link"])


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Begun]:
    """Runs until the test ends."""
    made = Begun(tmp_path)
    line = [sys.executable, "-c", BEGIN, str(made.port), "run"]
    with (tmp_path / "log").open("w") as log, subprocess.Popen(line, env=made.env, stderr=log) as process:
        until = time.monotonic() + 60
        while not listening(made.port) and time.monotonic() < until and process.poll() is None:
            time.sleep(0.1)
        assert listening(made.port), (tmp_path / "log").read_text()
        yield made
        process.terminate()


def picture(page: Page, name: str) -> None:
    """A picture of every width and both schemes, where somebody wants to look."""
    if not PICTURES:
        return
    before = page.viewport_size
    for width in (320, 390, 1280):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{scheme}.png", full_page=True)
    assert before is not None
    page.set_viewport_size(before)


def with_passkeys(context: BrowserContext, page: Page) -> None:
    """Give the browser an authenticator that says yes."""
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


class Thumb:
    """Taps as a person would, counts, and looks that no page is too wide."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = 0

    def tap(self, role: str, name: str) -> None:
        self.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]
        self.taps += 1

    def at(self, path: str, name: str = "") -> None:
        """Wait until a page is there, whatever waits in between."""
        self.page.wait_for_url(lambda url: urlsplit(url).path == path, timeout=30_000)
        self.page.wait_for_load_state()
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self.page.viewport_size["width"]  # type: ignore[index]
        if name:
            picture(self.page, name)


@pytest.mark.timeout(300)
def test_a_newcomer_comes_from_nothing_to_a_first_audit_within_two_minutes(begun: Begun, browser: Browser) -> None:
    assert begun.config.is_file(), "an empty configuration is begun"
    link = begun.link()
    with browser.new_context(
        viewport={"width": 390, "height": 844}, timezone_id="Europe/Berlin", reduced_motion="reduce"
    ) as context:
        page = context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request",
            lambda request: (
                None if "//localhost:" in request.url or request.url == "about:blank" else wrong.append(request.url)
            ),
        )
        with_passkeys(context, page)
        thumb = Thumb(page)
        page.goto(f"http://localhost:{begun.port}/posture")
        assert urlsplit(page.url).path == "/first-run", "every page leads to the first one"
        start = time.monotonic()
        page.goto("about:blank")
        page.goto(link)
        expect(page.locator("[name=code]")).to_have_value(re.compile("...."))
        assert "#" not in page.url
        picture(page, "1-welcome")
        thumb.tap("button", "Go on")
        page.get_by_label("Your name").first.fill("Ana Silva")
        page.get_by_label("User", exact=True).first.fill("ana")
        picture(page, "2-owner")
        thumb.tap("button", "Make a passkey")

        thumb.at("/first-run/home", "3-home")
        assert page.get_by_label("Which time is it there?").input_value() == "Europe/Berlin"
        page.get_by_label("What do you call it?").fill("Elm Street")
        thumb.tap("button", "Go on")
        thumb.at("/first-run/find", "4-find")
        page.get_by_text("Look again").wait_for(timeout=30_000)
        picture(page, "4-found")
        page.get_by_text("Others", exact=True).click()
        thumb.taps += 1
        thumb.tap("link", "A simulated home")
        thumb.at("/settings/sources/new/simulated", "5-source")
        page.get_by_label("Doors").fill("front, back")
        thumb.tap("button", "Try and add")
        thumb.at("/first-run/find", "6-added")
        page.reload()
        assert page.get_by_text("added").first.is_visible(), "nothing is lost by looking again"

        # Somebody goes away here, and comes back by the address alone.
        page.goto(f"http://localhost:{begun.port}/first-run")
        thumb.at("/first-run/find")
        thumb.tap("link", "Go on")
        thumb.at("/first-run/doors")
        page.get_by_role("button", name="Go on").wait_for(timeout=60_000)
        picture(page, "7-doors")
        thumb.tap("button", "Go on")
        thumb.at("/first-run/questions")
        page.locator("form.question").first.wait_for(timeout=60_000)
        picture(page, "8-questions")
        question = page.locator("form.question").filter(has=page.get_by_role("radio")).first
        question.get_by_role("radio").first.check()
        thumb.taps += 1
        question.get_by_role("button").first.click()
        thumb.taps += 1
        thumb.at("/first-run/questions")
        thumb.tap("link", "See the result")
        thumb.at("/first-run/audit", "9-auditing")
        page.get_by_text("Score").first.wait_for(timeout=60_000)
        picture(page, "9-result")
        took = time.monotonic() - start
        thumb.tap("button", "To your home")
        thumb.at("/", "10-home")
        assert not wrong, wrong
    print(f"first run: {took:.1f} s, {thumb.taps} taps")  # noqa: T201  # what the closing note tells
    assert took < LONGEST_S
    assert thumb.taps <= MOST_TAPS
    made = tomllib.loads(begun.config.read_text())
    assert made["home"] == {"name": "Elm Street", "timezone": "Europe/Berlin"}
    assert len(made["doors"]) == len(made["locks"]) == 2
    assert len(made["answers"]) == 1
    assert "# More sources" in begun.config.read_text(), "what the file explains stays"
    status = json.loads(begun.command("status", "--format", "json").stdout)
    assert {one["door"] for one in status["locks"]} == {one["name"] for one in made["doors"]}


def test_a_configuration_that_is_named_and_missing_is_an_error(tmp_path: Path) -> None:
    begun = Begun(tmp_path)
    done = begun.command("run", "--config", str(tmp_path / "none.toml"))
    assert done.returncode == 2
    assert "there is no configuration" in done.stderr
    begun.env["NIGHTLATCH_CONFIG"] = str(tmp_path / "none.toml")
    assert begun.command("run").returncode == 2
    assert not (tmp_path / "none.toml").exists()
    assert not begun.config.exists()
