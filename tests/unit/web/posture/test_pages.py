from __future__ import annotations

import re
from typing import Any

from nightlatch.model.finding import Verdict
from nightlatch.practices.registry import practices
from tests.unit.web.conftest import Opens, Web
from tests.unit.web.posture.conftest import EVIL

PAGES = (
    "/posture",
    "/posture?show=open",
    "/posture?show=unknown",
    "/posture?show=passing&about=lock:front",
    "/posture?show=waived",
    "/posture/answers",
    "/posture/answers?about=lock:cellar",
    "/posture/waivers",
    "/posture/fixes",
    "/posture/history",
    "/posture/checklist",
    "/posture/practices/upnp",
)


async def test_the_overview_tells_the_score_what_to_do_first_and_every_practice(sample: Web) -> None:
    audit: Any = sample.service.auditor.last
    text = (await (await sample.client("viewer")).get("/posture")).text
    assert f"Score {audit.score:.0f} of 100" in text
    for one in practices():
        assert f"/posture/parts/practices/{one.id}" in text
    open_ = sum(one.open for one in audit.findings)
    assert f'<b class="number">{open_}</b> to put right' in text
    # What is folded is not sent before it is asked for.
    assert len(text) < 40_000
    assert "/posture/audit" not in text  # a viewer asks for none


async def test_filters_work_by_the_address_alone_and_the_worst_stands_first(sample: Web) -> None:
    audit: Any = sample.service.auditor.last
    client = await sample.client("viewer")
    for show, takes in (
        ("open", lambda one: one.open),
        ("unknown", lambda one: one.verdict is Verdict.UNKNOWN and not one.waived),
    ):
        wanted = [one for one in audit.findings if takes(one) and one.subject == "lock:front"]
        text = (await client.get(f"/posture?show={show}&about=lock:front")).text
        assert text.count('<details class="finding"') == len(wanted)
    text = (await client.get("/posture?show=open")).text
    words = re.findall(r"(critical|serious|medium|minor)</span> <b>", text)
    order = ["critical", "serious", "medium", "minor"]
    assert words == sorted(words, key=order.index)
    assert len(set(words)) > 1


async def test_a_long_list_comes_in_pages(sample: Web) -> None:
    client = await sample.client("viewer")
    first, second = [(await client.get(f"/posture?show=unknown&part={part}")).text for part in (1, 2)]
    assert first.count('<details class="finding"') == 50
    assert "Page 1 of" in first
    assert set(re.findall(r'data-fill="([^"]+)"', first)).isdisjoint(re.findall(r'data-fill="([^"]+)"', second))
    assert (await client.get("/posture?show=unknown&part=-7")).text.count('<details class="finding"') == 50


async def test_every_finding_opens_in_place_and_on_its_page_with_how_it_is_known(sample: Web) -> None:
    audit: Any = sample.service.auditor.last
    client = await sample.client("owner")
    seen = set()
    for finding in audit.findings:
        kind = (finding.verdict, bool(finding.contradicts), bool(finding.stale), finding.waived, finding.practice)
        if kind in seen:
            continue
        seen.add(kind)
        path = f"{finding.practice}/{finding.check}/{finding.subject}"
        for where in ("findings", "parts/findings"):
            answer = await client.get(f"/posture/{where}/{path}")
            assert answer.status_code == 200, path
            if finding.evidence:
                assert "How do you know?" in answer.text
                assert finding.evidence[0].source in answer.text or finding.evidence[0].source == "declared"
        if where == "parts/findings":
            assert answer.text.lstrip().startswith('<div class="inside">')
    assert (await client.get("/posture/findings/upnp/off/router:nobody")).status_code == 404
    assert (await client.get("/posture/findings/upnp")).status_code in (400, 404)


async def test_names_that_try_to_be_markup_are_text_on_every_page(sample: Web) -> None:
    client = await sample.client("owner")
    audit: Any = sample.service.auditor.last
    paths = [*PAGES, "/posture/parts/overview", "/posture/parts/fixes"]
    paths += [f"/posture/parts/practices/{one.id}" for one in practices()]
    evil = [one for one in audit.findings if EVIL in one.label]
    assert evil
    paths += [f"/posture/findings/{one.practice}/{one.check}/{one.subject}" for one in evil]
    shown = 0
    for path in paths:
        text = (await client.get(path)).text
        assert "<img" not in text, path
        assert "<script>" not in text, path
        assert "style=" not in text, path
        shown += "&lt;img src=x" in text
    assert shown > len(evil)


async def test_what_is_asked_for_in_an_address_is_text_too(sample: Web) -> None:
    client = await sample.client("owner")
    for path in (
        "/posture?show=open&about=",
        "/posture/answers?about=lock:",
        "/posture/practices/",
        "/posture/findings/a/b/",
    ):
        text = (await client.get(path + "%3Cimg%20src%3Dx%3E")).text
        assert "<img" not in text, path


async def test_the_checklist_has_a_line_for_each_of_the_practices_and_the_six(sample: Web) -> None:
    text = (await (await sample.client("viewer")).get("/posture/checklist")).text
    lines = re.findall(r'<li><span class="tick">', text)
    assert len(lines) == 25 + 6


async def test_reports_come_as_files_and_never_as_pages_of_the_site(sample: Web) -> None:
    client = await sample.client("resident")
    begins = {"html": b"<!doctype html>", "pdf": b"%PDF", "md": b"#", "json": b"{"}
    for ending, begin in begins.items():
        # It names people, and whose the codes are.
        assert (await (await sample.client("viewer")).get(f"/posture/report.{ending}")).status_code == 403
        answer = await client.get(f"/posture/report.{ending}")
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].startswith('attachment; filename="nightlatch-2')
        assert answer.content.startswith(begin), ending
        assert answer.headers["cache-control"] == "no-store"
    assert (await client.get("/posture/report.exe")).status_code == 404
    assert (await client.get("/posture/report.html")).text.count("<img") == 0


async def test_before_the_first_audit_the_page_says_that_it_is_being_made(open_web: Opens) -> None:
    web = await open_web()
    await web.until(lambda: web.service.auditor.last, 60)
    web.service.auditor.last = None
    client = await web.client("viewer")
    assert "The first look at your home is under way" in (await client.get("/posture")).text
    assert (await client.get("/posture/parts/overview")).status_code == 404
    assert (await client.get("/api/posture")).status_code == 404
    assert "Nothing waits for an answer" in (await (await web.client()).get("/posture/answers")).text


async def test_what_an_earlier_run_found_is_shown_as_such_until_there_is_a_newer_audit(sample: Web) -> None:
    auditor = sample.service.auditor
    auditor.before, auditor.last = auditor.last, None
    text = (await (await sample.client("viewer")).get("/posture")).text
    assert "before Nightlatch was last started" in text


async def test_a_failed_look_is_told_with_its_reason(sample: Web) -> None:
    sample.service.auditor.failed = "the disk <b>is</b> full"
    text = (await (await sample.client("viewer")).get("/posture")).text
    assert "the disk &lt;b&gt;is&lt;/b&gt; full" in text


async def test_the_findings_of_one_practice_can_be_listed_alone(sample: Web) -> None:
    audit: Any = sample.service.auditor.last
    client = await sample.client("viewer")
    text = (await client.get("/posture?practice=updates")).text
    assert text.count('<details class="finding"') == sum(one.practice == "updates" for one in audit.findings)
    assert "Nothing of this kind" in (await client.get("/posture?practice=unicorns")).text
