"""Signing in, in a real Chromium with a virtual authenticator, to the real `nightlatch run`."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.unit.web.conftest import HOME

PASSWORD = "seven quiet herons by the lamp"
PICTURES = os.environ.get("PICTURES")
SECURE = "document.documentElement.scrollWidth <= window.innerWidth"


class Running:
    """A Nightlatch with a home and without users."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (folder / "nightlatch.toml").write_text(HOME.replace("port = 0", f"port = {self.port}"))
        self.env = os.environ | {
            "NIGHTLATCH_CONFIG": str(folder / "nightlatch.toml"),
            "NIGHTLATCH_STATE": str(folder / "state"),
        }
        self.address = f"http://localhost:{self.port}"
        self.secret, self.last = "", ""
        """Of the owner's app, once it is set up: its secret, and the code that was used last."""
        self.codes: list[str] = []
        """The owner's recovery codes."""

    def command(self, *words: str) -> Any:
        """What a command beside it prints as JSON."""
        line = [sys.executable, "-m", "nightlatch", *words, "--format", "json"]
        done = subprocess.run(line, env=self.env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Runs until the tests end."""
    folder = tmp_path_factory.mktemp("signin")
    made = Running(folder)
    line = [sys.executable, "-m", "nightlatch", "run"]
    with (folder / "log").open("w") as log, subprocess.Popen(line, env=made.env, stderr=log) as process:
        until = time.monotonic() + 60
        while not made.answers() and time.monotonic() < until and process.poll() is None:
            time.sleep(0.1)
        assert made.answers(), (folder / "log").read_text()
        yield made
        process.terminate()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce") as made:
        yield made


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which nothing may break."""
    made, wrong = context.new_page(), list[str]()
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
    yield made
    assert wrong == []


def with_passkeys(context: BrowserContext, page: Page) -> None:
    """Give the browser an authenticator that says yes."""
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        **{"protocol": "ctap2", "transport": "internal", "hasResidentKey": True},
        **{"hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True},
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def at(page: Page, path: str) -> None:
    page.wait_for_url(lambda url: urlsplit(url).path == path, timeout=20_000)
    page.wait_for_load_state()
    assert page.evaluate(SECURE), f"{path} is wider than the screen"


def picture(page: Page, name: str) -> None:
    """A picture, where somebody wants to look."""
    if not PICTURES:
        return
    for width in (390, 1280):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{scheme}.png", full_page=True)
    page.set_viewport_size({"width": 390, "height": 844})


def code_of(secret: str, after: str = "") -> str:
    """The next code of an app that is not `after`: each is good once."""
    while (code := pyotp.TOTP(secret).now()) == after:
        time.sleep(0.5)
    return code


def by_password(page: Page, name: str, password: str, code: str) -> None:
    page.get_by_label("User", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.mark.timeout(240)
def test_a_passkey_makes_the_owner_signs_in_and_confirms(running: Running, context: BrowserContext, page: Page) -> None:
    with_passkeys(context, page)
    link = running.command("users", "setup")["link"]
    page.goto(f"{running.address}/sign-in/new#{link.partition('#')[2]}")
    assert "#" not in page.url, "the code does not stay in the address"
    page.get_by_role("button", name="Go on").click()
    picture(page, "ways")
    page.get_by_label("Your name").first.fill("Rosa Lund")
    page.get_by_label("User", exact=True).first.fill("rosa")
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_url(lambda url: urlsplit(url).path != "/sign-in/new", timeout=20_000)
    page.goto(f"{running.address}/settings/me")
    expect(page.get_by_role("heading", name="Rosa Lund")).to_be_visible()
    picture(page, "me")
    page.get_by_role("button", name="Sign out").click()
    at(page, "/sign-in")
    picture(page, "sign-in")
    page.goto(f"{running.address}/sign-in?next=/settings/users")
    page.get_by_role("button", name="Sign in with a passkey").click()
    at(page, "/settings/users")
    picture(page, "users")
    # Another way in, for the tests that follow: a password, an app and recovery codes.
    page.goto(f"{running.address}/settings/me/password")
    secret = page.locator("code.secret").text_content()
    assert secret is not None
    running.secret = secret.replace(" ", "")
    picture(page, "password")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    running.last = code_of(running.secret)
    page.get_by_label("Code of the app").fill(running.last)
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("heading", name="Keep these recovery codes")).to_be_visible()
    running.codes = page.locator(".codes code").all_text_contents()
    picture(page, "codes")
    assert len(running.codes) == 10
    # Confirming in place, as the pages' scripts do: nothing is left to be seen of it.
    static = page.locator("link[href$='base.css']").get_attribute("href") or ""
    script = static.replace("base.css", "passkeys.js")
    assert page.evaluate(f"import('{script}').then((it) => it.freshen())") is True


@pytest.mark.timeout(240)
def test_password_and_app_sign_in_and_a_recovery_code_stands_in_once(
    running: Running, page: Page, browser: Browser
) -> None:
    page.goto(f"{running.address}/sign-in")
    secret, last, codes = running.secret, running.last, running.codes
    running.last = code_of(secret, last)
    by_password(page, "rosa", PASSWORD, running.last)
    page.wait_for_url(lambda url: urlsplit(url).path != "/sign-in", timeout=20_000)
    page.context.clear_cookies()
    page.goto(f"{running.address}/sign-in?next=/settings/me")
    by_password(page, "rosa", PASSWORD, codes[0])
    at(page, "/settings/me")
    expect(page.get_by_text("9 recovery codes are left")).to_be_visible()
    page.context.clear_cookies()
    page.goto(f"{running.address}/sign-in")
    by_password(page, "rosa", PASSWORD, codes[0])
    expect(page.get_by_role("alert").first).to_contain_text("Name, password and code do not belong together")


@pytest.mark.timeout(240)
def test_wrong_tries_lock_out_and_a_reset_at_the_machine_lets_in_again(running: Running, page: Page) -> None:
    page.goto(f"{running.address}/sign-in")
    for _ in range(12):
        by_password(page, "rosa", "wrong", "000000")
        problem = page.get_by_role("alert").first
        expect(problem).to_be_visible()
        if "too many wrong tries" in (problem.text_content() or ""):
            break
    expect(problem).to_contain_text("nightlatch users reset NAME")
    picture(page, "locked-out")
    link = running.command("users", "reset", "rosa", "--yes")["link"]
    assert link.startswith(running.address)
    page.goto("about:blank")
    page.goto(link)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="A new way in for Rosa Lund")).to_be_visible()
    page.get_by_text("With a password and an authenticator app").click()
    page.get_by_text("I cannot take the picture").click()
    secret = (page.locator("code.secret").text_content() or "").replace(" ", "")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Code of the app").fill(code_of(secret))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Keep these recovery codes")).to_be_visible()
    page.goto(f"{running.address}/settings/me")
    expect(page.get_by_role("heading", name="Rosa Lund")).to_be_visible()


def test_by_an_address_passkeys_are_not_offered_and_the_name_is(running: Running, page: Page) -> None:
    page.goto(f"http://127.0.0.1:{running.port}/sign-in")
    expect(page.get_by_text("Passkeys are bound to a name")).to_be_visible()
    page.get_by_role("link", name=re.compile("localhost")).click()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_visible()
    assert urlsplit(page.url).hostname == "localhost"
