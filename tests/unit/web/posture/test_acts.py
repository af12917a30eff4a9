from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from nightlatch.audit.repairs import Repair
from nightlatch.model.command import ClearCode, Command, SetParameter
from nightlatch.model.evidence import Ref
from nightlatch.model.finding import Severity
from tests.unit.web.conftest import Web
from tests.unit.web.posture.conftest import audited


def verdict(web: Web, practice: str, check: str, subject: str) -> Any:
    audit: Any = web.service.auditor.last
    return next(one for one in audit.findings if one.key == (practice, check, subject))


def text_of(web: Web) -> str:
    return web.house.configuration.path.read_text()


def acts(web: Web) -> list[tuple[str, str, str]]:
    journal = web.service.journal
    entries = journal.entries(0, journal.size)
    return [(e.event.name, e.event.about, e.event.person) for e in entries if e.event and e.event.kind == "act"]


async def test_an_answer_is_written_judged_at_once_by_the_running_service_and_can_be_taken_back(sample: Web) -> None:
    client = await sample.client("owner")
    service = sample.service
    audit: Any = service.auditor.last
    before = verdict(sample, "fail-safe", "stays-locked", "lock:cellar")
    assert before.verdict.value == "unknown"
    fact, value = "on_flat_battery", "stays_locked"
    page = (await client.get("/posture/findings/fail-safe/stays-locked/lock:cellar")).text
    assert 'name="fact" value="on_flat_battery"' in page
    assert "nightlatch answer lock:cellar on_flat_battery" not in page  # where the form stands
    data = {"about": "lock:cellar", "fact": fact, "value": value, "next": "/posture/fixes"}
    answer = await client.post("/posture/answers", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, "/posture/fixes")
    assert service.auditor.due
    await audited(sample)
    assert sample.service is service  # nobody was signed out
    after: Any = service.auditor.last
    assert after is not audit
    thing = next(one for one in after.things if one.subject == "lock:cellar")
    told = next(one for one in thing.facts if one.fact == fact)
    assert (told.source, told.grade.value) == ("declared", "declared")
    assert verdict(sample, "fail-safe", "stays-locked", "lock:cellar").verdict.value == "pass"
    assert ("answer", "lock:cellar", "owner") in acts(sample)
    assert "You answered" in (await client.get("/posture/answers?about=lock:cellar")).text
    await client.post("/posture/answers/remove", data={"about": "lock:cellar", "fact": fact})
    assert f'fact = "{fact}"' not in text_of(sample).rpartition("cellar")[2]
    await audited(sample)
    assert ("take-answer-back", "lock:cellar", "owner") in acts(sample)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"about": "lock:front", "fact": "battery_percent", "value": "plenty"}, "attery_percent cannot be"),
        ({"about": "lock:front", "fact": "nonsense", "value": "x"}, "no fact"),
        ({"about": "lock:nowhere", "fact": "battery_percent", "value": "5"}, "here is no lock"),
        ({"about": "dragon:1", "fact": "battery_percent", "value": "5"}, "no kind of thing"),
        ({"about": "lock:front", "fact": "battery_percent"}, "hoose an answer"),
        ({"about": "lock:front", "fact": "battery_percent", "value": "5", "on": "2999-01-01"}, "has not come yet"),
        ({"about": "lock:front", "fact": "battery_percent", "value": "5", "on": "soon"}, "is no day"),
        ({"about": "lock:front", "fact": "model", "value": "a\x1b[2Jb"}, "printable"),
        ({"about": "lock:front", "fact": "model", "value": "a" * 5000}, "at most"),
    ],
)
async def test_what_is_no_answer_is_refused_and_nothing_is_written(
    sample: Web, data: dict[str, str], says: str
) -> None:
    before = text_of(sample)
    answer = await (await sample.client("owner")).post("/posture/answers", data=data)
    assert answer.status_code == 400
    assert says in answer.text
    assert text_of(sample) == before


async def test_what_was_typed_stands_in_the_form_again(sample: Web) -> None:
    data = {"about": "lock:front", "fact": "model", "value": "a" * 1001}
    answer = await (await sample.client("owner")).post("/posture/answers", data=data)
    assert f'value="{"a" * 1001}"' in answer.text


async def test_a_list_is_answered_by_boxes_and_by_none_of_these(sample: Web) -> None:
    client = await sample.client("owner")
    await client.post("/posture/answers", data={"about": "home", "fact": "needs", "value": ["remote", "voice"]})
    assert '["remote", "voice"]' in text_of(sample)
    await client.post("/posture/answers", data={"about": "home", "fact": "needs", "value": "none"})
    assert "value = []" in text_of(sample)
    text = (await client.get("/posture/answers?about=home")).text
    assert 'value="none" checked' in text


async def test_a_waiver_needs_a_reason_and_an_end_and_counts_after_the_next_look(sample: Web) -> None:
    client = await sample.client("owner")
    audit: Any = sample.service.auditor.last
    finding = audit.ranked()[0]
    data = {"practice": finding.practice, "check": finding.check, "subject": finding.subject, "covers": "this"}
    until = (sample.house.today() + timedelta(days=30)).date().isoformat()
    for wrong in ({"until": until}, {"reason": "later"}, {"reason": "later", "until": "2020-01-01"}):
        answer = await client.post("/posture/waivers", data=data | wrong)
        assert answer.status_code == 400
    answer = await client.post("/posture/waivers", data=data | {"reason": "<i>soon</i> 'so'", "until": until})
    assert answer.status_code == 303
    await audited(sample)
    assert verdict(sample, *finding.key).waived
    page = (await client.get("/posture/waivers")).text
    assert "&lt;i&gt;soon" in page
    taken = await client.post(
        "/posture/waivers/remove", data={name: data[name] for name in ("practice", "check", "subject")}
    )
    assert taken.status_code == 303
    await audited(sample)
    assert verdict(sample, *finding.key).open
    assert [name for name, _about, _who in acts(sample) if "waive" in name] == ["waive", "take-waiver-back"]


async def test_after_an_act_one_goes_on_only_to_a_page_of_this_area(sample: Web) -> None:
    client = await sample.client("owner")
    for next_ in ("//evil.example/", "https://evil.example/", "/posture\\@evil.example"):
        answer = await client.post("/posture/audit", data={"next": next_})
        assert answer.headers["location"] == "/posture"


@pytest.mark.parametrize("role", ["viewer", "resident"])
async def test_who_may_only_see_can_neither_answer_nor_accept_nor_put_right(sample: Web, role: Any) -> None:
    client = await sample.client(role)
    repair = sample.service.auditor.repairs[0].id
    before = text_of(sample)
    for path in (
        *("/posture/audit", "/posture/answers", "/posture/answers/remove", "/posture/waivers", "/posture/fixes"),
        *("/posture/waivers/remove", f"/posture/fixes/{repair}", f"/api/posture/repairs/{repair}"),
    ):
        answer = await client.post(path, data={"about": "lock:front", "fact": "battery_percent", "value": "5"})
        assert answer.status_code == 403, path
    body = {"about": "home", "fact": "needs", "value": []}
    assert (await client.post("/api/posture/answers", json=body)).status_code == 403
    assert text_of(sample) == before
    for path in ("/posture", "/posture/answers", "/posture/fixes", "/posture/waivers"):
        assert '<form method="post"' not in (await client.get(path)).text.partition("<main")[2], path
    assert (await (await sample.client(None)).get("/api/posture")).status_code == 401


def asked(web: Web, command: Command) -> Repair:
    """A repair that the last audit is said to have found."""
    repair = Repair("lock:cellar", "Cellar", Severity.HIGH, "Do it.", (command,), ("fail-safe/auto-lock",))
    web.service.auditor.repairs = [repair]
    return repair


async def test_a_repair_is_shown_first_needs_a_fresh_sign_in_and_is_read_back(sample: Web) -> None:
    client = await sample.client("owner")
    stale = await sample.client("owner", fresh=False)
    repair = asked(sample, SetParameter(Ref("lock", "cellar"), "auto_relock_s", 45))
    page = (await client.get("/posture/fixes")).text
    assert repair.summary in page
    assert "Do this now" in page
    answer = await stale.post(f"/posture/fixes/{repair.id}")
    assert (answer.status_code, answer.headers["location"][:14]) == (303, "/sign-in/again")
    assert (await stale.post(f"/api/posture/repairs/{repair.id}")).json()["need"] == "fresh"
    assert not sample.service.repairer.runs
    assert (await client.post(f"/posture/fixes/{repair.id}")).status_code == 303
    run = sample.service.repairer.runs[repair.id]
    await sample.until(lambda: run.state == "ended", 60)
    assert [one.ending for one in run.outcomes] == ["evidence"] * len(repair.does)
    text = (await client.get("/posture/parts/fixes")).text
    assert "done and read back" in text
    assert ("fix", "lock:cellar", "owner") in acts(sample)
    await audited(sample)
    assert repair.id not in [one.id for one in sample.service.auditor.repairs]
    assert (await client.post(f"/posture/fixes/{repair.id}")).status_code == 404


async def test_what_cannot_be_reached_is_not_called_done(sample: Web) -> None:
    client = await sample.client("owner")
    repair = next((one for one in sample.service.auditor.repairs if one.subject == "lock:front"), None)
    assert repair is not None  # its hub is only known by its files
    await client.post("/posture/fixes", data={"id": repair.id})
    run = sample.service.repairer.runs[repair.id]
    await sample.until(lambda: run.state == "ended", 60)
    assert not run.proven
    text = (await client.get("/posture/fixes")).text
    assert "not proven" in text
    assert "done and read back" not in text


async def test_a_code_that_nobody_explains_goes_by_way_of_the_ledger_and_is_proven_gone(sample: Web) -> None:
    repair = asked(sample, ClearCode(Ref("lock", "cellar"), 1))
    client = await sample.client("owner")
    await client.post(f"/posture/fixes/{repair.id}")
    run = sample.service.repairer.runs[repair.id]
    await sample.until(lambda: run.state == "ended", 60)
    assert [one.what for one in run.outcomes] == ["it is gone: its slot was read empty"]
    assert run.proven
    journal = sample.service.journal
    cleared = [one.event.name for one in journal.entries(0, journal.size) if one.event and one.event.slot == 1]
    assert "clear_code" in cleared


async def test_a_slot_in_which_nothing_is_known_is_not_called_cleared(sample: Web) -> None:
    repair = asked(sample, ClearCode(Ref("lock", "cellar"), 17))
    client = await sample.client("owner")
    await client.post(f"/posture/fixes/{repair.id}")
    run = sample.service.repairer.runs[repair.id]
    await sample.until(lambda: run.state == "ended", 60)
    assert [one.ending for one in run.outcomes] == ["unknown"]
