"""The page of the doors over the real Z-Wave driver, in a real browser: what the lock reports is what it shows."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from rigs.zwave.rig import ZwaveRig
from tests.rigs.guard import say
from tests.rigs.test_acceptance_guard_zwave import HOUSE, OPENED, SECURED
from tests.rigs.web.conftest import as_
from tests.rigs.zwave import YALE

pytestmark = pytest.mark.rig

LATEST_MS = 3000
"""From the lock's report to the screen."""
WATCH = """
(words) => {
  const last = () => document.querySelector("#door-front > .plain > li:last-child").innerHTML;
  const before = last();
  window.seen = new Promise((resolve) => {
    const look = () => { if (last() !== before && last().includes(words)) resolve(Date.now()); };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    setTimeout(() => resolve(Infinity), 5_000);
  });
}
"""
"""The last event of the card is told to the second: a later one of the same kind is another."""
STEPS = """
() => {
  window.steps = [];
  new MutationObserver(() => {
    const text = document.querySelector("#door-front .stage span, #door-front p.stage")?.textContent.trim();
    if (text && !window.steps.some((one) => text.startsWith(one.slice(0, 12)))) window.steps.push(text);
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}
"""


@pytest.fixture(scope="module")
def address(zwave_rig: ZwaveRig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    zwave_rig.do("mode", node=YALE, mode=SECURED)
    folder = tmp_path_factory.mktemp("doors")
    file = folder / "nightlatch.toml"
    home, _, _ = HOUSE.format(url=zwave_rig.url).partition("[[alerts.notices]]")
    file.write_text(f'[home]\nname = "Elm"\ntimezone = "Europe/Berlin"\n[service]\nport = 0\n{home}')
    command = [sys.executable, "-m", "tests.rigs.web.guarded", str(file), str(folder / "state")]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process:
        assert process.stdout is not None
        said = process.stdout.readline().decode().strip()
        assert said, Path(log.name).read_text()[-3000:]
        yield said.replace("127.0.0.1", "localhost")
        process.terminate()


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, extra_http_headers=as_("owner"))
    opened = context.new_page()
    opened.goto(f"{address}/")
    opened.evaluate(STEPS)
    yield opened
    context.close()


def progress(page: Page) -> dict[str, Any]:
    (found,) = page.evaluate("async () => (await fetch('/api/doors/front/progress')).json()")
    return dict(found)


def test_unlocking_from_the_page_ends_in_what_the_bolt_reports(page: Page, zwave_rig: ZwaveRig) -> None:
    zwave_rig.do("mode", node=YALE, mode=SECURED)
    for act, done, told in (
        ("unlock", "Unlocked: the bolt is retracted", OPENED),
        ("lock", "Locked: the bolt is thrown", SECURED),
    ):
        begun = time.monotonic()
        page.click(f"#{act}-lock-front")
        expect(page.locator("#door-front .stage")).to_contain_text(done, timeout=20_000)
        say(f"{act} from the page: {time.monotonic() - begun:.1f} s to the bolt's report")
        ended = progress(page)
        assert (ended["step"], ended["does"]) == ("done", act)
        assert "Door Lock boltStatus" in ended["evidence"]
        assert zwave_rig.state(YALE)["DoorLock_currentMode"] == told
    steps = page.evaluate("() => window.steps")
    say(f"steps on the page: {steps}")
    assert steps[0].startswith("Asked")
    assert any(one.startswith(("The lock is at it", "The hub passed it on", "Sent")) for one in steps)


def test_a_jam_ends_in_an_honest_failure(page: Page, zwave_rig: ZwaveRig) -> None:
    zwave_rig.do("mode", node=YALE, mode=OPENED)
    expect(page.locator("#door-front .badge").first).to_have_text("Unlocked")
    zwave_rig.do("fault", node=YALE, fault="jam", value=True)
    try:
        page.click("#lock-lock-front")
        expect(page.locator("#door-front .stage")).to_contain_text("The bolt jammed", timeout=30_000)
        expect(page.locator("#door-front .badge").first).to_have_text("Jammed")
        expect(page.locator("#answer")).to_contain_text("The bolt of Front door is jammed")
        assert progress(page)["step"] == "jammed"
        assert not page.locator("#door-front", has_text="the bolt is thrown").count()
    finally:
        zwave_rig.do("fault", node=YALE, fault="jam", value=False)
        zwave_rig.do("notification", node=YALE, type=6, event=0)
        zwave_rig.do("mode", node=YALE, mode=SECURED)


def test_a_wrong_code_is_on_the_screen_at_once(page: Page, zwave_rig: ZwaveRig) -> None:
    took = []
    for _ in range(5):
        page.wait_for_timeout(1_500)
        page.evaluate(WATCH, "wrong code")
        begun = time.time() * 1000
        zwave_rig.do("notification", node=YALE, type=7, event=4)
        took.append(page.evaluate("() => window.seen") - begun)
    say(f"a wrong code on the screen: {', '.join(f'{one:.0f}' for one in took)} ms")
    assert statistics.median(took) < LATEST_MS
