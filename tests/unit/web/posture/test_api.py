from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from nightlatch.audit.checklist import checklist
from nightlatch.store.audits import KEPT
from tests.unit.web.conftest import Web
from tests.unit.web.posture.conftest import audited


async def test_programs_get_what_the_pages_show(sample: Web) -> None:
    audit: Any = sample.service.auditor.last
    client = await sample.client("viewer")
    found = (await client.get("/api/posture")).json()
    assert (found["score"], found["coverage"]) == (audit.score, audit.coverage)
    assert sum(len(section["practices"]) for section in found["sections"]) == 25
    page = (await client.get("/api/posture/findings?show=open&limit=5&offset=1")).json()
    assert page["number"] == found["counts"]["open"] == sum(one.open for one in audit.findings)
    assert [one["title"] for one in page["findings"]] == [one.title for one in audit.ranked()[1:6]]
    assert page["findings"][0]["evidence"]
    for wrong in ("limit=501", "limit=0", "offset=-1", "show=everything"):
        assert (await client.get(f"/api/posture/findings?{wrong}")).status_code == 400, wrong
    assert len(checklist(audit)) == 6


async def test_programs_answer_accept_and_ask_for_a_look(sample: Web) -> None:
    client = await sample.client("owner")
    body = {"about": "home", "fact": "needs", "value": ["remote"]}
    answer = await client.post("/api/posture/answers", json=body)
    assert (answer.status_code, answer.json()["due"]) == (202, True)
    wrong = await client.post("/api/posture/answers", json=body | {"value": 3})
    assert wrong.status_code == 400
    assert "needs cannot be" in wrong.json()["what"]
    assert (await client.delete("/api/posture/answers?about=home&fact=needs")).status_code == 204
    assert (await client.delete("/api/posture/answers?about=home&fact=needs")).status_code == 400
    until = (sample.house.today() + timedelta(days=9)).date().isoformat()
    given = {"practice": "upnp", "reason": "the console", "until": until}
    assert (await client.post("/api/posture/waivers", json=given)).status_code == 202
    assert "upnp" in [one["practice"] for one in (await client.get("/api/posture/waivers")).json()]
    assert (await client.delete("/api/posture/waivers?practice=upnp")).status_code == 204
    assert (await client.post("/api/posture/waivers", json=given | {"practice": "unicorns"})).status_code == 400
    assert (await client.post("/api/posture/audit")).status_code == 202
    await audited(sample)


async def test_the_history_tells_every_score_and_two_audits_can_be_compared(sample: Web) -> None:
    auditor = sample.service.auditor
    last: Any = auditor.last
    path = str(sample.house.configuration.path)
    fixed = last.ranked()[0]
    rest = tuple(one for one in last.findings if one is not fixed)
    earlier = msgspec.structs.replace(last, at=last.at - timedelta(days=2), score=11.0, findings=rest)
    auditor.audits.add(path, earlier)
    client = await sample.client("viewer")
    kept = (await client.get("/api/posture/history")).json()
    assert [one["score"] for one in kept] == [11.0, last.score]
    first, second = (one["id"] for one in kept)
    text = (await client.get(f"/posture/history?first={second}&second={first}")).text
    assert "Got worse" in text
    assert "<svg" in text
    assert "first 11" in text
    assert (await client.get("/posture/history?first=1&second=99999")).status_code == 404


async def test_a_history_of_very_many_audits_is_spread_evenly(sample: Web) -> None:
    audits, last = sample.service.auditor.audits, sample.service.auditor.last
    assert last is not None
    small = msgspec.structs.replace(last, findings=(), things=(), sources=())
    for number in range(KEPT + 5):
        audits.add(
            "other", msgspec.structs.replace(small, at=last.at + timedelta(hours=number), score=float(number % 100))
        )
    kept = audits.history("other", most=50)
    assert len(kept) == 50
    assert [one.at for one in kept] == sorted(one.at for one in kept)
    assert kept[-1].at == last.at + timedelta(hours=KEPT + 4)
    assert len(audits.history("other", most=10_000)) == KEPT
    assert audits.history("nobody's") == []
