"""What is asked on a terminal is asked beside what the command prints, which may go to a file."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest
import typer

from nightlatch.cli.fixing import _agreed
from nightlatch.cli.sync import _ask


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("asking", [_ask, lambda: _agreed(2)])
def test_a_question_does_not_stand_in_what_is_printed(
    asking: Callable[[], object], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    try:
        asking()
    except typer.Exit:
        pytest.fail("yes was taken for no")
    out, err = capsys.readouterr()
    assert not out.strip()
    assert "now? [y/N]" in err
