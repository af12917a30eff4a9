"""Whole commands, each in a new process: what an owner waits for."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from benchmarks.figures import Figure, timed

WHOLE = "Whole commands, each in a new process"
HELP = "nightlatch --help"
AUDIT = "nightlatch audit --sample"
FIRST = "first start ever: every module compiled, Python's own too"

COMMANDS = {HELP: ["--help"], AUDIT: ["audit", "--sample", "--fail-on", "never"]}


def commands(runs: int) -> list[Figure]:
    """Cold means a new process. The second figure of each also compiles every module, as after installing."""
    figures = []
    for name, arguments in COMMANDS.items():
        _seconds(arguments)
        figures.append(Figure(WHOLE, name, "s", tuple(_seconds(arguments) for _ in range(runs))))
        figures.append(Figure(WHOLE, f"{name}, {FIRST}", "s", tuple(_first(arguments) for _ in range(runs))))
    return figures


def _first(arguments: list[str]) -> float:
    with tempfile.TemporaryDirectory() as empty:
        return _seconds(arguments, PYTHONPYCACHEPREFIX=empty)


def _seconds(arguments: list[str], **extra: str) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | extra
    command = [sys.executable, "-m", "nightlatch", *arguments]
    return timed(lambda command: subprocess.run(command, env=environment, check=True, capture_output=True), [command])
