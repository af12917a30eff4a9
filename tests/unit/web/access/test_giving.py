"""Giving leave from the pages: three steps, the proof, the end, and two people at once."""

from __future__ import annotations

import asyncio
import html
import re
from datetime import date, datetime, timedelta

import httpx
import msgspec
import pytest

from nightlatch.access import schedules
from nightlatch.model.access import Always, Schedule
from nightlatch.model.event import micros
from tests.unit.web.access.homes import TWO_DOORS, peopled
from tests.unit.web.conftest import CSRF, Opens

SOON = str(date.today() + timedelta(days=3))  # noqa: DTZ011  # any day ahead


def hidden(page: str) -> list[tuple[str, str]]:
    """The fields that the last form of a page carries."""
    form = page[page.rindex('<form method="post"') :]
    return [(name, value) for name, value in re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form)]


async def send(client: httpx.AsyncClient, path: str, fields: list[tuple[str, str]]) -> httpx.Response:
    """Send a form with fields of which some come more than once."""
    data: dict[str, list[str]] = {}
    for name, value in [*fields, ("csrf", CSRF)]:
        data.setdefault(name, []).append(value)
    return await client.post(path, data=data)


async def test_a_new_guest_gets_a_code_in_three_steps_and_loses_it_when_the_grant_is_ended(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    owner = await web.client()
    first = await owner.get("/access/grants/new")
    assert "A new guest" in first.text
    second = await owner.get("/access/grants/new", params={"to": "new", "name": "Nora", "step": "2"})
    assert "For <b>Nora</b>" in second.text
    chosen = {"to": "new", "name": "Nora", "doors": "door:front", "reason": "visit"}
    picked = await owner.get("/access/grants/new", params={**chosen, "pick": "once"})
    assert 'value="once"' in picked.text
    until = re.findall(r'name="until_(day|time)" value="([^"]+)"', picked.text)
    times = {f"until_{name}": value for name, value in until}
    third = await owner.get("/access/grants/new", params={**chosen, **times, "how": "until", "uses": "1", "step": "3"})
    assert "Nora may open Front door" in third.text
    assert "This gives access:" in third.text
    kept = await send(owner, "/access/grants/new", hidden(third.text))
    assert kept.status_code == 303, kept.text
    assert kept.headers["location"].startswith("/access/people/nora?saved=")
    access = web.service.access
    await web.until(lambda: any(one.person == "nora" and one.state == "present" for one in access.lines()))
    page = await owner.get("/access/people/nora")
    assert "the code was read back" in page.text
    grant = next(one for one in access.register.grants.values() if one.to == "person:nora")
    assert (grant.uses, grant.reason, grant.by) == (1, "visit", "Owner")
    ended = await send(owner, f"/access/grants/{grant.id}/end", [])
    assert ended.status_code == 303
    await web.until(lambda: not any(one.person == "nora" and one.state == "present" for one in access.lines()))
    acts = [one.event for one in web.service.journal.entries() if one.event is not None and one.event.kind == "act"]
    assert [one.name for one in acts][-2:] == ["add-grant", "end-grant"]


async def test_without_a_fresh_second_factor_nothing_is_kept_and_nothing_is_lost(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    await peopled(web)
    stale = await web.client(fresh=False)
    fields = [("to", "person:mia"), ("doors", "door:back"), ("how", "until"), ("until_day", SOON)]
    answer = await send(stale, "/access/grants/new", [*fields, ("until_time", "11:00")])
    assert answer.status_code == 303
    there = httpx.URL(answer.headers["location"])
    assert there.path == "/sign-in/again"
    again = httpx.URL(there.params["next"])
    assert (again.path, again.params["step"], again.params["doors"]) == ("/access/grants/new", "3", "door:back")
    assert [one.doors for one in web.service.access.register.grants.values() if one.to == "person:mia"] == [
        ("door:front",)
    ]


async def test_what_is_wrong_is_said_with_the_form_as_it_was_typed(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    await peopled(web)
    owner = await web.client()
    params = {"to": "person:mia", "how": "weekly", "week_from": "09:00", "reason": "kept words", "step": "3"}
    answer = await owner.get("/access/grants/new", params=params)
    assert answer.status_code == 400
    assert "No door is chosen" in answer.text
    assert 'value="kept words"' in answer.text
    answer = await owner.get("/access/grants/new", params={**params, "doors": "door:front"})
    assert "No day of the week is chosen" in answer.text


async def test_whoever_changes_a_grant_second_is_told_of_the_first(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    ids = await peopled(web)
    one, two = await web.client(), await web.client(id_="other")
    path = f"/access/grants/{ids['mia']}/change"
    forms = []
    for client, reason in ((one, "first"), (two, "second")):
        form = (await client.get(path)).text
        was = re.search(r'name="was" value="([^"]+)"', form)
        assert was is not None
        fields = [("to", "person:mia"), ("doors", "door:front"), ("how", "until"), ("until_day", SOON)]
        forms.append([*fields, ("until_time", "11:00"), ("reason", reason), ("was", was[1])])
    assert (await send(one, path, forms[0])).status_code == 303
    answer = await send(two, path, forms[1])
    assert answer.status_code == 400
    assert "Somebody else changed this grant meanwhile" in answer.text
    assert 'value="second"' in answer.text
    assert web.service.access.register.grants[ids["mia"]].reason == "first"


async def test_programs_preview_give_and_end_grants(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    await peopled(web)
    owner = await web.client()
    wanted = {"to": "person:mia", "doors": ["door:back"], "schedule": {"type": "weekly", "windows": [[1980, 2160]]}}
    told = (await owner.post("/api/grants/preview", json=wanted)).json()
    assert told["sentence"].startswith("Mia may open Back door: Tue 09:00-12:00")
    assert len(told["openings"]) == 5
    assert len(web.service.access.register.grants) == 2
    made = (await owner.post("/api/grants", json=wanted)).json()
    newest = (await owner.get("/api/grants", params={"limit": 1})).json()
    assert [one["id"] for one in newest] == [made["id"]]
    older = (await owner.get("/api/grants", params={"before": made["id"]})).json()
    assert len(older) == 2
    assert (await owner.delete(f"/api/grants/{made['id']}")).json()["standing"] == "ended"
    bad = await owner.post("/api/grants", json={**wanted, "doors": ["door:nowhere"]})
    assert (bad.status_code, "nowhere" in bad.json()["what"]) == (400, True)


async def test_a_form_that_is_sent_twice_gives_once(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    owner = await web.client()
    chosen = {"to": "new", "name": "Nora", "doors": "door:front", "how": "until", "until_day": SOON, "step": "3"}
    form = hidden((await owner.get("/access/grants/new", params=chosen)).text)
    first, second = await asyncio.gather(*(send(owner, "/access/grants/new", form) for _ in range(2)))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]
    register = web.service.access.register
    assert [one.to for one in register.grants.values()] == ["person:nora"]
    assert [one for one in register.people if one.startswith("nora")] == ["nora"]
    acts = [one.event for one in web.service.journal.entries() if one.event is not None and one.event.kind == "act"]
    assert [one.name for one in acts] == ["add-grant"]
    again = hidden((await owner.get("/access/grants/new", params=chosen)).text)
    assert (await send(owner, "/access/grants/new", again)).headers["location"] != first.headers["location"]


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.weekly("Mon-Fri 00:00-24:00"),
        schedules.weekly("Mon-Fri 09:00-24:00"),
        schedules.weekly("Sun 22:00-02:00"),
        schedules.weekly("Fri 17:00 to Mon 08:00"),
        schedules.weekly("Mon 09:00-12:00, Mon 14:00-17:00"),
        schedules.dates("2031-12-24..2031-12-27"),
        schedules.dates("2031-12-24..2031-12-27 08:00-24:00"),
        schedules.dates("2031-12-24..2031-12-27 22:00-02:00"),
    ],
    ids=schedules.schedule_words,
)
async def test_a_grant_that_is_looked_at_and_kept_has_the_times_that_it_had(
    open_web: Opens, schedule: Schedule
) -> None:
    web = await open_web(TWO_DOORS)
    ids = await peopled(web)
    before = msgspec.structs.replace(web.service.access.register.grants[ids["mia"]], schedule=schedule, ends=0)
    await web.house.change(lambda registrar, now: registrar.change_grant(before, now))
    owner, path = await web.client(), f"/access/grants/{ids['mia']}/change"
    form = await owner.get(path)
    third = await owner.get(path, params=httpx.QueryParams([*shown(form.text), ("reason", "seen"), ("step", "3")]))
    assert third.status_code == 200, third.text
    back = re.search(r'href="[^"?]+\?([^"]+step=2)"', third.text)
    assert back is not None
    second = await owner.get(f"{path}?{html.unescape(back[1])}")
    third = await owner.get(path, params=httpx.QueryParams([*shown(second.text), ("reason", "seen"), ("step", "3")]))
    kept = await send(owner, path, hidden(third.text))
    assert kept.status_code == 303, kept.text
    assert web.service.access.register.grants[ids["mia"]].schedule == schedule


@pytest.mark.parametrize(
    "ends", ["2031-10-26T00:30:00+00:00", "2031-10-26T01:30:00+00:00", "2031-07-01T10:20:30+00:00"]
)
async def test_an_end_that_the_form_cannot_tell_exactly_stays_as_it_was(open_web: Opens, ends: str) -> None:
    # The clock shows 02:30 twice on that day; and fields tell no seconds.
    web = await open_web(TWO_DOORS)
    ids = await peopled(web)
    before = msgspec.structs.replace(
        web.service.access.register.grants[ids["mia"]], schedule=Always(), ends=micros(datetime.fromisoformat(ends))
    )
    await web.house.change(lambda registrar, now: registrar.change_grant(before, now))
    owner, path = await web.client(), f"/access/grants/{ids['mia']}/change"
    form = await owner.get(path)
    third = await owner.get(path, params=httpx.QueryParams([*shown(form.text), ("reason", "seen"), ("step", "3")]))
    assert third.status_code == 200, third.text
    kept = await send(owner, path, hidden(third.text))
    assert kept.status_code == 303, kept.text
    assert web.service.access.register.grants[ids["mia"]].ends == before.ends


def shown(page: str) -> list[tuple[str, str]]:
    """What a browser would send of the second step's form as it stands: a time that is none is no value."""
    form = page[page.index('class="form2"') :]
    found = []
    for tag in re.findall(r"<input [^>]*>", form[: form.index("</form>")]):
        told = {name: html.unescape(value) for name, value in re.findall(r'([a-z_]+)="([^"]*)"', tag)}
        if told.get("type") in ("radio", "checkbox") and not re.search(r"\schecked\b", tag):
            continue
        value = told.get("value", "")
        if told.get("type") == "time" and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
            value = ""
        if told.get("name") not in (None, "reason"):
            found.append((told["name"], value))
    return found
