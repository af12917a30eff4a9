"""Unexplained codes, locks that are given up, people, and calendars, from the pages."""

from __future__ import annotations

import pytest

from nightlatch.model.access import Entry, Feed
from nightlatch.secrets import Secret
from tests.unit.web.access.homes import TWO_DOORS, peopled
from tests.unit.web.conftest import Opens, Web

STRANGER = Entry("lock:front", "", 9, "foreign", 1, "presence", 1, True, name="old cleaner")


async def strange(web: Web) -> None:
    """Put an unexplained code on the front lock's ledger."""
    web.service.access.records.put_entries([STRANGER])
    web.service.access.reconciler.keepers["lock:front"].lines["lock:front", "", 9] = STRANGER


async def test_an_unexplained_code_comes_first_and_is_given_to_somebody(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    await peopled(web)
    await strange(web)
    owner = await web.client()
    page = (await owner.get("/access")).text
    assert page.index("Front door</h2>") < page.index("Back door</h2>")
    assert "/access/strangers/front/9" in page
    fields = {"does": "keep", "to": "person:mia", "since": "1"}
    assert (await owner.post("/access/strangers/front/9", data=fields)).status_code == 303
    decided = web.service.access.records.decisions()
    lines = [one for one in web.service.access.records.entries(["lock:front"]) if one.slot == 9]
    # Written down, and by now perhaps done at the lock.
    assert [one.person for one in decided] == ["mia"] or lines[0].person == "mia" or not lines


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"does": "keep", "since": "1"}, "Nothing is chosen"),
        ({"does": "keep", "to": "new", "since": "1"}, "The person has no name yet"),
        ({"does": "remove", "since": "7"}, "Another code is in this slot by now"),
        ({"does": "take", "to": "person:mia", "since": "1"}, "give the code in slot 9 back"),
    ],
)
async def test_what_cannot_be_decided_is_said(open_web: Opens, fields: dict[str, str], said: str) -> None:
    web = await open_web(TWO_DOORS)
    await peopled(web)
    await strange(web)
    answer = await (await web.client()).post("/access/strangers/front/9", data=fields)
    assert answer.status_code == 400
    assert said in answer.text.replace("&#39;", "'")
    assert web.service.access.records.decisions() == []


async def test_a_lock_is_given_up_by_its_name_and_taken_back(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    await peopled(web)
    owner = await web.client()
    wrong = await owner.post("/access/locks/back/retire", data={"name": "Front lock"})
    assert (wrong.status_code, dict(web.service.access.register.retired)) == (400, {})
    assert (await owner.post("/access/locks/back/retire", data={"name": "back LOCK"})).status_code == 303
    assert set(web.service.access.register.retired) == {"lock:back"}
    await web.until(lambda: not any(one.lock == "lock:back" and one.credential and one.state == "present"
                                    for one in web.service.access.lines()))  # fmt: skip
    assert "was given up" in (await owner.get("/access/locks/back/retire")).text
    assert (await owner.post("/access/locks/back/retire", data={"does": "undo"})).status_code == 303
    assert not web.service.access.register.retired


async def test_whoever_joins_a_group_with_grants_gets_them_only_after_it_was_seen(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    await peopled(web)
    owner = await web.client()
    fields = {"name": "Pia", "role": "service", "groups": "cleaners"}
    asked = await owner.post("/access/people/new", data=fields)
    assert (asked.status_code, "This gives more access" in asked.text) == (200, True)
    assert "pia" not in web.service.access.register.people
    assert (await owner.post("/access/people/new", data={**fields, "sure": "yes"})).status_code == 303
    assert web.service.access.register.people["pia"].groups == ("cleaners",)


async def test_somebody_removed_has_nothing_any_more(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    await peopled(web)
    owner = await web.client()
    assert (await owner.post("/access/people/mia/remove")).status_code == 303
    register = web.service.access.register
    assert "mia" not in register.people or (register.people["mia"].ended and not register.active("mia"))


async def test_a_calendars_address_is_shown_by_no_page_and_its_stays_end_when_that_is_said(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    address = Secret("https://calendar.invalid/token-of-the-calendar.ics")
    await web.house.change(
        lambda registrar, now: registrar.add_feed(Feed("f1", ("door:front",), "Cabin"), address, now)
    )
    owner = await web.client()
    for path in ("/access/feeds", "/access/feeds/f1/remove", "/api/feeds"):
        text = (await owner.get(path)).text
        assert ("Cabin" in text, "token-of" in text) == (True, False)
    assert (await owner.post("/access/feeds/f1/remove")).status_code == 303
    assert not web.service.access.register.feeds
    answer = await owner.post("/access/feeds/new", data={"address": "file:///etc/passwd", "doors": "door:front"})
    assert answer.status_code == 400
    assert "passwd" not in answer.text
