"""The pages of posture that are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from nightlatch.audit.checklist import checklist
from nightlatch.model.finding import Verdict
from nightlatch.practices.registry import find
from nightlatch.report import words
from nightlatch.web.house import House
from nightlatch.web.pages import page
from nightlatch.web.posture import asking, fixing, past, view
from nightlatch.web.posture.known import last
from nightlatch.web.signin.who import Who, may
from nightlatch.web.texts import _

Asked = Request[Who, Any, Any]


def shown(request: Asked, house: House, template: str, *, status: int = 200, **values: Any) -> Response[str]:
    """A page of this area, with what all of them show."""
    common = {
        "auditing": view.auditing(house.service.auditor),
        "words": words,
        "tone": tone,
        "state": state,
        "entered": asking.entered,
        "spoken": spoken,
        "Verdict": Verdict,
    }
    return page(request, house, f"posture/{template}", status=status, **common, **values)


def tone(one: Any) -> str:
    """The tone of a finding's badge, or of a practice's."""
    if one.waived:
        return "info"
    if one.verdict is Verdict.FAIL:
        return "bad" if one.severity.value in ("critical", "high") else "warn"
    return {Verdict.PASS: "good", Verdict.UNKNOWN: "mute"}.get(one.verdict, "mute")


def state(one: Any) -> str:
    """A verdict in the word that people read."""
    if one.waived:
        return _("accepted")
    if one.verdict is Verdict.FAIL:
        severities = {"critical": _("critical"), "high": _("serious"), "medium": _("medium"), "low": _("minor")}
        return severities[one.severity.value]
    names = {Verdict.PASS: _("good"), Verdict.UNKNOWN: _("not known"), Verdict.NOT_APPLICABLE: _("does not apply")}
    return names[one.verdict]


def spoken(value: Any) -> str:
    """A fact's value as people read it: of the words that facts choose between, without what joins them."""
    text = words.value(value)
    return text.replace("_", " ") if _WORD.fullmatch(text) else text


_WORD = re.compile(r"[a-z]+(?:_[a-z0-9]+)+")


@get("/posture", guards=[may("see")], include_in_schema=False)
async def overview(
    *,
    request: Asked,
    house: NamedDependency[House],
    show: FromQuery[view.Show] = "",
    about: FromQuery[str] = "",
    practice: FromQuery[str] = "",
    part: FromQuery[int] = 1,
) -> Response[str]:
    """How the home stands; with a filter, the findings that it takes."""
    auditor = house.service.auditor
    audit = auditor.known
    if audit is None:
        return shown(request, house, "first.html")
    chosen = view.Filter(show, about, practice)
    if chosen.any:
        found = view.selected(audit, chosen)
        pages = max(1, -(-len(found) // view.PAGE))
        part = min(max(part, 1), pages)
        return shown(
            request,
            house,
            "findings.html",
            chosen=chosen,
            rows=[view.row(one) for one in found[(part - 1) * view.PAGE : part * view.PAGE]],
            number=len(found),
            part=part,
            pages=pages,
            things=view.things(audit),
            counts=view.counts(filter(view.Filter("", about, practice).takes, audit.findings)),
        )
    made = view.posture(audit, auditor.changes, view.auditing(auditor))
    return shown(request, house, "overview.html", view=made, things=view.things(audit))


@get("/posture/parts/overview", guards=[may("see")], include_in_schema=False)
async def overview_part(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """The overview alone."""
    auditor = house.service.auditor
    made = view.posture(last(house), auditor.changes, view.auditing(auditor))
    return shown(request, house, "part_overview.html", view=made, things=view.things(last(house)))


@get("/posture/parts/auditing", guards=[may("see")], include_in_schema=False)
async def auditing_part(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """How the audit fares alone."""
    return shown(request, house, "part_auditing.html")


@get("/posture/practices/{id_:str}", guards=[may("see")], include_in_schema=False)
async def practice(request: Asked, house: NamedDependency[House], id_: FromPath[str]) -> Response[str]:
    """One practice: what it is, why, what settles it, and how the home fares."""
    known = find(id_)
    findings = view.selected(last(house), view.Filter(practice=id_))
    rows = [view.row(one) for one in findings[: view.PAGE]]
    return shown(request, house, "practice.html", practice=known, rows=rows, more=len(findings) - len(rows))


MOST_IN_PART = 20
"""Findings of a practice that are shown when it is opened in place."""


@get("/posture/parts/practices/{id_:str}", guards=[may("see")], include_in_schema=False)
async def practice_part(request: Asked, house: NamedDependency[House], id_: FromPath[str]) -> Response[str]:
    """The findings of a practice, those that need somebody first."""
    found = view.selected(last(house), view.Filter(practice=find(id_).id))
    rows = [view.row(one) for one in found[:MOST_IN_PART]]
    return shown(request, house, "part_rows.html", rows=rows, more=len(found) - len(rows), id=id_)


async def details(request: Asked, house: House, prefix: str) -> Mapping[str, Any]:
    """What a finding's page and its part show; its key is the rest of the path."""
    practice_id, _slash, rest = request.scope["path"].removeprefix(prefix).partition("/")
    check, _slash, subject = rest.partition("/")
    audit = last(house)
    finding = view.found(audit, practice_id, check, subject)
    configuration = await house.read(lambda: asking.read(house))
    questions = asking.asked(configuration, audit, finding)
    # What stands below as a form needs no command.
    asked = [f"nightlatch answer {one.about} {one.fact} " for one in questions if request.user.may("posture")]
    steps = [step for step in finding.fix.steps if not any(one in step for one in asked)] if finding.fix else []
    repair = next((one for one in house.service.auditor.repairs if _closes(one, finding.key)), None)
    return {
        "finding": finding,
        "row": view.row(finding),
        "questions": questions,
        "steps": steps,
        "repair": repair.id if repair is not None else "",
        "today": house.today().astimezone(house.zone).date(),
        "later": house.today().astimezone(house.zone).date() + timedelta(days=90),
    }


def _closes(repair: Any, key: tuple[str, str, str]) -> bool:
    return f"{key[0]}/{key[1]}" in repair.closes and repair.subject == key[2]


@get("/posture/findings/{key:path}", guards=[may("see")], include_in_schema=False)
async def finding(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """One finding, with how it is known and what to do."""
    return shown(request, house, "finding.html", **await details(request, house, "/posture/findings/"))


@get("/posture/parts/findings/{key:path}", guards=[may("see")], include_in_schema=False)
async def finding_part(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """The same, to open in place."""
    return shown(request, house, "part_finding.html", **await details(request, house, "/posture/parts/findings/"))


@get("/posture/answers", guards=[may("posture")], include_in_schema=False)
async def answers(request: Asked, house: NamedDependency[House], about: FromQuery[str] = "") -> Response[str]:
    """What only a person can tell."""
    return await answers_page(request, house, about)


async def answers_page(
    request: Asked, house: House, about: str, *, status: int = 200, problem: Any = None, typed: Mapping[str, Any] = {}
) -> Response[str]:
    """The questions, with what was typed where that was no answer."""
    audit = house.service.auditor.known
    made = await house.read(lambda: asking.questions(asking.read(house), audit, about))
    today = house.today().astimezone(house.zone).date()
    return shown(request, house, "answers.html", view=made, today=today, status=status, problem=problem, typed=typed)


@get("/posture/waivers", guards=[may("see")], include_in_schema=False)
async def waivers(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """What the owner accepts for a time."""
    return await waivers_page(request, house)


async def waivers_page(
    request: Asked, house: House, *, status: int = 200, problem: Any = None, typed: Any = None
) -> Response[str]:
    """The waivers, with the form again where what was typed was none."""
    today = house.today().astimezone(house.zone).date()
    audit = house.service.auditor.known
    made = await house.read(lambda: asking.waived(asking.read(house), audit, today))
    return shown(request, house, "waivers.html", view=made, status=status, problem=problem, typed=typed, today=today)


@get("/posture/fixes", guards=[may("see")], include_in_schema=False)
async def fixes(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """What Nightlatch can put right by itself."""
    return shown(request, house, "fixes.html", view=fixing.repairs(house))


@get("/posture/parts/fixes", guards=[may("see")], include_in_schema=False)
async def fixes_part(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """The same alone."""
    return shown(request, house, "part_fixes.html", view=fixing.repairs(house))


@get("/posture/history", guards=[may("see")], include_in_schema=False)
async def history(
    request: Asked, house: NamedDependency[House], first: FromQuery[int] = 0, second: FromQuery[int] = 0
) -> Response[str]:
    """How the score went, and what changed between two audits."""
    audits, path = house.service.auditor.audits, str(house.configuration.path)
    kept = await house.read(lambda: audits.history(path))
    made = await house.read(lambda: past.between(audits, path, first, second)) if first and second else None
    every = timedelta(hours=house.configuration.tables.service.audit_every_hours)
    return shown(
        request,
        house,
        "history.html",
        kept=kept[::-1],
        chart=past.chart(kept, house.zone, every),
        comparison=made,
        first=first or (kept[-2].id if len(kept) > 1 else 0),
        second=second or (kept[-1].id if kept else 0),
    )


@get("/posture/checklist", guards=[may("see")], include_in_schema=False)
async def checks(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """Every practice in a line, to print."""
    audit = last(house)
    made = view.posture(audit, None, view.auditing(house.service.auditor))
    lines = [msgspec.structs.asdict(one) for one in checklist(audit)]
    return shown(request, house, "checklist.html", view=made, lines=lines)
