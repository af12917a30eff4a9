"""The tasks of the web app by keys alone, on a phone, where the areas are a bar that could hide what is focused."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.rigs.web.conftest import as_

MANY = 800
"""More stops than any page of the demo has."""
SLOW_MS = 60_000
"""Within so long a lock of the demo, or a machine that does much else, does what it is asked."""
FOCUSED = """async () => {
  // Scrolling to what is focused takes up to a frame or two.
  for (let frame = 0; frame < 2; frame += 1) await new Promise((done) => requestAnimationFrame(done));
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const ring = getComputedStyle(at.closest(".pick") ?? at);
  const seen = [...at.getClientRects()].some((box) => [0.1, 0.5, 0.9].some((x) => [0.1, 0.5, 0.9].some((y) => {
    const top = document.elementFromPoint(box.left + x * box.width, box.top + y * box.height);
    return top && (at.contains(top) || top.contains(at) && top.closest("label, a, summary, .scroll, pre"));
  })));
  const name = at.labels?.length ? at.labels[0].textContent : at.getAttribute("aria-label") ?? at.textContent;
  return { name: name.replace(/\\s+/g, " ").trim(), tag: at.tagName, id: at.id, html: at.outerHTML.slice(0, 160),
    ringed: ring.outlineStyle !== "none" && parseFloat(ring.outlineWidth) >= 2, seen };
}"""
"""What is focused, whether it has a ring, and whether any of it can be seen (WCAG 2.4.7 and 2.4.11)."""


@pytest.fixture
def page(browser: Browser, served: str) -> Iterator[Page]:
    """A phone with a keyboard, signed in as the owner."""
    with browser.new_context(
        base_url=served,
        viewport={"width": 390, "height": 844},
        extra_http_headers=as_("owner"),
        reduced_motion="reduce",
    ) as context:
        opened = context.new_page()
        opened.set_default_timeout(SLOW_MS)
        yield opened


def focused(page: Page) -> dict[str, str] | None:
    """What is focused, having made sure that it can be seen; None where the page as a whole is."""
    at = page.evaluate(FOCUSED)
    for _ in range(10):
        if at is None or at["seen"]:
            break
        page.wait_for_timeout(100)  # what came in above it may have moved it: it is brought back
        at = page.evaluate(FOCUSED)
    if at is None:
        return None
    assert at["seen"], f"{page.url}: hidden while focused: {at['html']}"
    assert at["ringed"] or at["tag"] == "MAIN", f"{page.url}: no ring: {at['html']}"
    return {key: str(at[key]) for key in ("name", "tag", "id", "html")}


def walk(page: Page, name: str, key: str = "Tab") -> None:
    """Go from stop to stop until one has this name."""
    passed = []
    for _ in range(MANY):
        page.keyboard.press(key)
        at = focused(page)
        if at and re.search(name, at["name"]):
            return
        passed.append(at["name"] if at else "")
    raise AssertionError(f"{page.url}: no key leads to {name!r}, but to {passed[:60]}")


def stops(page: Page, key: str) -> list[str]:
    """Every stop, once around."""
    found: list[str] = []
    for _ in range(MANY):
        page.keyboard.press(key)
        at = focused(page)
        if at is None:
            if found:
                return found
            continue
        found.append(at["html"])
    raise AssertionError(f"{page.url}: keys do not get out again: {found[-3:]}")


def test_the_first_key_leads_past_the_areas(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    at = focused(page)
    assert at
    assert at["name"].startswith("Skip")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "path", ["/", "/access", "/access/grants/new", "/journal", "/alerts", "/posture", "/settings", "/settings/home"]
)
def test_every_stop_is_seen_and_none_is_a_trap(page: Page, path: str) -> None:
    page.goto(path)
    forth = stops(page, "Tab")
    assert len(forth) > 5
    back = stops(page, "Shift+Tab")
    assert len(back) >= len(forth) / 2


@pytest.mark.timeout(300)
def test_a_door_is_unlocked_and_locked_and_says_how_far_it_is(page: Page) -> None:
    page.goto("/")
    for does in ("Unlock", "Lock"):
        walk(page, rf"^{does} ")
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_have_text(re.compile(r"\w"))
        at = focused(page)
        assert at, "the focus was lost"
        assert at["id"].startswith(f"{does.lower()}-"), at["html"]
        expect(page.locator(f"#{at['id']}")).not_to_have_attribute("aria-disabled", "true", timeout=SLOW_MS)
        still = focused(page)
        assert still, "the focus was lost when the lock answered"
        assert still["id"] == at["id"]


@pytest.mark.timeout(300)
def test_a_guest_is_given_a_code_in_three_steps_and_it_is_ended(page: Page) -> None:
    page.goto("/access/grants/new")
    walk(page, "^Name$")
    page.keyboard.type("Rosa by keys")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("step=2"))
    walk(page, "^Front door")
    page.keyboard.press("Space")
    walk(page, "^For 7 days")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("step=3|pick="))
    if "step=3" not in page.url:
        walk(page, "^See what it means")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("step=3"))
    walk(page, "^Give this access")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/access/(grants|people)/(?!new)"))
    walk(page, "^(Show the code|Show it)")
    page.keyboard.press("Enter")
    expect(page.locator(".pin").first).to_be_visible()
    page.goto("/access/people")
    walk(page, "^Rosa by keys")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/access/people/"))
    walk(page, "at any time")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/access/grants/"))
    walk(page, "^End it now")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/end$"))
    walk(page, "^End it now")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/access/(?!.*/end$)"))


@pytest.mark.timeout(200)
def test_evidence_opens_where_it_stands(page: Page) -> None:
    page.goto("/posture")
    page.goto("/posture?show=open")
    first = page.locator("details.finding > summary").first
    expect(first).to_be_visible()
    walk(page, re.escape(" ".join(first.inner_text().split())[:12]))
    page.keyboard.press("Enter")
    expect(page.locator("details.finding[open]").first).to_be_visible()
    walk(page, "^How do you know")
    page.keyboard.press("Space")
    expect(page.locator("details.evidence[open]").first).to_be_visible()


@pytest.mark.timeout(200)
def test_a_question_is_answered(page: Page) -> None:
    page.goto("/posture/answers?about=home")
    asked = page.locator("form.question").count()
    assert asked
    walk(page, "^Yes$")
    page.keyboard.press("Space")
    walk(page, "^Answer$")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("You answered").first).to_be_visible()


@pytest.mark.timeout(200)
def test_the_journal_is_filtered(page: Page) -> None:
    page.goto("/journal")
    walk(page, "^Look for something")
    page.keyboard.press("Enter")
    walk(page, "^Person$")
    page.keyboard.press("ArrowDown")
    walk(page, "^Look$")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"person=\w"))


@pytest.mark.timeout(200)
def test_what_is_wrong_in_a_form_is_where_the_focus_goes(page: Page) -> None:
    page.goto("/settings/home")
    walk(page, "^Name$")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    at = focused(page)
    assert at, "nothing is focused"
    assert at["id"] in ("problem", "f-name"), at["html"]


@pytest.mark.timeout(120)
def test_a_flood_says_one_thing_a_second(page: Page) -> None:
    page.goto("/settings/about")
    said = page.evaluate(
        """async () => {
          const { say } = await import(document.querySelector('script[src*="/app."], script[src*="app.js"]').src);
          const heard = [];
          new MutationObserver(() => {
            const text = document.getElementById("said").textContent;
            if (text) heard.push(text);
          }).observe(document.getElementById("said"), { childList: true, characterData: true, subtree: true });
          for (let number = 0; number < 300; number += 1) {
            say(`event ${number}`);
            await new Promise((done) => setTimeout(done, 10));
          }
          await new Promise((done) => setTimeout(done, 1200));
          return heard;
        }"""
    )
    assert said[-1] == "event 299", "the newest is not what is left"
    assert 2 <= len(said) <= 12, said
