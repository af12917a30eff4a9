"""The emergency page: what is known of batteries and failures, what is not, and a sheet without codes."""

from __future__ import annotations

import re

from nightlatch.emergency.battery import DAY
from nightlatch.model.event import Event
from nightlatch.plugs import wall
from tests.unit.web.conftest import HOME, Opens, Web

SPARE = f'{HOME}[[answers]]\nabout = "door:front"\nfact = "backup_key"\nvalue = "key_safe"\non = 2026-11-01\n'


async def audited(web: Web) -> None:
    await web.until(lambda: web.service.auditor.last is not None and web.service.autolock.home is not None)


async def test_it_tells_what_each_failure_does_and_what_nobody_answered(web: Web) -> None:
    await audited(web)
    client = await web.client("owner")
    page = (await client.get("/emergency")).text
    assert "With the lock&#39;s battery flat" in page
    assert "Where is the spare key" in page
    assert 'href="/posture/answers"' in page
    view = (await client.get("/api/emergency")).json()
    (door,) = view["doors"]
    assert [one["failure"] for one in door["after"]][:2] == ["battery", "power_cut"]
    assert all(one["holds"] == "unknown" for one in door["after"][:4])
    assert door["leave"] == "unknown"


async def test_the_batteries_are_told_with_how_long_they_last_or_why_not(web: Web) -> None:
    now = wall()
    for day in range(40, 0, -1):
        await web.service.tell(Event(now - day * DAY, "battery", "lock:front", value=40 + day // 2))
    await web.until(lambda: web.house.lately.battery("lock:front", now).days is not None)
    client = await web.client("owner")
    page = (await client.get("/emergency")).text
    assert re.search(r"about \d weeks left", page)
    card = (await client.get("/home/doors/front")).text
    assert "weeks left" in card


async def test_a_battery_without_a_history_is_said_to_have_none(web: Web) -> None:
    client = await web.client("owner")
    (one,) = (await client.get("/api/emergency")).json()["batteries"]
    assert one["charge"]["left"].startswith("no forecast yet: ")


async def test_what_the_journal_holds_of_batteries_is_known_again_after_a_start(web: Web) -> None:
    now = wall()
    for day in range(30, 0, -1):
        await web.service.tell(Event(now - day * DAY, "battery", "lock:front", value=40 + day))
    await web.until(lambda: web.house.lately.battery("lock:front", now).days is not None)
    fresh = type(web.house.lately)()
    await fresh.fill(web.service.journal, now)
    assert fresh.battery("lock:front", now) == web.house.lately.battery("lock:front", now)


async def test_the_sheet_tells_the_ways_in_and_the_spare_key_if_somebody_said_so_and_no_code(open_web: Opens) -> None:
    web = await open_web(SPARE)
    await audited(web)
    client = await web.client("resident")
    page = (await client.get("/emergency/sheet")).text
    assert "The key in the key safe" in page
    assert "the key in the key safe" in page.split("Spare key:")[1]
    assert not re.search(r"\b\d{4,8}\b", re.sub(r"<[^>]*>|20\d\d", "", page.split("<main")[1]))


async def test_where_the_spare_key_is_is_not_for_viewers(open_web: Opens) -> None:
    web = await open_web(SPARE)
    await audited(web)
    client = await web.client("viewer")
    assert (await client.get("/emergency/sheet")).status_code == 403
    page = await client.get("/emergency")
    assert page.status_code == 200
    assert "key safe" not in page.text


async def test_before_the_first_audit_the_page_says_so(web: Web) -> None:
    web.service.autolock.home = None
    client = await web.client("owner")
    assert "The first audit is being made" in (await client.get("/emergency")).text
    assert (await client.get("/emergency/sheet")).status_code == 200
