"""The first run: from nothing to a first audit, resumable at every step."""

from __future__ import annotations

import tomllib
from typing import Any

import httpx
import pytest

from nightlatch.web.firstrun.progress import FILE
from nightlatch.web.settings import changing
from tests.unit.web.conftest import Opens, Web

NOTHING = '[home]\nname = "Home"\ntimezone = "UTC"\n[service]\nport = 0\n'
SEEN = NOTHING + '[[sources]]\nkind = "simulated"\ndoors = ["front", "back"]\npeople = 0\n'


def file(web: Web) -> dict[str, Any]:
    return tomllib.loads(web.house.configuration.path.read_text())


async def owned(web: Web) -> httpx.AsyncClient:
    """An owner who exists: the page asks nobody's code any more."""

    async def some() -> bool:
        return False

    web.app.state["desk"].none = some
    return await web.client("owner")


async def test_until_there_is_an_owner_every_way_leads_to_the_first_page(open_web: Opens) -> None:
    web = await open_web(NOTHING)
    nobody = await web.client(None)
    answer = await nobody.get("/posture")
    assert answer.headers["location"].startswith("/sign-in")
    assert (await nobody.get("/sign-in")).headers["location"] == "/first-run"
    page = await nobody.get("/first-run")
    assert page.status_code == 200
    assert 'name="code"' in page.text
    assert 'value="/first-run/home"' in page.text
    for step in ("home", "find", "doors", "questions", "audit"):
        assert (await nobody.get(f"/first-run/{step}")).status_code == 303


async def test_once_there_is_an_owner_only_an_owner_goes_through_it(open_web: Opens) -> None:
    web = await open_web(NOTHING)
    await owned(web)
    assert (await (await web.client(None)).get("/first-run")).headers["location"].startswith("/sign-in")
    resident = await web.client("resident")
    assert (await resident.get("/first-run")).headers["location"] == "/"
    assert (await resident.get("/first-run/home")).status_code == 403


async def test_it_goes_on_where_it_was_left_and_survives_a_damaged_note(open_web: Opens) -> None:
    web = await open_web(NOTHING)
    owner = await owned(web)
    assert (await owner.get("/first-run")).headers["location"] == "/first-run/home"
    assert (await owner.get("/first-run/find")).status_code == 200
    assert (await owner.get("/first-run")).headers["location"] == "/first-run/find"
    (web.house.folder / FILE).write_text("{")
    assert (await owner.get("/first-run")).headers["location"] == "/first-run/home"
    assert (await owner.post("/first-run/done")).headers["location"] == "/"
    assert (await owner.get("/api/first-run")).json() == {"at": "home", "done": True}


async def test_name_and_zone_are_kept_and_what_stays_the_same_starts_nothing_over(open_web: Opens) -> None:
    web = await open_web(SEEN)
    owner = await owned(web)
    form = {"name": "Elm", "timezone": "Europe/Berlin", "since": changing.since(web.house)}
    answer = await owner.post("/first-run/home", data=form)
    assert answer.headers["location"].startswith("/settings/applying")
    assert file(web)["home"] == {"name": "Elm", "timezone": "Europe/Berlin"}
    same = {"name": "Home", "timezone": "UTC"}
    assert (await owner.post("/first-run/home", data=same)).headers["location"] == "/first-run/find"
    answer = await owner.post("/first-run/home", data={"name": "x", "timezone": "Nowhere"})
    assert answer.status_code == 400


async def test_locks_that_are_seen_are_put_onto_doors_with_one_form(open_web: Opens) -> None:
    web = await open_web(SEEN)
    owner = await owned(web)
    await web.until(lambda: web.service.auditor.last is not None)
    page = await owner.get("/first-run/doors")
    assert page.text.count("<fieldset") == 2
    locks = (await owner.get("/api/settings/doors")).json()["seen"]
    form = {"since": changing.since(web.house), "to": "/first-run/questions"}
    for number, lock in enumerate(locks):
        form |= {f"lock-{number}": lock["key"], f"door-{number}": "new", f"name-{number}": f"Door {number}"}
    form["exterior-0"] = "yes"
    answer = await owner.post("/settings/doors/bind", data=form)
    assert answer.headers["location"].startswith("/settings/applying")
    made = file(web)
    assert [(one["name"], one["exterior"]) for one in made["doors"]] == [("Door 0", True), ("Door 1", False)]
    assert [one["bind"] for one in made["locks"]] == [[one["key"]] for one in locks]
    assert [one["door"] for one in made["locks"]] == [one["id"] for one in made["doors"]]


async def test_a_lock_that_no_hub_told_of_is_put_onto_no_door(open_web: Opens) -> None:
    web = await open_web(SEEN)
    owner = await owned(web)
    form = {"lock-0": "zwavejs:99", "door-0": "new", "name-0": "Front"}
    assert (await owner.post("/settings/doors/bind", data=form)).status_code == 400
    assert "doors" not in file(web)


async def test_the_first_audit_ends_with_what_to_begin_with(open_web: Opens) -> None:
    web = await open_web(SEEN)
    owner = await owned(web)
    await web.until(lambda: web.service.auditor.last is not None and not web.service.auditor.due)
    page = await owner.get("/first-run/audit")
    assert page.status_code == 200
    assert "Looking at everything" not in page.text
    assert (await owner.get("/first-run/questions")).status_code == 200


@pytest.mark.parametrize("step", ["home", "find", "doors", "questions", "audit"])
async def test_every_step_of_an_empty_home_can_be_read_and_left(open_web: Opens, step: str) -> None:
    web = await open_web(NOTHING)
    owner = await owned(web)
    page = await owner.get(f"/first-run/{step}")
    assert page.status_code == 200, page.text
    assert page.text.count("<h1>") == 1
