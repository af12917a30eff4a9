"""An owner at the command line: a folder with a `nightlatch.toml`, and what `nightlatch audit` says of it."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

NIGHTLATCH = Path(sys.executable).with_name("nightlatch")
HOUSE = '[home]\nname = "Elm Street 4"\ntimezone = "Europe/Berlin"\n'

Finding = dict[str, Any]


class Report:
    """What `nightlatch audit --format json` printed, and how the command ended."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.exit_code = done.returncode
        self.stderr = done.stderr
        assert done.stdout, done.stderr
        self.said: dict[str, Any] = json.loads(done.stdout)

    def finding(self, check: str, subject: str = "") -> Finding:
        """The finding of `practice/check` for a subject; the only one when none is named."""
        found = [one for one in self._of(check) if subject in ("", one["subject"])]
        assert len(found) == 1, (check, subject, [one["subject"] for one in found])
        return found[0]

    def verdicts(self, check: str) -> dict[str, str]:
        """The verdict of `practice/check` for each subject."""
        return {one["subject"]: one["verdict"] for one in self._of(check)}

    def source(self, name: str) -> dict[str, Any]:
        """How a source fared, by its id."""
        return next(one for one in self.said["sources"] if one["id"] == name)

    def facts(self, subject: str) -> dict[str, Any]:
        """What is known of a thing: the evidence by the fact's name."""
        thing = next(one for one in self.said["things"] if one["subject"] == subject)
        return {one["fact"]: one for one in thing["facts"]}

    def subjects(self, kind: str) -> list[str]:
        """The things of a kind."""
        return [one["subject"] for one in self.said["things"] if one["kind"] == kind]

    def _of(self, check: str) -> list[Finding]:
        return [one for one in self.said["findings"] if f"{one['practice']}/{one['check']}" == check]


def known(facts: Iterable[dict[str, Any]]) -> list[tuple[str, Any, str, str]]:
    """Evidence as (fact, value, grade, source): what is known, and how."""
    return [(one["fact"], one["value"], one["grade"], one["source"]) for one in facts]


def steps(finding: Finding) -> str:
    """The next step of a finding, one line each."""
    return "\n".join((finding["fix"]["summary"], *finding["fix"]["steps"]))


class Owner:
    """Whose folder it is. Everything that a command reads and writes is in it: state, cache and reports too.

    `secrets` are in the environment of the command, for `env:NAME`. `place` is a command that runs the one behind
    it elsewhere, as on a segment of the network.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secrets: dict[str, str] = {}
        self.place: list[str] = []

    def configure(self, text: str) -> None:
        """Write `nightlatch.toml`; the home's name and time zone stand in it already."""
        (self.folder / "nightlatch.toml").write_text(HOUSE + text, "utf-8")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `nightlatch` with these arguments, and keep what it printed in the folder."""
        env = {"HOME": str(self.folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", **self.secrets}
        command = [*self.place, str(NIGHTLATCH), *arguments]
        done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, check=False)
        for name, said in (("stdout", done.stdout), ("stderr", done.stderr)):
            with (self.folder / name).open("a", encoding="utf-8") as file:
                file.write(said)
        assert "Traceback" not in done.stderr
        return done

    def audit(self, *arguments: str) -> Report:
        """Audit the home for programs."""
        return Report(self.run("audit", "-c", "nightlatch.toml", "--format", "json", *arguments))

    def report(self, *arguments: str) -> str:
        """Audit the home for people, every finding opened; on one line."""
        return flat(self.run("audit", "-c", "nightlatch.toml", "--details", *arguments).stdout)

    def reports(self) -> dict[str, str]:
        """The report as text, HTML and Markdown, all of one audit, each on one line and without markup."""
        text = self.report("-o", "report.html", "-o", "report.md")
        page = html.unescape(re.sub(r"<[^>]*>", " ", (self.folder / "report.html").read_text("utf-8")))
        markdown = re.sub(r"\\([^\w\s]|_)", r"\1", (self.folder / "report.md").read_text("utf-8"))
        return {"text": text, "html": flat(page), "markdown": flat(markdown)}

    def files(self) -> list[Path]:
        """Every file that is in the folder by now."""
        return [path for path in self.folder.rglob("*") if path.is_file()]


def flat(text: str) -> str:
    """Text without its line ends and columns."""
    return " ".join(text.split())
