"""`nightlatch answer`, `waive`: what only the owner can say, written into nightlatch.toml."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightlatch.cli.common import ConfigOption, Format, FormatOption, configuration, console, now, print_json
from nightlatch.cli.explaining import complete_practice
from nightlatch.errors import UsageError

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
    from nightlatch.audit import answering
    from nightlatch.configuration.tables import AnswerTable

    settings = configuration(config)
    if not fact or value is None:
        _questions(settings, about, fact, form)
        return
    moment = now()
    day = _day(on) if on else moment.astimezone(settings.zone).date()
    typed = answering.typed(about, fact, value)
    answering.answer(settings, AnswerTable(about=about, fact=fact, value=typed, on=day), moment)
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
    from nightlatch.audit.waivers import accept
    from nightlatch.configuration.edit import remove_waiver
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
    table = WaiverTable(practice=practice, subject=subject, reason=reason, until=last, check=check)
    accept(settings, table, now().astimezone(settings.zone).date())
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


def _questions(settings: Configuration, about: str, fact: str, form: Format) -> None:
    """What can be answered, of everything the configuration names."""
    from rich.text import Text

    from nightlatch.audit.answering import given, questions, subjects
    from nightlatch.text import suggest

    known = given(settings)
    every = [one for subject in ([about] if about else subjects(settings)) for one in questions(subject, known)]
    rows = [
        {
            "about": one.about,
            "fact": one.fact,
            "question": one.ask,
            "answer_is": one.answer_is,
            "answered": None if one.answered is None else {"value": one.answered.value, "on": one.answered.on},
        }
        for one in every
        if fact in ("", one.fact)
    ]
    if fact and not rows:
        names = [one.fact for one in every]
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
