"""A newcomer's tasks by taps alone over the real Z-Wave driver: the page says what the locks keep and report."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterator

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from nightlatch.store.database import connect
from nightlatch.store.users import Session, UserRecords
from rigs.zwave.rig import ZwaveRig
from tests.rigs.guard import Guard, guarding, say
from tests.rigs.owner import Owner
from tests.rigs.test_acceptance_access_zwave import BACK, FRONT, HUB, SECURED, ZwaveHome
from tests.rigs.test_acceptance_guard_zwave import OPENED
from tests.rigs.web.test_first_run_in_a_browser import picture
from tests.rigs.web.test_newcomer import tap
from tests.rigs.web.test_sign_in_in_a_browser import with_passkeys
from tests.rigs.zwave import OTHER_PIN, SCHLAGE, YALE

pytestmark = [pytest.mark.rig, pytest.mark.timeout(420)]

LATEST_MS = 3000
"""From the lock's report to the screen."""
AT_LOCK_MS = 60_000
"""Within so long a lock takes a code and is read back, or is given up."""
FOREIGN_SLOT = 17
WATCH = """
([where, words]) => {
  const count = () => document.querySelector(where)?.textContent.split(words).length ?? 0;
  const before = count();
  window.seen = new Promise((resolve) => {
    const look = () => { if (count() > before) resolve(Date.now()); };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    setTimeout(() => resolve(Infinity), 10_000);
  });
}
"""


class Phone:
    """Somebody at the page: an owner by a passkey, who goes about by taps."""

    def __init__(self, page: Page, address: str, home: ZwaveHome) -> None:
        self.page, self.address, self.home = page, address, home
        self.asked: list[str] = []
        """Every path that was asked for, with its method."""
        page.on("request", lambda one: self.asked.append(f"{one.method} {one.url.removeprefix(address)}"))

    def begin(self) -> None:
        """Make the owner by what `nightlatch users setup` prints."""
        page = self.page
        page.goto(self.home.ask("users", "setup")["link"])
        tap(page, "button", "Go on")
        page.get_by_label("Your name").first.fill("Olga")
        page.get_by_label("User", exact=True).first.fill("olga")
        tap(page, "button", "Make a passkey")
        page.wait_for_url(f"{self.address}/", timeout=20_000)

    def go(self, name: str) -> None:
        """Tap a part of the app in its navigation."""
        self.page.locator("nav").get_by_role("link", name=re.compile(f"^{name}")).first.click()

    def latency(self, where: str, words: str, act: Callable[[], object]) -> float:
        """How long after something at the lock its words are within an element of the page, ms."""
        self.page.evaluate(WATCH, [where, words])
        begun = time.time() * 1000
        act()
        return float(self.page.evaluate("() => window.seen")) - begun

    def let_in(self, name: str) -> str:
        """Let somebody new in at the back door, in three steps; the PIN that the page shows."""
        page = self.page
        self.go("Access")
        tap(page, "link", "Let somebody in")
        page.get_by_label("Name").fill(name)
        tap(page, "button", "Next")
        page.get_by_label("Back door").check()
        tap(page, "button", "For 7 days")
        tap(page, "button", "See what it means")
        picture(page, f"zwave-{name}-meaning")
        tap(page, "button", "Give this access")
        expect(page.locator("#on-locks .badge")).to_have_text("on the lock", timeout=AT_LOCK_MS)
        tap(page, "button", "Show the code")
        pin = re.sub(r"\D", "", page.locator(".pin").first.inner_text())
        tap(page, "link", "Done: hide it")
        self.home.pins.append(pin)
        return pin

    def end(self) -> None:
        """On the page of somebody: end what they may open."""
        page = self.page
        page.locator("a.entry[href^='/access/grants/']").first.click()
        tap(page, "link", "End it now")
        tap(page, "button", "End it now")

    def person(self, name: str) -> None:
        """Go to the page of somebody."""
        self.go("Access")
        tap(self.page, "link", "^People")
        tap(self.page, "link", name)

    def aged(self) -> None:
        """Five minutes go by since a second factor was shown."""
        engine = connect(self.home.guard.state)
        try:
            with UserRecords(engine).begin() as book:
                for one in book.every(Session):
                    book.put(msgspec.structs.replace(one, fresh=one.made))
        finally:
            engine.dispose()
        self.page.wait_for_timeout(1_500)  # it is looked at each second


@pytest.fixture
def guard(owner: Owner, fresh_zwave_rig: Callable[..., ZwaveRig]) -> Iterator[tuple[Guard, ZwaveRig]]:
    rig = fresh_zwave_rig(YALE, SCHLAGE)
    for node in (YALE, SCHLAGE):
        rig.do("mode", node=node, mode=SECURED)
    with guarding(owner, FRONT + BACK + HUB.format(url=rig.url)) as made:
        yield made, rig


@pytest.fixture
def phone(guard: tuple[Guard, ZwaveRig], browser: Browser) -> Iterator[Phone]:
    made, rig = guard
    home = ZwaveHome(made, rig)
    address = made.status().address.replace("127.0.0.1", "localhost").rstrip("/")
    with browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce") as context:
        page = context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        with_passkeys(context, page)
        one = Phone(page, address, home)
        one.begin()
        yield one
        assert wrong == []
        assert not [asked for asked in one.asked if any(pin in asked for pin in home.pins)]
    home.searched()


def test_the_first_audit_is_at_home_and_unlocking_asks_who_it_is_and_ends_in_the_bolts_report(phone: Phone) -> None:
    page, rig = phone.page, phone.home.rig
    expect(page.locator("#posture")).to_contain_text(re.compile(r"\d"), timeout=30_000)
    picture(page, "zwave-home")
    phone.aged()
    phone.asked.clear()
    begun = time.monotonic()
    page.click("#unlock-lock-front")
    expect(page.locator("#door-front .stage")).to_contain_text("Unlocked: the bolt is retracted", timeout=20_000)
    say(f"unlock with step-up by passkey: {time.monotonic() - begun:.1f} s to the bolt's report")
    assert rig.state(YALE)["DoorLock_currentMode"] == OPENED
    acts = [one for one in phone.asked if one.startswith("POST")]
    unlock = "POST /api/doors/front/unlock"
    assert acts == [unlock, "POST /sign-in/again/options", "POST /sign-in/again/passkey", unlock]
    told = [(one.name, one.person) for one in phone.home.guard.events() if one.kind in ("act", "command")]
    assert ("step-up", "olga") in told
    page.click("#lock-lock-front")
    expect(page.locator("#door-front .stage")).to_contain_text("Locked: the bolt is thrown", timeout=20_000)
    assert rig.state(YALE)["DoorLock_currentMode"] == SECURED


def test_a_guests_code_is_in_the_locks_memory_as_the_page_says_opens_by_name_and_is_proven_gone(phone: Phone) -> None:
    page, home, rig = phone.page, phone.home, phone.home.rig
    begun = time.monotonic()
    pin = phone.let_in("Rosa")
    say(f"let in by taps to the code on the page: {time.monotonic() - begun:.1f} s")
    assert home.holds(SCHLAGE, (pin,)), "the page said that it is on the lock"
    phone.go("Home")
    took = []
    for _ in range(3):
        took.append(phone.latency("#door-back", "Rosa", lambda: rig.do("type", node=SCHLAGE, code=pin)))
        expect(page.locator("#door-back > .plain > li").last).to_contain_text("Rosa")
        used = home.guard.event(lambda one: one.kind == "unlocked" and one.about == "lock:back")
        assert used.person == "rosa"
        rig.do("mode", node=SCHLAGE, mode=SECURED)
        page.wait_for_timeout(2_000)
    say(f"a code typed to the guest's name on the screen: {', '.join(f'{one:.0f}' for one in took)} ms")
    picture(page, "zwave-used")
    phone.person("Rosa")
    phone.end()
    begun = time.monotonic()
    home.told("absent")
    say(f"end by taps to proven gone: {time.monotonic() - begun:.1f} s")
    assert not home.holds(SCHLAGE, (pin,))
    assert rig.do("type", node=SCHLAGE, code=pin)["slot"] is None
    phone.go("Access")
    tap(page, "link", "^Locks")
    tap(page, "link", "Back door lock")
    line = page.locator("li.line", has_text="Rosa")
    expect(line.locator(".badge")).to_have_text("gone")
    expect(line).to_contain_text("read")
    picture(page, "zwave-gone")


def test_a_code_set_behind_our_back_and_one_on_a_silent_lock_stand_first_until_they_are_gone(phone: Phone) -> None:
    page, home, rig = phone.page, phone.home, phone.home.rig
    phone.let_in("Bert")
    home.pins.append(OTHER_PIN)
    phone.go("Home")
    begun, at = time.monotonic(), time.time()
    rig.do("plant", node=SCHLAGE, slot=FOREIGN_SLOT, code=OTHER_PIN, report=True)
    home.told("foreign", at)
    expect(page.locator("#answer")).to_contain_text("1 code is on a lock that nobody explained", timeout=AT_LOCK_MS)
    say(f"a foreign code to the home page: {time.monotonic() - begun:.1f} s")
    tap(page, "link", "nobody explained")
    expect(page.locator("#doors .opener.loud")).to_contain_text("nobody explained it")
    expect(page.locator("#doors .opener.loud")).to_contain_text(f"slot {FOREIGN_SLOT}")
    picture(page, "zwave-foreign")

    rig.do("silent", node=SCHLAGE, value=True)
    phone.person("Bert")
    phone.end()
    begun = time.monotonic()
    phone.go("Home")
    exposed = "1 code that should be gone may still open a door"
    expect(page.locator("#answer")).to_contain_text(exposed, timeout=AT_LOCK_MS)
    say(f"ended on a silent lock to exposed on the home page: {time.monotonic() - begun:.1f} s")
    expect(page.locator("#door-back .loud")).to_contain_text("Bert")
    picture(page, "zwave-exposed")
    tap(page, "link", "should be gone")
    loud = page.locator("#doors .opener.loud", has_text="Bert")
    expect(loud).to_contain_text("should be gone")
    expect(loud).to_contain_text("By hand:")
    picture(page, "zwave-exposed-by-hand")
    phone.go("Home")
    begun = time.monotonic()
    rig.do("silent", node=SCHLAGE, value=False)
    rig.do("battery", node=SCHLAGE, level=90)
    expect(page.locator("#answer")).not_to_contain_text(exposed, timeout=AT_LOCK_MS)
    say(f"back to no longer exposed on the home page: {time.monotonic() - begun:.1f} s")
    assert set(home.memory(SCHLAGE).values()) & set(home.pins) == {OTHER_PIN}


def test_wrong_codes_are_on_the_screen_at_once_and_their_alert_is_seen_and_acknowledged(phone: Phone) -> None:
    page, rig = phone.page, phone.home.rig
    took = []
    for _ in range(5):
        page.wait_for_timeout(1_500)
        # Of two in one minute the words are the same: it is the time behind them that is new.
        page.evaluate(
            """() => {
              const last = () => document.querySelector("#door-front > .plain > li:last-child").innerHTML;
              const before = last();
              window.seen = new Promise((resolve) => {
                const look = () => { if (last() !== before && last().includes("wrong code")) resolve(Date.now()); };
                const all = { subtree: true, childList: true, characterData: true };
                new MutationObserver(look).observe(document.body, all);
                setTimeout(() => resolve(Infinity), 5_000);
              });
            }"""
        )
        begun = time.time() * 1000
        rig.do("notification", node=YALE, type=7, event=4)
        took.append(page.evaluate("() => window.seen") - begun)
    say(f"a wrong code on the screen: {', '.join(f'{one:.0f}' for one in took)} ms")
    assert statistics.median(took) < LATEST_MS
    expect(page.locator("#answer")).to_contain_text("alert", timeout=15_000)
    picture(page, "zwave-wrong-codes")
    page.locator("#answer a.need", has_text="open").first.click()
    card = page.locator("article.alert", has_text=re.compile("wrong code", re.IGNORECASE)).first
    picture(page, "zwave-alert")
    card.get_by_role("button", name="I see to it").click()
    expect(page.get_by_text(re.compile("Somebody sees to (it|these)")).first).to_be_visible()
    phone.go("Home")
    expect(page.locator("#answer")).not_to_contain_text("alert is open")
    told = [(one.value, one.person) for one in phone.home.guard.events() if one.kind == "alert"]
    assert ("acknowledged", "olga") in told, told
