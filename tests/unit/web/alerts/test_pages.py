"""Alerts' pages: what is open, seeing to it, who was told; channels and rules without a secret; nothing hostile."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from nightlatch.configuration.read import load
from nightlatch.guard.autolock import machine
from nightlatch.guard.detections.interface import Noticed
from nightlatch.guard.detections.registry import detections
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from nightlatch.service import reauditing
from nightlatch.web.alerts.todo import TODO
from tests.unit.web.conftest import HOME, Opens, Web

HOSTILE = "<script>alert(1)</script>\"' onload=x {{7*7}} \u202e\x1b[31m"
URL = "json://127.0.0.1:9/s3cr3t-t0ken"


def raised(web: Web, detection: str = "tamper", about: str = "lock:front", **fields: Any) -> int:
    now = web.house.now()
    fields = {"severity": Severity.HIGH, "what": "Front door: the cover was opened.", **fields}
    web.service.alerts.take([Noticed(detection, about, now, **fields)])
    return max(row.id for row in web.service.alerts.open())


def test_every_detection_says_what_to_do() -> None:
    assert set(TODO) == {*detections(), machine.DETECTION, reauditing.DETECTION}


async def test_open_alerts_come_gravest_first_with_what_to_do(web: Web) -> None:
    raised(web, "battery-low", what="Front lock: battery 9 %.", severity=Severity.MEDIUM)
    raised(web, severity=Severity.CRITICAL)
    client = await web.client("viewer")
    text = html.unescape((await client.get("/alerts")).text)
    assert text.index("the cover was opened") < text.index("battery 9 %")
    assert TODO["tamper"] in text
    assert "I see to it" not in text
    assert (await client.get("/alerts/live")).text.strip().startswith("<div")
    assert "Nothing needs you" not in text


async def test_nothing_open_is_told_calmly(web: Web) -> None:
    assert "Nothing needs you" in (await (await web.client("viewer")).get("/alerts")).text


async def test_acknowledging_with_a_note_is_journalled_under_the_name_of_who_did(web: Web) -> None:
    id_ = raised(web)
    assert (await (await web.client("viewer")).post(f"/alerts/{id_}/acknowledge")).status_code == 403
    client = await web.client("resident", id_="ana")
    assert web.house.open_alerts() == 1
    answer = await client.post(f"/alerts/{id_}/acknowledge", data={"note": "The  cat.\nAgain."})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/alerts/{id_}")
    assert web.house.open_alerts() == 0
    assert "Somebody sees to it" in (await client.get(f"/alerts/{id_}")).text
    text = (await client.get("/journal?group=alerts")).text
    assert "Ana acknowledged the alert: The lock reports tampering" in text
    assert f"alert {id_}: The cat. Again." in text
    assert (await client.post("/alerts/9999/acknowledge")).status_code == 404
    assert (await client.post(f"/alerts/{id_}/acknowledge", data={"note": "x" * 501})).status_code == 400


async def test_all_of_a_kind_or_all_are_acknowledged_and_what_is_put_aside_is_history(web: Web) -> None:
    first = raised(web, key="a")
    second = raised(web, "battery-low", what="Battery.")
    client = await web.client()
    await client.post("/alerts/acknowledge", data={"detection": "tamper"})
    states = {row.id: row.state for row in web.service.alerts.open()}
    assert states == {first: "acknowledged", second: "open"}
    await client.post("/alerts/acknowledge")
    await client.post("/alerts/acknowledge")
    assert {row.state for row in web.service.alerts.open()} == {"acknowledged"}
    await client.post(f"/alerts/{first}/close")
    assert "the cover was opened" in (await client.get("/alerts/history")).text
    past = (await client.get("/api/alerts/history")).json()
    assert [one["id"] for one in past["alerts"]] == [first]


async def test_history_goes_on_by_number(web: Web) -> None:
    client = await web.client()
    for number in range(60):
        await client.post(f"/api/alerts/{raised(web, key=str(number), what=f'Number {number}.')}/close", json={})
    text = (await client.get("/alerts/history")).text
    older = re.search(r'rel="next" href="([^"]*)"', text)
    assert older is not None
    second = (await client.get(older[1])).text
    seen = re.findall(r"Number (\d+)\.", text + second)
    assert sorted(map(int, seen)) == list(range(60))


async def test_an_alert_shows_the_entries_that_it_came_of(web: Web) -> None:
    now = web.house.now()
    await (await web.service.intake.accept(Event(now - 5, "tamper", "lock:front", detail="cover")))
    await (await web.service.intake.accept(Event(now - 4, "battery", "lock:front", value=50)))
    await (await web.service.intake.accept(Event(now - 3, "tamper", "lock:elsewhere")))
    id_ = raised(web)
    text = (await (await web.client("resident")).get(f"/alerts/{id_}")).text
    behind = re.findall(r'class="what" href="/journal/\d+">([^<]*)<', text)
    assert behind
    assert set(behind) == {"Front lock: tampering"}
    assert "tampering" not in re.sub(r"<h1>.*?</h1>|<title>.*?</title>", "", (
        await (await web.client("viewer")).get(f"/alerts/{id_}")
    ).text.replace("The lock reports tampering", ""))  # fmt: skip


async def test_a_viewer_is_not_told_whose_code_it_was(web: Web) -> None:
    raised(web, "unusual-hour", what="Front door: opened at 03:12.", person="ana")
    assert "(Ana)" in (await (await web.client("resident")).get("/alerts")).text
    assert "Ana" not in (await (await web.client("viewer")).get("/alerts")).text
    found = (await (await web.client("viewer")).get("/api/alerts")).json()
    assert "Ana" not in str(found)


async def test_a_channels_address_is_kept_in_a_private_file_and_shown_nowhere(web: Web) -> None:
    reloaded: list[int] = []
    web.service.reload = lambda: reloaded.append(1)
    client = await web.client()
    form = {"id": "phone", "url": URL, "severity": "medium", "doors": ["front"], "quiet": "on"}
    answer = await client.post("/alerts/channels", data=form)
    assert answer.status_code == 303, answer.text
    path = web.house.configuration.path
    written = path.read_text()
    (channel,) = load(path).tables.alerts.channels
    assert (channel.id, channel.severity, channel.doors, channel.quiet) == ("phone", "medium", ["front"], True)
    (kept,) = (web.house.folder / "secrets").iterdir()
    assert channel.url == f"file:{kept}"
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == (URL, 0o600)
    assert "s3cr3t" not in written
    assert written.startswith(HOME.rstrip("\n")[:60])
    await web.until(lambda: reloaded)
    for place in ("/alerts/channels", "/journal?group=acts", "/api/channels"):
        assert "s3cr3t" not in (await client.get(place)).text
    entries = b"".join(file.read_bytes() for file in web.house.folder.glob("journal.db*"))
    assert b"s3cr3t" not in entries
    assert (await client.post("/alerts/channels/phone/remove")).status_code == 303
    assert not kept.exists()
    assert load(path).tables.alerts.channels == []


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"id": "../x", "url": URL}, "letters"),
        ({"id": "phone", "url": ""}, "address"),
        ({"id": "phone", "url": "no-address-s3cr3t"}, "looks like"),
        ({"id": "phone", "url": URL, "doors": ["nowhere"]}, "no door"),
    ],
)
async def test_a_channel_that_cannot_be_is_told_and_nothing_is_written(
    web: Web, form: dict[str, Any], said: str
) -> None:
    before = web.house.configuration.path.read_text()
    answer = await (await web.client()).post("/alerts/channels", data=form)
    assert answer.status_code == 400
    assert said in answer.text
    assert "s3cr3t" not in answer.text
    assert web.house.configuration.path.read_text() == before
    assert not list((web.house.folder / "secrets").glob("*"))


async def test_channels_and_rules_are_the_owners_and_changes_need_a_fresh_sign_in(web: Web) -> None:
    for path in ("/alerts/channels", "/alerts/rules", "/alerts/detections", "/api/channels", "/api/detections"):
        assert (await (await web.client("resident")).get(path)).status_code == 403
    stale = await web.client("owner", fresh=False)
    for path in ("/alerts/channels", "/alerts/rules/quiet", "/alerts/detections/tamper", "/alerts/channels/a/remove"):
        answer = await stale.post(path, data={"id": "a"})
        assert answer.headers["location"].startswith("/sign-in/again"), path


async def test_notices_quiet_hours_escalation_and_the_digest_are_written_and_taken_away(open_web: Opens) -> None:
    web = await open_web(HOME + '[[alerts.channels]]\nid = "phone"\nurl = "env:NOT_SET"\n')
    client, path = await web.client(), web.house.configuration.path
    notice = {"kinds": ["unlocked"], "people": ["ana"], "channels": ["phone"]}
    assert (await client.post("/alerts/rules/notices", data=notice)).status_code == 303
    assert (
        await client.post("/alerts/rules/quiet", data={"on": "on", "from": "22:00", "until": "06:00"})
    ).status_code == 303
    stage = {"after_minutes": "15", "channels": ["phone"]}
    assert (await client.post("/alerts/rules/escalation", data=stage)).status_code == 303
    assert (await client.post("/alerts/rules/digest", data={"on": "on", "at": "07:30"})).status_code == 303
    table = load(path).tables.alerts
    assert (table.notices[0].people, table.notices[0].quiet) == (["ana"], False)
    assert (table.quiet and table.quiet.until, table.escalation[0].after_minutes) == ("06:00", 15)
    assert table.digest is not None
    for bad in ({"kinds": ["unlocked"]}, {"channels": ["nobody"]}):
        answer = await client.post("/alerts/rules/notices", data=bad)
        assert answer.status_code == 400
    assert (await client.post("/alerts/rules/quiet", data={"on": "on", "from": "x", "until": "y"})).status_code == 400
    assert (await client.post("/alerts/rules/escalation", data={"after_minutes": "soon"})).status_code == 400
    assert (await client.post("/alerts/rules/notices/0/remove")).status_code == 303
    assert (await client.post("/alerts/rules/notices/7/remove")).status_code in (400, 404)
    await client.post("/alerts/rules/quiet")
    await client.post("/alerts/rules/escalation/0/remove")
    await client.post("/alerts/rules/digest")
    table = load(path).tables.alerts
    assert (table.notices, table.quiet, table.escalation, table.digest) == ([], None, [], None)


async def test_a_detection_is_tried_over_the_journal_and_then_set(web: Web) -> None:
    now = web.house.now()
    for number in range(6):
        at = now + number
        await (await web.service.intake.accept(Event(at, "wrong_code", "lock:front")))
    client, path = await web.client(), "/alerts/detections/repeated-wrong-codes"
    page = (await client.get(path)).text
    typed = dict(re.findall(r'id="t-(\w+)" name="\w+" type="number"[^>]* value="([^"]*)"', page))
    tried = (await client.get(path, params={**typed, "count": "4", "days": "2"})).text
    assert "With these: 1." in tried
    assert (await client.get(path, params={**typed, "count": "2", "days": "99"})).status_code == 400
    assert (await client.get(path, params={**typed, "count": "many", "days": "2"})).status_code == 400
    assert (await client.post(path, data={**typed, "count": "4", "on": "on"})).status_code == 303
    assert load(web.house.configuration.path).tables.detections["repeated-wrong-codes"] == {"count": 4}
    assert (await client.post("/alerts/detections/tamper")).status_code == 303
    assert load(web.house.configuration.path).tables.detections["tamper"] == {"on": False}
    assert (await client.get("/alerts/detections/nothing")).status_code == 404


async def test_a_test_message_counts_once_its_number_is_confirmed(open_web: Opens) -> None:
    web = await open_web(HOME + '[[alerts.channels]]\nid = "phone"\nurl = "env:NOT_SET"\n')
    client = await web.client()
    failed = await client.post("/alerts/channels/phone/test")
    assert failed.status_code == 400
    assert "did not go out on phone" in failed.text
    with web.service.alerts.records.begin() as book:
        book.sent_test("phone", "402117", web.house.now())
    assert (await client.post("/alerts/confirm", data={"number": "111111"})).status_code == 400
    assert (await client.post("/alerts/confirm", data={"number": "402 117"})).status_code == 303
    assert (await client.get("/api/channels")).json()[0]["confirmed"] > 0
    assert (await client.post("/api/channels/phone/test")).json()["taken"] is False
    assert (await client.post("/alerts/channels/none/test")).status_code == 404


async def test_no_text_of_an_alert_becomes_markup(web: Web) -> None:
    ids = [
        raised(web, about=f"lock:{HOSTILE}", what=HOSTILE, key=HOSTILE),
        raised(web, detection=HOSTILE, what=HOSTILE, person=HOSTILE),
    ]
    client = await web.client()
    await client.post(f"/alerts/{ids[0]}/acknowledge", data={"note": HOSTILE})
    for path in ("/alerts", "/alerts/live", *(f"/alerts/{id_}" for id_ in ids), "/journal?group=alerts"):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "\x1b" not in answer.text
        assert not re.search(r"<[^>]* onload=", answer.text.replace("&#34;", "").replace("&#39;", ""))
    await client.post(f"/alerts/{ids[0]}/close")
    assert "<script>alert" not in (await client.get("/alerts/history")).text


async def test_the_api_acknowledges_and_refuses_whoever_may_not(web: Web) -> None:
    id_ = raised(web)
    assert (await (await web.client("viewer")).post(f"/api/alerts/{id_}/acknowledge", json={})).status_code == 403
    client = await web.client("resident")
    assert (await client.post(f"/api/alerts/{id_}/acknowledge", json={"note": "ok"})).json() == {"ids": [id_]}
    assert (await client.post("/api/alerts/777/acknowledge", json={})).status_code == 404
    assert (await client.get(f"/api/alerts/{id_}")).json()["state"] == "acknowledged"
    assert (await client.get("/api/alerts")).json()["open"] == []
