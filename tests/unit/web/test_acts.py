"""What users do in the web app has words in the journal."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from nightlatch import web
from nightlatch.report.sentences import ACTS
from nightlatch.web.kept.commands import Does
from nightlatch.web.signin.acts import Act

ROOT = Path(web.__file__).parent
PLACES = {"act": 1, "_told": 2}
"""Where the name of an act stands among what these are given."""
CHANGES = frozenset(("change", "changed", "_kept", "_keep", "_put"))
"""These change nightlatch.toml, and take the name of the act as `name`."""


def named() -> Iterator[str]:
    """The names of acts in the code of the web app."""
    for path in ROOT.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            function = call.func
            called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            place = PLACES.get(called)
            given = call.args[place : place + 1] if place is not None else []
            if called in CHANGES:
                given = [one.value for one in call.keywords if one.arg == "name"]
            for one in given:
                assert not isinstance(one, ast.JoinedStr), f"{path.name}: {call.lineno}: the act is named in parts"
                yield from words(one)


def words(given: ast.expr) -> Iterator[str]:
    """The texts that an expression may be."""
    match given:
        case ast.Constant(str(text)):
            yield text
        case ast.IfExp(_, one, other):
            yield from (*words(one), *words(other))
        case ast.Subscript(ast.Dict(_, values)):
            for one in values:
                yield from words(one)


def test_every_act_has_words_in_the_journal() -> None:
    used = {*named(), *get_args(Act), *get_args(Does)}
    assert len(used) > 60
    assert sorted(used - ACTS.keys()) == []


def test_no_words_are_kept_for_acts_that_nobody_does() -> None:
    assert sorted(ACTS.keys() - {*named(), *get_args(Act), *get_args(Does)}) == []
