"""Log lines: ours as they are, a library's without its words."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from nightlatch.service import logs

SECRET = "zq71fe03"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("nightlatch")
    before = root.handlers[:], ours.handlers[:], ours.level, ours.propagate
    yield
    root.handlers[:], ours.handlers[:], ours.level, ours.propagate = before


@pytest.mark.parametrize("form", logs.LogFormat)
def test_what_a_library_logs_is_told_without_its_words(
    capsys: pytest.CaptureFixture[str], form: logs.LogFormat
) -> None:
    logs.start(form, debug=True)
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("asyncio").exception("Exception in callback send(%r)", SECRET)
    logging.getLogger("paho").warning("sent %s", SECRET)
    err = capsys.readouterr().err
    assert SECRET not in err
    assert "Traceback" not in err
    assert "the library asyncio reports: ValueError" in err
    assert "the library paho reports: warning" in err


def test_without_debug_a_library_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start(logs.LogFormat.TEXT, debug=False)
    logging.getLogger("asyncio").error(SECRET)
    assert capsys.readouterr().err == ""


def test_a_line_as_json_has_its_own_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start(logs.LogFormat.JSON, debug=False)
    logging.getLogger("nightlatch.any").info("lock:front %s", "unlocked", extra=logs.extra(by="code"))
    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["message"], line["by"]) == ("info", "lock:front unlocked", "code")
