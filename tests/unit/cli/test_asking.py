"""What is asked on a terminal is asked beside what the command prints, which may go to a file."""

from __future__ import annotations

import io
import sys

import pytest

from nightlatch.cli.common import agreed


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_question_does_not_stand_in_what_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert agreed("Do this now?", "Add --yes.")
    out, err = capsys.readouterr()
    assert not out.strip()
    assert "now? [y/N]" in err
