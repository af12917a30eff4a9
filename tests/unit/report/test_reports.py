"""Every format shows the same audit, and no text from outside becomes markup."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from io import StringIO

import msgspec
import pytest
from rich.console import Console

from nightlatch.audit.checklist import checklist
from nightlatch.audit.drift import compare
from nightlatch.model.document import (
    Audit,
    Evidence,
    FindingDocument,
    FixDocument,
    HomeDocument,
    SectionDocument,
    SourceDocument,
    ThingDocument,
    WaiverDocument,
)
from nightlatch.model.evidence import Grade
from nightlatch.model.finding import SECTION_TITLES, Section, Severity, Verdict
from nightlatch.report import html, markdown, pdf, terminal, words, write

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=y>|`[x](javascript:z)*_#{{7*7}}{% raw %}$a$ #eval(1)\x1b[31m\n\r"
)


def fact(value: object = True, **changes: object) -> Evidence:
    made = Evidence("router:r", "upnp", "UPnP-IGD is on", value, Grade.RECORDED, "openwrt", NOW, "upnpd:3")
    return msgspec.structs.replace(made, **changes)


def finding(**changes: object) -> FindingDocument:
    made = FindingDocument(
        practice="upnp",
        practice_title="Keep UPnP off",
        check="off",
        section=Section.NETWORK,
        subject="router:r",
        label="box",
        verdict=Verdict.FAIL,
        severity=Severity.HIGH,
        weight=4,
        title="UPnP is off",
        summary="UPnP is on.",
        why="It opens doors.",
        evidence=(fact(),),
        contradicts=(fact(False, grade=Grade.DECLARED, source="declared"),),
        stale=(),
        settled_by="",
        fix=FixDocument("Switch it off.", ("Sign in.", "uci set upnpd.config.enabled='0'"), True),
        standards=("ETSI EN 303 645 V3.1.3 5.6-1",),
        waiver=None,
    )
    return msgspec.structs.replace(made, **changes)


def audit(*findings: FindingDocument, name: str = "Elm Street 4") -> Audit:
    return Audit(
        version="0",
        home=HomeDocument(name, "Europe/Berlin"),
        at=NOW,
        profile="full",
        profile_notes=("age: 60 instead of 30 days",),
        score=42.0,
        coverage=0.5,
        worst=Severity.HIGH,
        sections=tuple(SectionDocument(item, SECTION_TITLES[item], 42.0, 0.5, None) for item in Section),
        sources=(SourceDocument("openwrt", "openwrt", "failed", 0, "the file is gone", "Bring it back."),),
        findings=findings or (finding(),),
        things=(ThingDocument("router:r", "router", "box", ("r",), (fact(),)),),
    )


def text_of(document: Audit, details: bool = True) -> str:
    out = StringIO()
    terminal.show(document, Console(file=out, width=300), details=details)
    return out.getvalue()


class Tags(HTMLParser):
    """Collects tags, and every attribute that could load or run something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loads: list[tuple[str, str | None]] = []
        self.stack: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loads += [
            (name, value)
            for name, value in attrs
            if name in ("src", "srcset", "style", "data", "action", "background") or name.startswith("on")
        ]
        self.loads += [(name, value) for name, value in attrs if name == "href" and not (value or "").startswith("#")]


@pytest.mark.parametrize("part", ["box", "UPnP is on.", "UPnP is off", "Switch it off.", "upnpd:3", "the file is gone"])
def test_every_format_shows_the_finding_its_place_its_fix_and_the_failed_source(part: str) -> None:
    document = audit()
    assert part in text_of(document)
    assert part in html.render(document)
    if part != "UPnP is off":
        assert part in markdown.render(document)


def test_a_contradiction_a_stale_answer_and_both_kinds_of_waiver_are_shown() -> None:
    old = fact(True, source="declared", grade=Grade.DECLARED)
    document = audit(
        finding(),
        finding(verdict=Verdict.UNKNOWN, stale=(old,), subject="router:s"),
        finding(waiver=WaiverDocument("so be it", date(2027, 1, 31), False), subject="router:t"),
        finding(waiver=WaiverDocument("was so", date(2026, 1, 31), True), subject="router:u"),
    )
    for text in (text_of(document), html.render(document), markdown.render(document)):
        lower = text.lower()
        assert "contradicted" in lower
        assert "no longer counts" in lower
        assert "so be it" in text
        assert "was so" in text
        assert "2027-01-31" in text
        assert "2026-01-31" in text


def test_the_html_loads_nothing_and_holds_no_script_whatever_the_home_is_called() -> None:
    hostile = finding(label=HOSTILE, summary=HOSTILE, why=HOSTILE, evidence=(fact(HOSTILE, where=HOSTILE),))
    page = html.render(audit(hostile, name=HOSTILE))
    tags = Tags(page)
    assert not tags.tags & {"script", "img", "link", "iframe", "object", "embed", "base", "form"}
    assert tags.loads == []
    assert "{{7*7}}" in page
    assert "default-src &#39;none&#39;" in page


def test_markdown_escapes_what_could_become_markup() -> None:
    text = markdown.render(audit(finding(label=HOSTILE, summary=HOSTILE), name=HOSTILE))
    assert "<script>" not in text.replace("\\<script\\>", "")
    assert not re.search(r"(?<!\\)\[x\]\(", text)


def test_the_pdf_takes_hostile_text_as_text() -> None:
    assert pdf.render(audit(finding(label=HOSTILE, summary=HOSTILE), name=HOSTILE)).startswith(b"%PDF")


def test_the_style_of_the_page_is_the_one_that_its_policy_allows() -> None:
    import base64
    import hashlib

    page = html.render(audit())
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src &#39;sha256-{digest}&#39;" in page or f"style-src 'sha256-{digest}'" in page


def test_findings_that_say_the_same_are_shown_once_with_their_number() -> None:
    unknown = [finding(verdict=Verdict.UNKNOWN, check=str(n), summary="No router is known.") for n in range(3)]
    text = text_of(audit(*unknown), details=False)
    assert text.count("No router is known.") == 1
    assert "(3 checks)" in text


def test_what_changed_is_in_every_format() -> None:
    before = audit(finding(verdict=Verdict.PASS))
    now = msgspec.structs.replace(audit(), changes=compare(before, audit()))
    for suffix in (".html", ".md"):
        assert "Newly failing" in write.render(now, suffix).decode()
    assert write.render(now, ".pdf").startswith(b"%PDF")
    assert len(json.loads(write.render(now, ".json"))["changes"]["newly_failing"]) == 1


def test_that_nothing_changed_and_that_another_profile_was_used_is_said() -> None:
    before = msgspec.structs.replace(audit(), profile="mine")
    now = msgspec.structs.replace(audit(), changes=compare(before, audit()))
    for text in (text_of(now, details=False), write.render(now, ".html").decode(), write.render(now, ".md").decode()):
        assert "Nothing changed." in text
        assert "the profile mine" in text


def test_an_audit_with_nothing_applicable_reads_well_in_every_format() -> None:
    empty = msgspec.structs.replace(
        audit(finding(verdict=Verdict.NOT_APPLICABLE, evidence=())), score=None, coverage=None, worst=None
    )
    for suffix in write.SUFFIXES:
        assert write.render(empty, suffix)
    assert "Nothing that was checked is wrong" in text_of(empty)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (True, "yes"),
        (False, "no"),
        (None, "nothing"),
        ([], "none"),
        (["a", 1], "a, 1"),
        ({"protocol": "tcp", "label": ""}, "protocol=tcp"),
        ({"id": "CVE-1", "applies": "cannot_tell"}, "CVE-1 (applies: cannot tell)"),
        (12, "12"),
    ],
)
def test_values_read_as_words(given: object, told: str) -> None:
    assert words.value(given) == told


@pytest.mark.parametrize(
    ("step", "command"),
    [
        ("uci set wireless.x.encryption='sae'", True),
        ("/ip upnp set enabled=no", True),
        ("nightlatch answer home needs remote", True),
        ("Sign in to the router.", False),
        ("reading the manual helps", False),
        ("Wifi phrases are long.", False),
    ],
)
def test_commands_are_told_from_sentences(step: str, command: bool) -> None:
    assert words.is_command(step) is command


def test_the_checklist_is_printed_with_its_six_lines() -> None:
    out = StringIO()
    terminal.show_checklist(checklist(audit()), Console(file=out, width=100))
    assert sum(line.startswith(("✓", "✗", "?", "–")) for line in out.getvalue().splitlines()) == 6


def test_what_was_accepted_is_counted_apart() -> None:
    waived = finding(waiver=WaiverDocument("r", date(2027, 1, 31), expired=False))
    page = write.render(audit(waived, finding(check="other")), ".html").decode()
    assert "<b>1 / 0 / 0</b>failed / unknown / passed" in page
    assert "<b>1</b>accepted by you" in page
