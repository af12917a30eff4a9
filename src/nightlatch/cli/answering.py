"""`nightlatch answer`, `waive`: what only the owner can say, written into nightlatch.toml."""

from __future__ import annotations

import sys
import tomllib
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightlatch.cli.common import ConfigOption, Format, FormatOption, configuration, console, now, print_json
from nightlatch.cli.explaining import complete_practice
from nightlatch.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from nightlatch.configuration.read import Configuration


def answer(
    about: Annotated[str, typer.Argument(help="What it is about, as door:front, lock:front or home.")] = "",
    fact: Annotated[str, typer.Argument(help="The fact, as strike_plate. Without it: what can be answered.")] = "",
    value: Annotated[
        str | None,
        typer.Argument(help="The answer, as reinforced, 75, yes or 2026-10-01; a list as remote,voice or none."),
    ] = None,
    config: ConfigOption = None,
    *,
    on: Annotated[str, typer.Option("--on", metavar="DAY", help="The day the answer is of; today otherwise.")] = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Answer a question that only a person can, or list the questions.

    Examples: nightlatch answer; nightlatch answer door:front; nightlatch answer door:front
    strike_plate reinforced
    """
    from nightlatch.configuration.edit import set_answer
    from nightlatch.configuration.tables import AnswerTable
    from nightlatch.secrets import Fingerprinter
    from nightlatch.sources.declared import Declared
    from nightlatch.sources.interface import Context

    settings = configuration(config)
    if not fact or value is None:
        _questions(settings, about, fact, form)
        return
    day = _day(on) if on else now().astimezone(settings.zone).date()
    declared = Declared(settings, Context("declared", "declared", now(), Fingerprinter()))
    typed = _typed(about, fact, value)
    try:
        declared.claim(AnswerTable(about=about, fact=fact, value=typed, on=day), len(settings.tables.answers))
    except ConfigurationError as error:
        # The place in the file does not exist yet: what is wrong stands on the command line.
        raise UsageError(error.what, todo=error.todo) from None
    set_answer(settings, about, fact, typed, day)
    shown = value if value.strip() else "none"
    _done(form, {"about": about, "fact": fact, "value": typed, "on": day}, f"Noted: {about} {fact} = {shown} ({day}).")


def waive(
    practice: Annotated[str, typer.Argument(help="The practice, as upnp.", autocompletion=complete_practice)],
    config: ConfigOption = None,
    *,
    subject: Annotated[str, typer.Option("--subject", help="What it covers, as lock:front; home covers all.")] = "home",
    check: Annotated[str, typer.Option("--check", help="Only this check of the practice.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why it is accepted. Required.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="DAY", help="The last day it holds. Required.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take the waiver back.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Accept a finding for a reason and until a day; it counts again by itself after that.

    Examples: nightlatch waive upnp --reason "the console needs it" --until 2027-01-31;
    nightlatch waive upnp --remove
    """
    from nightlatch.audit.waivers import read_waiver
    from nightlatch.configuration.edit import remove_waiver, set_waiver
    from nightlatch.configuration.tables import WaiverTable
    from nightlatch.text import count

    settings = configuration(config)
    if remove:
        number = remove_waiver(settings, practice, subject)
        if not number:
            raise UsageError(f"there is no waiver of {practice} for {subject}")
        _done(form, {"removed": number}, f"Taken back: {count(number, 'waiver')} of {practice} for {subject}.")
        return
    if not reason.strip() or not until:
        raise UsageError(
            "a waiver needs --reason and --until", todo="So that nobody forgets why, and it ends by itself."
        )
    last = _day(until)
    if last < now().astimezone(settings.zone).date():
        raise UsageError(f"{last} is over")
    try:
        table = WaiverTable(practice=practice, subject=subject, reason=reason, until=last, check=check)
        read_waiver(table, len(settings.tables.waivers), settings)
    except ConfigurationError as error:
        raise UsageError(error.what, todo=error.todo) from None
    set_waiver(settings, practice, subject, reason=reason, until=last, check=check)
    _done(
        form,
        {"practice": practice, "subject": subject, "check": check, "reason": reason, "until": last},
        f"Waived: {practice} for {subject} until {last}.",
    )


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(answer)
    app.command()(waive)


def _done(form: Format, data: dict[str, Any], text: str) -> None:
    if form is Format.JSON:
        print_json(data)
    else:
        console().print(text, markup=False, soft_wrap=True)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no day", todo="Write it as 2026-10-01.") from None


def _typed(about: str, fact: str, text: str) -> Any:
    """The value as the fact's type: `yes`, `75`, a day, `a,b` or `none` for lists; text otherwise."""
    from datetime import datetime
    from typing import get_origin

    from nightlatch.model.kinds import KINDS
    from nightlatch.sources.declared import answerable

    kind = KINDS.get(about.partition(":")[0])
    field = answerable(kind).get(fact) if kind else None
    wanted = field.type if field else str
    if wanted is bool:
        words = {"yes": True, "true": True, "y": True, "no": False, "false": False, "n": False}
        return words.get(text.lower(), text)
    if wanted in (int, float):
        try:
            return wanted(text)
        except ValueError:
            return text
    if wanted in (date, datetime):
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    if get_origin(wanted) is tuple:
        said = text.strip().removeprefix("[").removesuffix("]").split(",")
        named = [word.strip(" \"'") for word in said if word.strip(" \"'")]
        return [] if named == ["none"] else named
    if not text.strip():
        raise UsageError("an answer cannot be empty", todo="See what it may be: nightlatch answer ABOUT FACT")
    return text


def _questions(settings: Configuration, about: str, fact: str, form: Format) -> None:
    """What can be answered, of everything the configuration names."""
    from rich.text import Text

    from nightlatch.configuration.tables import THING_TABLES
    from nightlatch.model.kinds import KINDS
    from nightlatch.sources.declared import answerable, shape
    from nightlatch.text import suggest

    subjects = ["home"] + [
        f"{kind}:{thing.id}" for table, kind in THING_TABLES.items() for thing in getattr(settings.tables, table)
    ]
    if about:
        kind = about.partition(":")[0]
        if kind not in KINDS:
            raise UsageError(f"there is no kind of thing called {kind!r}", todo=suggest(kind, KINDS))
        subjects = [about]
    given = {(answer.about, answer.fact): answer for answer in settings.tables.answers}
    rows = []
    for subject in subjects:
        for name, field in answerable(KINDS[subject.partition(":")[0]]).items():
            if fact and name != fact:
                continue
            known = given.get((subject, name))
            rows.append(
                {
                    "about": subject,
                    "fact": name,
                    "question": field.ask,
                    "answer_is": shape(field),
                    "answered": None if known is None else {"value": known.value, "on": known.on},
                }
            )
    if fact and not rows:
        names = [name for subject in subjects for name in answerable(KINDS[subject.partition(":")[0]])]
        raise UsageError(f"{fact!r} is nothing that can be answered of {about}", todo=suggest(fact, names))
    if form is Format.JSON:
        print_json(rows)
        return
    out = console()
    for row in rows:
        answered = row["answered"]
        note = f"  [answered {answered['on']}: {answered['value']}]" if isinstance(answered, dict) else ""
        out.print(Text(f"{row['about']} {row['fact']}", style="bold").append(note, style="green"))
        out.print(Text(f"    {row['question']} ({row['answer_is']})"))
    if sys.stdout.isatty():
        out.print(Text("Answer with: nightlatch answer ABOUT FACT VALUE", style="dim"))
