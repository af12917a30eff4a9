"""The next step for what a person can tell of another thing than the one that is judged."""

from __future__ import annotations

from typing import Any

from nightlatch.model.finding import Fix
from nightlatch.model.thing import Field, Thing


def ask(thing: Thing, *fields: Field[Any]) -> Fix:
    """The questions of the fields that are not known of a thing, each with the command that answers it."""
    return Fix(
        "Find out.",
        tuple(
            f"{field.ask} Answer with: nightlatch answer {thing.ref} {field.name} VALUE"
            for field in fields
            if field.ask and thing.fact(field.name) is None
        ),
    )
