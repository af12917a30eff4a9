"""The settings: who may see and change them, what is written, and what is not overwritten."""

from __future__ import annotations

import asyncio
import re
import tomllib
from typing import Any

import pytest

from nightlatch.secrets import Secret
from nightlatch.service.backup import unpack
from nightlatch.web.settings import changing
from tests.unit.web.conftest import HOME, Opens, Web

PAGES = (
    "/settings",
    "/settings/home",
    "/settings/sources",
    "/settings/sources/new",
    "/settings/sources/new/homeassistant",
    "/settings/sources/new/openwrt",
    "/settings/sources/new/isolation",
    "/settings/sources/simulated",
    "/settings/doors",
    "/settings/doors/front",
    "/settings/service",
    "/settings/entities",
    "/settings/privacy",
    "/settings/privacy/erase/ana",
    "/settings/backup",
    "/settings/about",
    "/api/settings",
    "/api/settings/sources",
    "/api/settings/doors",
    "/api/settings/discovery",
)
COMMENTED = HOME.replace('name = "Elm"', '# how we call it\nname = "Elm" # for short')


def file(web: Web) -> dict[str, Any]:
    return tomllib.loads(web.house.configuration.path.read_text())


def digest(web: Web) -> str:
    return changing.since(web.house)


@pytest.mark.parametrize("path", PAGES)
async def test_an_owner_reads_every_page_and_nobody_else_does(web: Web, path: str) -> None:
    owner = await web.client("owner", fresh=False)
    answer = await owner.get(path)
    assert answer.status_code == 200, answer.text
    for role in ("resident", "viewer"):
        assert (await (await web.client(role)).get(path)).status_code == 403
    assert (await (await web.client(None)).get(path)).status_code in (303, 401)


WRITES: tuple[tuple[str, dict[str, str]], ...] = (
    ("/settings/home", {"name": "Ash", "timezone": "Europe/Paris", "profile": "full"}),
    ("/settings/service", {"audit_every_hours": "6", "verify_every_hours": "3"}),
    ("/settings/entities", {"on": "yes", "url": "mqtt://127.0.0.1:1"}),
    ("/settings/privacy", {"retention_days": "30"}),
    ("/settings/doors/add", {"name": "Back", "exterior": "yes"}),
    ("/settings/doors/front", {"name": "Red door"}),
    ("/settings/doors/front/locks/front/autolock", {"on": "yes", "after": "90s"}),
    ("/settings/doors/front/remove", {}),
    ("/settings/locks/front/remove", {}),
    ("/settings/sources/simulated/remove", {}),
    ("/settings/reread", {}),
    ("/settings/privacy/erase/ana", {"name": "Ana"}),
    ("/settings/backup", {"passphrase": "x", "again": "x"}),
    ("/settings/sources/find", {}),
)


@pytest.mark.parametrize(("path", "form"), WRITES)
async def test_nothing_is_changed_without_a_fresh_second_factor_of_an_owner(
    web: Web, path: str, form: dict[str, str]
) -> None:
    before = web.house.configuration.path.read_text()
    answer = await (await web.client("owner", fresh=False)).post(path, data=form)
    assert answer.headers["location"].startswith("/sign-in/again")
    assert (await (await web.client("resident")).post(path, data=form)).status_code == 403
    assert web.house.configuration.path.read_text() == before


async def test_a_change_is_written_with_comments_kept_journalled_and_then_taken(open_web: Opens) -> None:
    web = await open_web(COMMENTED)
    asked = []
    web.service.reload = lambda: asked.append(1)
    owner = await web.client("owner")
    form = {"name": "Ash", "timezone": "Europe/Paris", "profile": "full", "since": digest(web)}
    answer = await owner.post("/settings/home", data=form)
    assert answer.headers["location"].startswith("/settings/applying?")
    text = web.house.configuration.path.read_text()
    assert "# how we call it" in text
    assert 'name = "Ash" # for short' in text
    assert file(web)["home"] == {"name": "Ash", "timezone": "Europe/Paris"}
    page = await owner.get(answer.headers["location"])
    assert page.status_code == 200
    assert "Saved" in page.text
    await web.until(lambda: asked)
    told = web.service.journal.entries(0, web.service.journal.size)
    entries = [one.event for one in told if one.event is not None and one.event.kind == "act"]
    assert [(one.name, one.person) for one in entries] == [("home-changed", "owner")]


async def test_a_file_that_was_changed_by_hand_is_not_overwritten(web: Web) -> None:
    since = digest(web)
    path = web.house.configuration.path
    path.write_text(path.read_text() + "# by hand\n")
    form = {"name": "Ash", "timezone": "Europe/Paris", "since": since}
    answer = await (await web.client("owner")).post("/settings/home", data=form)
    assert answer.status_code == 400
    assert "changed meanwhile" in answer.text
    assert "Ash" in answer.text
    assert path.read_text().endswith("# by hand\n")
    assert file(web)["home"]["name"] == "Elm"


async def test_a_change_by_hand_is_told_and_taken_when_it_reads(web: Web) -> None:
    owner, path = await web.client("owner"), web.house.configuration.path
    path.write_text(path.read_text().replace('"Elm"', '"Oak"'))
    assert "was changed since it was read" in (await owner.get("/settings")).text
    path.write_text(path.read_text().replace("[home]", "[hom]"))
    page = (await owner.get("/settings")).text
    assert "cannot be read as it is now" in page
    assert "hom" in page
    assert (await owner.post("/settings/reread")).status_code == 400


@pytest.mark.parametrize(
    ("path", "form", "told"),
    [
        ("/settings/home", {"name": "", "timezone": "UTC"}, "Name"),
        ("/settings/home", {"name": "x", "timezone": "Mars/Base"}, "Timezone"),
        ("/settings/home", {"name": "x", "timezone": "UTC", "profile": "none"}, "Profile"),
        ("/settings/service", {"audit_every_hours": "never", "verify_every_hours": "1"}, "Audit_every_hours"),
        ("/settings/service", {"audit_every_hours": "9999", "verify_every_hours": "1"}, "Audit_every_hours"),
        ("/settings/privacy", {"retention_days": "-1"}, "Retention_days"),
        ("/settings/entities", {"on": "yes", "url": ""}, "Url"),
        ("/settings/doors/front/locks/front/autolock", {"on": "yes", "after": "1s"}, "After"),
        ("/settings/doors/front/locks/front/autolock", {"on": "yes", "after": "soon"}, "Soon"),
        ("/settings/backup", {"passphrase": "short", "again": "short"}, "passphrase"),
        ("/settings/backup", {"passphrase": "a", "again": "b"}, "passphrases"),
    ],
)
async def test_what_cannot_be_is_told_by_its_field_and_changes_nothing(
    web: Web, path: str, form: dict[str, str], told: str
) -> None:
    before = web.house.configuration.path.read_text()
    answer = await (await web.client("owner")).post(path, data=form)
    assert answer.status_code == 400
    (box,) = re.findall(r'id="problem".*?</div>', answer.text, re.DOTALL)
    assert told.lower() in box.lower()
    assert web.house.configuration.path.read_text() == before


HOSTILE = "<script>alert(1)</script>\"'&é"


async def test_hostile_names_are_only_ever_text(web: Web) -> None:
    owner = await web.client("owner")
    await owner.post("/settings/doors/front", data={"name": HOSTILE, "exterior": "yes"})
    assert file(web)["doors"][0]["name"] == HOSTILE
    text = web.house.configuration.path.read_text()
    await owner.post("/settings/home", data={"name": HOSTILE, "timezone": "UTC"})
    assert file(web)["home"]["name"] == HOSTILE
    assert text.count("[[") == web.house.configuration.path.read_text().count("[[")


async def test_hostile_names_that_run_are_only_ever_text(open_web: Opens) -> None:
    quoted = HOSTILE.replace("\\", "\\\\").replace('"', '\\"')
    web = await open_web(HOME.replace("Front door", quoted).replace("Elm", quoted).replace('"Ana"', f'"{quoted}"'))
    owner = await web.client("owner")
    for path in PAGES:
        if not path.startswith("/api"):
            assert "<script>alert" not in (await owner.get(path)).text


async def test_the_door_locks_itself_and_does_so_no_more(web: Web) -> None:
    owner = await web.client("owner")
    path = "/settings/doors/front/locks/front/autolock"
    form = {"on": "yes", "after": "90s", "night_after": "30s", "night": "21:00-07:00", "hold_open": "08:00-09:00"}
    assert (await owner.post(path, data=form | {"without_sensor": "yes"})).status_code == 303
    rule = {
        "lock": "front", "after": "90s", "night_after": "30s", "night": "21:00-07:00", "hold_open": ["08:00-09:00"],
        "without_sensor": True,
    }  # fmt: skip
    assert file(web)["autolock"] == [rule]
    assert (await owner.post(path, data={"on": "yes", "after": "2m"})).status_code == 303
    assert file(web)["autolock"] == [{"lock": "front", "after": "2m"}]
    assert (await owner.post(path, data={})).status_code == 303
    assert "autolock" not in file(web)


async def test_a_door_goes_and_its_lock_stays(web: Web) -> None:
    owner = await web.client("owner")
    await owner.post("/settings/doors/front/remove")
    assert "doors" not in file(web)
    assert "door" not in file(web)["locks"][0]


async def test_a_backup_is_downloaded_whole_and_opens_with_its_passphrase(web: Web, tmp_path: Any) -> None:
    owner = await web.client("owner")
    words = "correct horse battery staple nightly"
    answer = await owner.post("/settings/backup", data={"passphrase": words, "again": words})
    assert answer.status_code == 200
    assert re.search(r'filename="nightlatch-[\d-]+\.nlb"', answer.headers["content-disposition"])
    path, folder = tmp_path / "got.nlb", tmp_path / "unpacked"
    path.write_bytes(answer.content)
    folder.mkdir()
    with path.open("rb") as opened:
        names = unpack(opened, Secret(words), folder, ("journal.key", "access.key", "witness.key"), "it")
    assert {"journal.db", "nightlatch.db", "journal.key"} <= set(names)
    assert "Last made" in (await owner.get("/settings/backup")).text


async def test_a_person_is_erased_once_their_name_is_typed(web: Web) -> None:
    owner = await web.client("owner")
    answer = await owner.post("/settings/privacy/erase/ana", data={"name": "Ben"})
    assert answer.status_code == 400
    assert "Nothing was erased" in answer.text
    answer = await owner.post("/settings/privacy/erase/ana", data={"name": " ana "})
    assert answer.status_code == 200
    assert "Erased" in answer.text
    assert (await owner.get("/settings/privacy/erase/nobody")).status_code == 404


async def test_the_page_that_waits_goes_on_once_another_run_stands_and_leads_nowhere_else(web: Web) -> None:
    owner, started = await web.client("owner"), web.service.reporter.started
    assert (await owner.get(f"/settings/applying?since={started}&to=/settings/home")).status_code == 200
    answer = await owner.get(f"/settings/applying?since={started - 1}&to=/settings/home")
    assert answer.headers["location"] == "/settings/home"
    for to in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"):
        answer = await owner.get("/settings/applying", params={"since": started - 1, "to": to})
        assert answer.headers["location"] == "/settings"


async def test_programs_change_settings_and_are_told_what_is_wrong(web: Web) -> None:
    token = await web.client("owner")
    found = (await token.get("/api/settings")).json()
    wanted = {"name": "Ash", "timezone": "Europe/Paris"}
    answer = await token.put(f"/api/settings/home?since={found['digest']}", json=wanted)
    assert answer.status_code == 200, answer.text
    assert file(web)["home"]["name"] == "Ash"
    answer = await token.put(f"/api/settings/home?since={found['digest']}", json=wanted)
    assert answer.status_code == 400
    assert "meanwhile" in answer.json()["what"]
    await asyncio.sleep(0)
