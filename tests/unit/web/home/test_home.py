"""The first page and its doors: one answer, honest states, and commands that end in what the lock reported."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

import httpx
import pytest

from nightlatch.ecosystems._simulated.faults import Dead, ForeignCode, HubLost, Jam, LeftOpen, Unheeded
from nightlatch.ecosystems.simulated import Simulated
from nightlatch.model.command import Outcome
from nightlatch.model.event import Event
from nightlatch.plugs import wall
from tests.unit.web.conftest import HOME, Opens, Web

SLOW = HOME.replace("people = 0", "people = 0\nanswer_s = 0.6")


def simulated(web: Web) -> Simulated:
    (plug,) = web.service.live.values()
    assert isinstance(plug, Simulated)
    return plug


async def ended(client: httpx.AsyncClient, door: str = "front") -> tuple[list[str], dict[str, Any]]:
    """The steps of the command at a door, and how it ended."""
    steps: list[str] = []
    async with asyncio.timeout(20):
        while True:
            (progress,) = (await client.get(f"/api/doors/{door}/progress")).json()
            if not steps or steps[-1] != progress["step"]:
                steps.append(progress["step"])
            if progress["ended"]:
                return steps, progress
            await asyncio.sleep(0.02)


async def secured(web: Web) -> None:
    """Have the front door locked, freshly reported."""
    house = simulated(web).house
    house.lock(house.locks["front"], "thumb")
    house.close_door(house.locks["front"])
    await web.until(lambda: web.service.listener.states["lock:front"].bolt == "thrown")


async def test_the_first_page_answers_and_shows_the_door_with_its_buttons(web: Web) -> None:
    await secured(web)
    client = await web.client("owner")
    page = await client.get("/")
    assert page.status_code == 200
    assert "Front door" in page.text
    assert 'action="/doors/front/unlock"' in page.text
    assert page.text.count("<h1>") == 1


async def test_a_viewer_sees_the_doors_and_gets_no_buttons_and_no_names(web: Web) -> None:
    await secured(web)
    client = await web.client("viewer")
    page = (await client.get("/")).text
    assert "Front door" in page
    assert "<form" not in page
    assert "Ana" not in page
    for act in ("lock", "unlock"):
        assert (await client.post(f"/api/doors/front/{act}")).status_code == 403


async def test_unlocking_asks_for_a_fresh_second_factor_and_locking_does_not(web: Web) -> None:
    client = await web.client("resident", fresh=False)
    refused = await client.post("/api/doors/front/unlock")
    assert (refused.status_code, refused.json()["need"]) == (403, "fresh")
    assert (await client.post("/api/doors/front/lock")).status_code == 202
    sent_on = await client.post("/doors/front/unlock")
    assert sent_on.headers["location"].startswith("/sign-in/again?next=")


async def test_an_unlock_goes_by_what_the_lock_says_and_ends_in_its_report(open_web: Opens) -> None:
    web = await open_web(SLOW)
    await secured(web)
    client = await web.client("resident")
    begun = await client.post("/api/doors/front/unlock")
    assert begun.status_code == 202
    steps, progress = await ended(client)
    assert steps[-3:] == ["sent", "moving", "done"]
    assert progress["text"] == "Unlocked: the bolt is retracted"
    assert progress["evidence"] == "front bolt"
    assert web.service.listener.states["lock:front"].bolt == "retracted"
    # How it ended is on disk soon after it is told.
    await web.until(lambda: any(event.kind == "outcome" for event in events(web)))
    kinds = [
        (event.kind, event.name, event.person) for event in events(web) if event.kind in ("act", "command", "outcome")
    ]
    assert kinds[-3:] == [("act", "unlock", "resident"), ("command", "unlock", ""), ("outcome", "unlock", "")]


def events(web: Web) -> list[Event]:
    return [entry.event for entry in web.service.journal.entries() if entry.event is not None]


async def test_a_second_command_while_one_runs_is_told_so(open_web: Opens) -> None:
    web = await open_web(SLOW)
    client = await web.client("owner")
    await client.post("/api/doors/front/unlock")
    second = await client.post("/api/doors/front/lock")
    assert (second.status_code, second.json()["what"]) == (409, "this door is just unlocking")
    page = await client.post("/doors/front/lock")
    assert page.status_code == 409
    assert "This door is just unlocking" in page.text
    await ended(client)


async def test_without_a_script_the_page_of_the_door_shows_the_steps_and_looks_again(open_web: Opens) -> None:
    web = await open_web(SLOW)
    client = await web.client("owner")
    sent = await client.post("/doors/front/lock", data={"lock": "lock:front"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/doors/front")
    page = (await client.get("/doors/front")).text
    assert '<noscript><meta http-equiv="refresh"' in page
    assert 'class="stage' in page
    await ended(client)
    page = (await client.get("/doors/front")).text
    assert "http-equiv" not in page
    assert "Locked: the bolt is thrown" in page


async def test_a_jam_is_an_honest_failure(web: Web) -> None:
    simulated(web).house.order(Jam(lock="front"))
    client = await web.client("owner")
    await client.post("/api/doors/front/lock")
    steps, progress = await ended(client)
    assert steps[-1] == "jammed"
    assert "the door is not locked" in progress["text"]
    answer = (await client.get("/api/home")).json()["answer"]
    assert answer["tone"] == "bad"
    assert "The bolt of Front door is jammed" in [need["text"] for need in answer["needs"]]


async def test_an_answer_that_nothing_proves_is_no_success(web: Web) -> None:
    simulated(web).house.order(Unheeded(lock="front"))
    client = await web.client("owner")
    await client.post("/api/doors/front/lock")
    _, progress = await ended(client)
    assert progress["step"] == "unknown"
    assert progress["text"].startswith("Acknowledged, and nothing was reported.")
    assert "look at the door" in progress["text"]


async def test_an_open_door_is_not_locked_and_its_button_says_why(web: Web) -> None:
    house = simulated(web).house
    house.order(LeftOpen(lock="front", seconds=60))
    await web.until(lambda: web.service.listener.states["lock:front"].door == "open")
    client = await web.client("owner")
    refused = await client.post("/api/doors/front/lock")
    assert refused.status_code == 409
    assert "never thrown into an open door" in refused.json()["what"]
    page = (await client.get("/home/doors/front")).text
    assert re.search(r'id="lock-lock-front"[^>]*aria-disabled="true"', page)
    assert "Close the door to lock it" in page
    assert house.into_open == []
    assert not [event for event in events(web) if event.kind == "command"]


async def test_a_door_that_opens_while_a_lock_command_waits_is_left_alone(open_web: Opens) -> None:
    web = await open_web(SLOW)
    await secured(web)
    house = simulated(web).house
    # Something else commands the lock: ours waits for its turn.
    async with web.service.listener._commanding["lock:front"]:
        client = await web.client("owner")
        await client.post("/api/doors/front/lock")
        house.unlock(house.locks["front"], "thumb")
        house.open_door(house.locks["front"])
        await web.until(lambda: web.service.listener.states["lock:front"].door == "open")
    steps, progress = await ended(client)
    assert steps[-1] == "refused"
    assert "the door is open" in progress["text"]
    assert house.into_open == []


async def test_a_lost_hub_makes_the_door_unknown_and_needs_somebody(web: Web) -> None:
    await secured(web)
    simulated(web).house.order(HubLost(seconds=60))
    await web.until(lambda: not any(web.service.listener.connected.values()))
    client = await web.client("owner")
    home = (await client.get("/api/home")).json()
    (door,) = home["doors"]
    assert (door["state"], door["why"]) == ("unknown", "where the bolt is: its hub is not connected")
    texts = [need["text"] for need in home["answer"]["needs"]]
    assert "Whether Front door is secured is not known" in texts
    assert "The connection “simulated” does not work" in texts
    await client.post("/api/doors/front/unlock")
    _, progress = await ended(client)
    assert progress["step"] == "unknown"


async def test_all_is_secure_only_when_every_door_is(web: Web) -> None:
    client = await web.client("owner")
    await web.until(lambda: web.service.auditor.last is not None)
    await secured(web)
    web.house._open = 0
    web.service.upkeep.problem = ""
    answer = (await client.get("/api/home")).json()["answer"]
    assert (answer["text"], answer["needs"]) == ("All secure", [])
    house = simulated(web).house
    house.unlock(house.locks["front"], "thumb")
    await web.until(lambda: web.service.listener.states["lock:front"].bolt == "retracted")
    web.house._open = 0
    assert (await client.get("/api/home")).json()["answer"]["text"] == "Front door is unlocked"


async def test_exposed_and_foreign_codes_come_first(web: Web) -> None:
    simulated(web).house.order(ForeignCode(lock="front", slot=9))
    client = await web.client("owner")
    await web.until(lambda: any(line.state == "foreign" for line in web.service.access.lines()))
    home = (await client.get("/api/home")).json()
    assert home["answer"]["needs"][0]["text"] == "1 code is on a lock that nobody explained"
    assert home["doors"][0]["opens"]["foreign"] == 1
    assert "slot 9" in home["doors"][0]["opens"]["loud"][0]


async def test_a_home_without_doors_says_how_to_begin(open_web: Opens) -> None:
    web = await open_web('[home]\nname = "New"\ntimezone = "UTC"\n[service]\nport = 0\n')
    page = (await (await web.client("owner")).get("/")).text
    assert "No door is set up yet" in page
    assert 'href="/first-run"' in page
    assert 'href="/first-run"' not in (await (await web.client("viewer")).get("/")).text


async def test_a_door_that_there_is_not_is_not_found(web: Web) -> None:
    client = await web.client("owner")
    for path in ("/doors/cellar", "/home/doors/cellar", "/api/doors/cellar", "/api/doors/cellar/progress"):
        assert (await client.get(path)).status_code == 404
    assert (await client.post("/api/doors/cellar/lock")).status_code == 404


async def test_what_happened_is_told_at_the_door_and_names_only_to_who_may_read_the_journal(web: Web) -> None:
    client, viewer = await web.client("owner"), await web.client("viewer")
    await web.service.accept(Event(wall(), "unlocked", "lock:front", by="code", slot=1, person="ana"))
    await web.until(lambda: web.house.lately.last(("lock:front",)) is not None)
    assert "Ana unlocked Front lock" in (await client.get("/doors/front")).text
    told = (await viewer.get("/doors/front")).text
    assert "Ana" not in told
    assert "Front lock: unlocked" in told


async def test_the_page_of_fifty_doors_is_quick_and_small(open_web: Opens) -> None:
    ids = [f"d{number}" for number in range(50)]
    doors = "".join(f'[[doors]]\nid = "{id_}"\nname = "Door {id_}"\nexterior = true\n' for id_ in ids)
    locks = "".join(
        f'[[locks]]\nid = "{id_}"\nname = "Lock {id_}"\ndoor = "{id_}"\nbind = ["simulated:{id_}"]\n' for id_ in ids
    )
    head, _, _ = HOME.partition("[[doors]]")
    text = f'{head}{doors}{locks}[[sources]]\nkind = "simulated"\ndoors = {ids!r}\npeople = 0\n'.replace("'", '"')
    web = await open_web(text)
    client = await web.client("owner")
    await client.get("/")
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        page = await client.get("/", headers={"accept-encoding": "gzip"})
        took.append(time.perf_counter() - begun)
    assert page.text.count('class="card door') == 50
    assert min(took) < 0.1
    assert int(page.headers["content-length"]) < 30_000


@pytest.mark.parametrize("hours", ["0", "99", "-1", "x", ""])
async def test_a_pause_of_the_auto_lock_has_an_end(open_web: Opens, hours: str) -> None:
    web = await open_web(f'{HOME}[[autolock]]\nlock = "front"\nafter = "5m"\n')
    client = await web.client("owner")
    assert (await client.post("/doors/front/pause", data={"hours": hours})).status_code == 400


async def test_the_auto_lock_is_paused_and_resumed(open_web: Opens) -> None:
    web = await open_web(f'{HOME}[[autolock]]\nlock = "front"\nafter = "5m"\n')
    client = await web.client("owner")
    assert (await client.post("/doors/front/pause", data={"hours": "4"})).status_code == 303
    assert "Auto-lock is paused until" in (await client.get("/doors/front")).text
    assert (await client.post("/doors/front/resume")).status_code == 303
    assert "Auto-lock is paused until" not in (await client.get("/doors/front")).text


async def test_a_dead_lock_is_given_up_and_said_to_be_unknown(open_web: Opens) -> None:
    web = await open_web(HOME)
    simulated(web).house.order(Dead(lock="front", seconds=600))
    await web.until(lambda: web.service.listener.states["lock:front"].reachable is False)
    client = await web.client("owner")
    assert (await client.get("/api/doors/front")).json()["door"][
        "why"
    ] == "where the bolt is: the lock is not reachable"


async def test_a_radio_that_is_jammed_is_no_bolt_that_is(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    async def cannot(*_: object, **__: object) -> Outcome:
        return Outcome("unknown", "the controller cannot send: its radio is jammed")

    monkeypatch.setattr(web.service.listener, "command", cannot)
    client = await web.client("owner")
    await client.post("/api/doors/front/lock")
    _, progress = await ended(client)
    assert progress["step"] == "unknown"
    assert "bolt jammed" not in progress["text"]


async def test_who_can_open_a_door_is_worked_out_anew_after_it_could_not_be(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    openers, now = web.house.openers, web.house.now()
    simulated(web).house.order(ForeignCode(lock="front", slot=9))
    await web.until(lambda: any(line.state == "foreign" for line in web.service.access.lines()))
    await openers.now(now)

    def broken(*_: object) -> None:
        raise RuntimeError

    openers._changed = True
    with monkeypatch.context() as patch:
        patch.setattr("nightlatch.web.kept.openers.current", broken)
        with pytest.raises(RuntimeError):
            await openers.now(now)
    openers._found = {}
    assert any(one.state == "foreign" for one in (await openers.now(now))["lock:front"])


async def test_open_pages_hear_of_all_that_a_door_shows(web: Web) -> None:
    client = await web.client("owner")
    for path, kinds in (
        ("/home/doors/front", {"ledger", "person", "grant", "credential", "erased", "connected", "disconnected"}),
        ("/doors/front/now", {"person", "erased", "connected", "disconnected"}),
    ):
        found = re.search(r'data-kinds="([^"]*)"', (await client.get(path)).text)
        assert found is not None
        assert kinds <= set(found[1].split())
