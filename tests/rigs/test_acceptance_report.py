"""Line 8: a source that dies, an answer gone stale, a contradiction and a waiver past its end, in every report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from rigs.launch import free_port
from rigs.zwave.rig import ZwaveRig
from tests.rigs.openwrt import BACKUP, FILES
from tests.rigs.owner import Owner, known
from tests.rigs.uci import Router
from tests.rigs.zwave import UNSECURED

TODAY = datetime.now(UTC).date()
OLD, RECENT, ENDED, AHEAD = (TODAY + timedelta(days) for days in (-200, -20, -1, 30))
ANSWERS = f"""
[[doors]]
id = "front"
name = "Front door"
exterior = true

[[routers]]
id = "hallway"
name = "Hallway router"
bind = ["openwrt:router"]

[[answers]]
about = "door:front"
fact = "aligned"
value = true
on = {OLD}

[[answers]]
about = "router:hallway"
fact = "upnp"
value = false
on = {RECENT}

[[waivers]]
practice = "upnp"
check = "off"
reason = "the console needs it until it moves out"
until = {ENDED}

[[waivers]]
practice = "upnp"
check = "natpmp-off"
reason = "the console again"
until = {AHEAD}
"""


def day(date: object) -> str:
    """A day as the reports write it: 2 Nov 2026."""
    return f"{date:%-d %b %Y}"


@pytest.fixture
def at_home(owner: Owner) -> Owner:
    Router(FILES).backup(owner.folder / "backup.tar.gz")
    owner.configure(ANSWERS + BACKUP)
    return owner


def test_a_stale_answer_counts_no_longer_and_says_so(at_home: Owner) -> None:
    finding = at_home.audit().finding("installation/aligned", "door:front")
    assert (finding["verdict"], finding["evidence"]) == ("unknown", [])
    assert known(finding["stale"]) == [("aligned", True, "declared", "declared")]
    assert f"The answer of {OLD}" in finding["summary"]
    assert "is older than 180 days" in finding["summary"]
    told = f"door:front aligned = yes, declared by you on {day(OLD)}"
    reports = at_home.reports()
    assert f"No longer counts: {told}" in reports["text"]
    assert f"no longer counts: {told.replace(',', ';')}" in reports["markdown"]
    assert "No longer counts door:front aligned = yes the bolt slides into the strike" in reports["html"]
    for report in reports.values():
        assert "is older than 180 days" in report


def test_what_the_owner_said_and_the_router_contradicts_is_shown_beside_it(at_home: Owner) -> None:
    finding = at_home.audit().finding("upnp/off", "router:hallway")
    assert finding["verdict"] == "fail"
    assert known(finding["evidence"]) == [("upnp", True, "recorded", "openwrt")]
    assert known(finding["contradicts"]) == [("upnp", False, "declared", "declared")]
    told = f"router:hallway upnp = no, declared by you on {day(RECENT)}"
    reports = at_home.reports()
    assert f"Contradicted: {told}" in reports["text"]
    assert f"contradicted by: {told.replace(',', ';')}" in reports["markdown"]
    assert "Contradicted by router:hallway upnp = no UPnP-IGD is on · declared by you" in reports["html"]


def test_a_waiver_past_its_end_covers_nothing_and_says_so(at_home: Owner) -> None:
    report = at_home.audit()
    over, holds = report.finding("upnp/off"), report.finding("upnp/natpmp-off")
    assert (over["verdict"], over["waiver"]["expired"], over["waiver"]["until"]) == ("fail", True, str(ENDED))
    assert (holds["verdict"], holds["waiver"]["expired"]) == ("fail", False)
    assert report.exit_code == 1
    reports = at_home.reports()
    reason = "the console needs it until it moves out"
    assert f"The waiver ended on {ENDED} and no longer counts (reason then: {reason})" in reports["text"]
    assert f"waiver until {ENDED} ended and no longer counts: {reason}" in reports["markdown"]
    assert f"A waiver ended on {ENDED} and no longer counts. Its reason was: {reason}" in reports["html"]
    for said in reports.values():
        assert "FAIL high Hallway router" in said.replace("**", "").replace("✗ ", "")
        assert f"waived until {AHEAD} Hallway router" in said.replace("**", "").replace(" :", ":")


HOUSE = f"""
[[doors]]
id = "cellar"
name = "Cellar door"
exterior = true

[[locks]]
id = "cellar"
name = "Cellar lock"
door = "cellar"
bind = ["zwavejs:{UNSECURED}"]

[[answers]]
about = "lock:cellar"
fact = "battery_percent"
value = 25
on = {RECENT}

[[sources]]
kind = "zwavejs"
"""
LINK, BATTERY, CODES = "encryption/radio-link", "power-backup/battery", "default-credentials/codes-known"


@asynccontextmanager
async def cut_after(port: int, size: int, cut: Callable[[], None]) -> AsyncIterator[str]:
    """A URL that leads to the server's port, and runs `cut` once the server has said so many bytes."""

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter, left: float) -> None:
        while data := await source.read(4096):
            target.write(data)
            await target.drain()
            left -= len(data)
            if left <= 0:
                await asyncio.to_thread(cut)
                left = float("inf")
        target.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(
            pump(server_reader, writer, size), pump(reader, server_writer, float("inf")), return_exceptions=True
        )

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as relay:
        yield f"ws://127.0.0.1:{relay.sockets[0].getsockname()[1]}"


@pytest.mark.rig
async def test_a_source_that_is_killed_in_the_middle_keeps_what_it_told_and_leaves_the_rest_unknown(
    owner: Owner, fresh_zwave_rig: Callable[..., ZwaveRig]
) -> None:
    rig = fresh_zwave_rig(UNSECURED)
    owner.configure(HOUSE + f'url = "{rig.url}"\n')
    before = owner.audit()
    assert before.source("zwavejs")["status"] == "ok"
    assert (before.finding(LINK)["verdict"], before.finding(CODES)["verdict"]) == ("fail", "not_applicable")
    battery = before.finding(BATTERY)
    assert (battery["verdict"], known(battery["contradicts"])) == (
        "pass",
        [("battery_percent", 25, "declared", "declared")],
    )

    port = int(rig.url.rpartition(":")[2])
    async with cut_after(port, 30_000, rig.stop) as url:
        owner.configure(HOUSE + f'url = "{url}"\n')
        middle = await asyncio.to_thread(owner.audit, "-o", "report.html", "-o", "report.md")
    source = middle.source("zwavejs")
    assert (source["status"], source["todo"]) == ("partial", "Is it restarting? Look at its log.")
    assert source["reason"].endswith("the Z-Wave JS server closed the connection")
    assert (middle.finding(LINK)["verdict"], middle.finding(CODES)["verdict"]) == ("fail", "unknown")
    assert middle.finding(CODES)["summary"] == "Not every code slot of it could be read."
    for name in ("report.html", "report.md"):
        assert "the Z-Wave JS server closed the connection" in (owner.folder / name).read_text("utf-8")


def test_a_source_that_is_dead_leaves_its_facts_unknown_and_the_owner_s_word_counts(owner: Owner) -> None:
    url = f"ws://127.0.0.1:{free_port()}"
    owner.configure(HOUSE + f'url = "{url}"\n')
    report = owner.audit("--strict")
    assert report.exit_code == 3
    source = report.source("zwavejs")
    reason = f"{url}: the Z-Wave JS server cannot be reached (Connection refused)"
    assert (source["status"], source["facts"], source["reason"]) == ("failed", 0, reason)
    assert {report.finding(check)["verdict"] for check in (LINK, CODES)} == {"unknown"}
    assert report.finding(LINK)["summary"] == f"The source zwavejs, which may tell, failed: {reason}."
    battery = report.finding(BATTERY)
    assert (battery["verdict"], known(battery["evidence"])) == (
        "fail",
        [("battery_percent", 25, "declared", "declared")],
    )
    reports = owner.reports()
    todo = source["todo"]
    assert f"failed zwavejs: 0 facts. {reason} → {todo}" in reports["text"]
    assert f"failed zwavejs 0 {reason} {todo}" in reports["html"]
    assert f"| failed | zwavejs | 0 | {reason} {todo} |" in reports["markdown"]
    for text in reports.values():
        assert f"The source zwavejs, which may tell, failed: {reason}." in text
