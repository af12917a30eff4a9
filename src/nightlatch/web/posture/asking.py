"""Questions and waivers, read from the file as it is now, and written into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from nightlatch.audit import answering, waivers
from nightlatch.audit.answering import Question
from nightlatch.configuration.read import Configuration, load
from nightlatch.configuration.tables import AnswerTable, WaiverTable
from nightlatch.errors import UsageError
from nightlatch.model.document import Audit, FindingDocument
from nightlatch.web.house import House
from nightlatch.web.signin.who import Who
from nightlatch.web.texts import _

FIRST = 12
"""Questions that are asked first: those whose answers settle most."""


class AnswerInput(msgspec.Struct, frozen=True):
    """An answer. `value` is true or false, a number, text, a day as "2026-10-01", or a list of words."""

    about: str
    """The thing, as "lock:front" or "home"."""
    fact: str
    value: Any
    on: date | None = None
    """The day that it is of; today otherwise."""


class WaiverInput(msgspec.Struct, frozen=True):
    """A finding that is accepted for a reason until a day, that day included."""

    practice: str
    reason: str
    until: date
    subject: str = "home"
    """The thing, as "lock:front"; "home" covers all of the practice's."""
    check: str = ""
    """Only this check of the practice."""


class WaiverView(msgspec.Struct, frozen=True):
    """A waiver as it stands in the file."""

    practice: str
    title: str
    subject: str
    label: str
    check: str
    reason: str
    until: date
    expired: bool


class Thing(msgspec.Struct, frozen=True):
    """A thing that can be asked about."""

    about: str
    label: str
    asked: int
    """How many questions there are about it."""
    answered: int
    waiting: int
    """Of how many of them checks wait."""


class Questions(msgspec.Struct, frozen=True):
    """What only a person can tell."""

    first: tuple[Question, ...]
    """Those whose answers settle most, most first."""
    things: tuple[Thing, ...]
    about: str
    label: str
    all: tuple[Question, ...]
    """About one thing, where one was asked for."""
    labels: dict[str, str]


def read(house: House) -> Configuration:
    """The configuration's file as it is now. In a thread."""
    return load(house.configuration.path)


def questions(configuration: Configuration, audit: Audit | None, about: str = "") -> Questions:
    """Every question, or those about one thing."""
    given = answering.given(configuration)
    waiting = answering.waiting(audit) if audit is not None else {}
    labels = {thing.subject: thing.label for thing in audit.things} if audit is not None else {}
    subjects = list(dict.fromkeys((*answering.subjects(configuration), *(one for one, _fact in waiting))))
    every = {
        one: answering.questions(one, given, waiting) for one in dict.fromkeys((*subjects, *filter(None, (about,))))
    }
    asked = [one for found in every.values() for one in found if one.settles and one.answered is None]
    return Questions(
        tuple(sorted(asked, key=lambda one: -one.weight)[:FIRST]),
        tuple(
            Thing(
                subject,
                labels.get(subject, subject),
                len(found),
                sum(one.answered is not None for one in found),
                sum(one.settles > 0 for one in found),
            )
            for subject, found in every.items()
            if found and subject in subjects
        ),
        about,
        labels.get(about, about),
        tuple(sorted(every[about], key=lambda one: (-one.weight, one.answered is not None))) if about else (),
        labels,
    )


def asked(configuration: Configuration, audit: Audit, finding: FindingDocument) -> list[Question]:
    """The questions that would settle a finding."""
    facts = next((thing.facts for thing in audit.things if thing.subject == finding.subject), ())
    names = {one.name for one in answering.lacking(finding, [fact.fact for fact in facts])}
    if finding.verdict.value != "unknown" or not names:
        # What was answered can be answered otherwise, or taken back.
        names = {fact.fact for fact in (*finding.evidence, *finding.stale) if fact.source == "declared"}
    if not names:
        return []
    known = answering.questions(finding.subject, answering.given(configuration))
    return [one for one in known if one.fact in names]


def answer_of(form: Mapping[str, Sequence[str]]) -> AnswerInput:
    """What a form says. UsageError for what cannot be an answer."""
    about, fact = _one(form, "about"), _one(form, "fact")
    known = {one.fact: one for one in answering.questions(about, {})}
    question = known.get(fact)
    values = list(form.get("value", ()))
    if not values:
        raise UsageError(_("choose an answer first"))
    value: Any
    if question is not None and question.form == "several":
        value = [one for one in values if one != "none"]
    elif question is not None and question.form == "lines":
        value = [one.strip() for one in values[0].splitlines() if one.strip()]
    else:
        value = answering.typed(about, fact, values[0])
    return AnswerInput(about, fact, value, day_of(_one(form, "on")) if _one(form, "on") else None)


def entered(question: Question) -> list[str]:
    """What is in a question's form: the answer that was given, as a browser would send it."""
    if question.answered is None:
        return []
    value = question.answered.value
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, list):
        return [str(one) for one in value] or ["none"]
    return [value.date().isoformat() if isinstance(value, datetime) else str(value)]


def waiver_of(form: Mapping[str, Sequence[str]]) -> WaiverInput:
    """What a form says. UsageError for what cannot be a waiver."""
    whole = _one(form, "covers") == "practice"
    reason = _one(form, "reason").strip()
    if not reason or not _one(form, "until"):
        raise UsageError(_("say why you accept this, and until when"), todo=_("So that nobody forgets, and it ends."))
    return WaiverInput(
        _one(form, "practice"),
        reason,
        day_of(_one(form, "until")),
        "home" if whole else _one(form, "subject") or "home",
        "" if whole else _one(form, "check"),
    )


def day_of(text: str) -> date:
    """A day as browsers send it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(_("“%(given)s” is no day", given=text[:40]), todo=_("Write it as 2026-10-01.")) from None


def _one(form: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(form.get(name, ())), "")


async def answer(house: House, who: Who, given: AnswerInput) -> None:
    """Write an answer down, and have the home judged anew."""
    now = house.today()
    on = given.on or now.astimezone(house.zone).date()
    table = AnswerTable(about=given.about, fact=given.fact, value=given.value, on=on)
    await house.alone(lambda: answering.answer(read(house), table, now))
    await _told(house, who, "answer", given.about, given.fact)


async def take_answer_back(house: House, who: Who, about: str, fact: str) -> None:
    """Take an answer back, and have the home judged anew."""
    await house.alone(lambda: answering.take_back(read(house), about, fact))
    await _told(house, who, "take-answer-back", about, fact)


async def waive(house: House, who: Who, given: WaiverInput) -> None:
    """Accept a finding, and have the home judged anew."""
    table = WaiverTable(
        practice=given.practice, reason=given.reason, until=given.until, subject=given.subject, check=given.check
    )
    today = house.today().astimezone(house.zone).date()
    await house.alone(lambda: waivers.accept(read(house), table, today))
    await _told(house, who, "waive", given.subject, f"{given.practice} until {given.until}: {given.reason}")


async def take_waiver_back(house: House, who: Who, *, practice: str, subject: str, check: str) -> None:
    """Take a waiver back, and have the home judged anew."""
    await house.alone(lambda: waivers.take_back(read(house), practice, subject, check))
    await _told(house, who, "take-waiver-back", subject, practice)


def waived(configuration: Configuration, audit: Audit | None, today: date) -> list[WaiverView]:
    """Every waiver of the file, those that end first first."""
    titles = {one.practice: one.practice_title for one in audit.findings} if audit is not None else {}
    labels = {thing.subject: thing.label for thing in audit.things} if audit is not None else {}
    found = [
        WaiverView(
            one.practice,
            titles.get(one.practice, one.practice),
            one.subject,
            _("all of it") if one.subject == "home" else labels.get(one.subject, one.subject),
            one.check,
            one.reason,
            one.until,
            one.until < today,
        )
        for one in configuration.tables.waivers
    ]
    return sorted(found, key=lambda one: one.until)


async def _told(house: House, who: Who, act: str, about: str, detail: str) -> None:
    house.service.auditor.want()
    await house.act(who, act, about, detail)
