"""What a person can tell, as questions: each with the command that answers it."""

from __future__ import annotations

from datetime import date
from typing import Any

from nightlatch.model.finding import Fix
from nightlatch.model.thing import Field, Thing

_HOW = {bool: " yes or no", date: " the day, as 2026-10-01,"}


def question(thing: Thing, field: Field[Any]) -> str:
    """The question of a field that can be answered, and the command for it."""
    return f"{field.ask} Answer{_HOW.get(field.type, '')} with: nightlatch answer {thing.ref} {field.name} VALUE"


def ask(thing: Thing, *fields: Field[Any]) -> Fix:
    """The questions of the fields that are not known of a thing: the next step where they settle a check."""
    return Fix(
        "Find out.",
        tuple(question(thing, field) for field in fields if field.ask and thing.fact(field.name) is None),
    )
