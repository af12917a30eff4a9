"""Finds the practices: every module in the seven section folders that holds a `practice`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from nightlatch.errors import UsageError
from nightlatch.model.finding import Section
from nightlatch.practices.interface import Practice
from nightlatch.text import suggest


@cache
def practices() -> tuple[Practice, ...]:
    """Every practice, in the guide's order."""
    found = []
    for section in Section:
        package = importlib.import_module(f"nightlatch.practices.{section.value.replace('-', '_')}")
        for module in pkgutil.iter_modules(package.__path__):
            if not module.name.startswith("_"):
                found.append(importlib.import_module(f"{package.__name__}.{module.name}").practice)
    return tuple(sorted(found, key=lambda practice: practice.number))


def find(id: str) -> Practice:  # noqa: A002  # the design's word
    """The practice with this id; UsageError with a suggestion when there is none."""
    for practice in practices():
        if practice.id == id:
            return practice
    known = [practice.id for practice in practices()]
    raise UsageError(f"there is no practice {id!r}", todo=suggest(id, known) or "See: nightlatch practices")
