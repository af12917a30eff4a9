"""What only a person can tell: which questions there are, how an answer is read, and how it is kept."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, get_args, get_origin

import msgspec

from nightlatch.configuration.edit import Editor, edit, set_answer
from nightlatch.configuration.read import Configuration
from nightlatch.configuration.tables import THING_TABLES, AnswerTable
from nightlatch.errors import ConfigurationError, UsageError
from nightlatch.model.document import Audit, FindingDocument
from nightlatch.model.finding import Verdict
from nightlatch.model.kinds import KINDS
from nightlatch.model.thing import Field
from nightlatch.model.values import PortMapping
from nightlatch.practices.registry import practices
from nightlatch.secrets import Fingerprinter
from nightlatch.sources.declared import Declared, answerable, shape
from nightlatch.sources.interface import Context
from nightlatch.text import suggest

Form = Literal["yes-no", "choice", "several", "number", "day", "moment", "lines", "text"]
"""How a question is asked."""
LONGEST = 1000
"""Signs of one answer's text."""
_WORDS = {"yes": True, "true": True, "y": True, "no": False, "false": False, "n": False}


class Answered(msgspec.Struct, frozen=True):
    """What was answered, and of which day."""

    value: Any
    on: date


class Question(msgspec.Struct, frozen=True):
    """A question about one thing."""

    about: str
    fact: str
    ask: str
    """In plain words."""
    answer_is: str
    """What an answer looks like, in words."""
    form: Form
    choices: tuple[str, ...] = ()
    """Between which is chosen, for `choice` and `several`."""
    answered: Answered | None = None
    settles: int = 0
    """How many checks wait for it."""
    weight: float = 0.0
    """How much of the score they are."""


def subjects(configuration: Configuration) -> list[str]:
    """Everything that the configuration names, itself first."""
    named = THING_TABLES.items()
    return ["home"] + [f"{kind}:{one.id}" for table, kind in named for one in getattr(configuration.tables, table)]


def given(configuration: Configuration) -> dict[tuple[str, str], Answered]:
    """Every answer that was given, by what it is about and its fact."""
    return {(one.about, one.fact): Answered(one.value, one.on) for one in configuration.tables.answers}


def questions(
    about: str,
    known: Mapping[tuple[str, str], Answered],
    open_: Mapping[tuple[str, str], tuple[int, float]] | None = None,
) -> list[Question]:
    """Everything that can be answered of one thing; `open_`: what waits for answers, as `waiting` gives it."""
    name = about.partition(":")[0]
    kind = KINDS.get(name)
    if kind is None:
        raise UsageError(f"there is no kind of thing called {name!r}", todo=suggest(name, KINDS))
    return [
        Question(
            about,
            name,
            field.ask,
            shape(field),
            _form(field),
            _choices(field),
            known.get((about, name)),
            *(open_ or {}).get((about, name), (0, 0.0)),
        )
        for name, field in answerable(kind).items()
    ]


def waiting(audit: Audit) -> dict[tuple[str, str], tuple[int, float]]:
    """The questions whose answers would settle checks: of how many, and of how much weight."""
    facts = {thing.subject: {fact.fact for fact in thing.facts} for thing in audit.things}
    found: dict[tuple[str, str], tuple[int, float]] = {}
    for finding in audit.findings:
        if finding.verdict is Verdict.UNKNOWN and not finding.waived:
            for field in lacking(finding, facts.get(finding.subject, ())):
                number, weight = found.get((finding.subject, field.name), (0, 0.0))
                found[finding.subject, field.name] = (number + 1, weight + finding.weight)
    return found


def lacking(finding: FindingDocument, facts: Iterable[str]) -> list[Field[Any]]:
    """What a person could answer of what a finding does not know; `facts`: the names of those of its thing."""
    kind = finding.subject.partition(":")[0]
    have = frozenset(facts)
    return [
        field
        for practice in practices()
        if practice.id == finding.practice
        for check in practice.checks
        if check.id == finding.check
        for field in check.needs
        if field.ask and field.kind == kind and field.name not in have
    ]


def typed(about: str, fact: str, text: str) -> Any:
    """An answer's text as the fact's type: `yes`, `75`, a day, `a,b` or `none` for lists; the text otherwise."""
    kind = KINDS.get(about.partition(":")[0])
    field = answerable(kind).get(fact) if kind else None
    wanted = field.type if field else str
    text = text.strip()
    if wanted is bool:
        return _WORDS.get(text.lower(), text)
    if wanted in (int, float, date, datetime):
        reads: dict[Any, Callable[[str], Any]] = {int: int, float: float, date: date.fromisoformat, datetime: _moment}
        try:
            return reads[wanted](text)
        except ValueError:
            return text
    if get_origin(wanted) is tuple:
        said = text.removeprefix("[").removesuffix("]").split(",")
        named = [word.strip(" \"'") for word in said if word.strip(" \"'")]
        return [] if named == ["none"] else named
    if not text:
        raise UsageError("an answer cannot be empty", todo="See what it may be: nightlatch answer ABOUT FACT")
    return text


def answer(configuration: Configuration, table: AnswerTable, now: datetime) -> None:
    """Write an answer into the configuration's file; UsageError for one that cannot be."""
    for part in table.value if isinstance(table.value, list) else (table.value,):
        if isinstance(part, str) and (len(part) > LONGEST or not part.isprintable()):
            raise UsageError(f"an answer has at most {LONGEST} signs, all of them printable")
    declared = Declared(configuration, Context("declared", "declared", now, Fingerprinter()))
    try:
        declared.claim(table, len(configuration.tables.answers))
    except ConfigurationError as error:
        # The place in the file does not exist yet: what is wrong was just given.
        raise UsageError(error.what, todo=error.todo) from None
    set_answer(configuration, table.about, table.fact, table.value, table.on)


def take_back(configuration: Configuration, about: str, fact: str) -> None:
    """Take an answer out of the configuration's file; UsageError where there is none."""

    def without(editor: Editor) -> None:
        tables = editor.tables("answers")
        places = [place for place, one in enumerate(tables) if (one.get("about"), one.get("fact")) == (about, fact)]
        if not places:
            raise UsageError(f"there is no answer about {about} {fact}")
        for place in reversed(places):
            editor.remove("answers", place)

    edit(configuration.path, without)


def _moment(text: str) -> date | datetime:
    return date.fromisoformat(text) if len(text) == len("2026-10-01") else datetime.fromisoformat(text)


def _form(field: Field[Any]) -> Form:
    wanted = field.type
    if get_origin(wanted) is tuple:
        return "several" if _choices(field) else "lines"
    if get_origin(wanted) is Literal:
        return "choice"
    forms: dict[Any, Form] = {bool: "yes-no", int: "number", float: "number", date: "day", datetime: "moment"}
    return forms.get(wanted, "text")


def _choices(field: Field[Any]) -> tuple[str, ...]:
    wanted = field.type
    if get_origin(wanted) is tuple:
        wanted = get_args(wanted)[0]
    if wanted is PortMapping or get_origin(wanted) is not Literal:
        return ()
    words: Sequence[Any] = get_args(wanted)
    return tuple(str(word) for word in words if word is not types.NoneType)
