"""The pages tell the truth: every practice, source and decision has its page, and it is the current one."""

from __future__ import annotations

import re
import shlex
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer

from nightlatch import plugs
from nightlatch.cli.app import app
from nightlatch.configuration.guarding import ServiceTable
from nightlatch.configuration.tables import Tables
from scripts.pages import FOLDER, detections_page, pages

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS.parent / "README.md", *sorted(DOCS.rglob("*.md"))]
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def test_every_practice_has_its_page_made_from_its_metadata() -> None:
    assert {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")} == pages(), "run: make docs"


def test_the_detections_have_their_page_made_from_their_code() -> None:
    assert (DOCS / "detections.md").read_text("utf-8") == detections_page(), "run: make docs"


@pytest.mark.parametrize("kind", plugs.kinds())
def test_every_source_has_a_page_that_says_what_it_reads_and_what_never(kind: str) -> None:
    text = (DOCS / "sources" / f"{kind}.md").read_text("utf-8").lower()
    for part in ("reads", "never", "permission", "bound"):
        assert part in text, f"docs/sources/{kind}.md says nothing of {part!r}"


def blocks(page: Path, language: str) -> list[str]:
    """The blocks of code in a language, without what they are indented by."""
    return [textwrap.dedent(text) for _, named, text in BLOCK.findall(page.read_text("utf-8")) if named == language]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS.parent)))
def test_every_configuration_shown_has_the_tables_keys_and_types_that_are_read(page: Path) -> None:
    for text in blocks(page, "toml"):
        msgspec.convert(tomllib.loads(text), Tables)


def test_the_services_defaults_are_told_as_they_are() -> None:
    (text,) = blocks(DOCS / "running.md", "toml")
    assert msgspec.convert(tomllib.loads(text)["service"], ServiceTable) == ServiceTable()


def commands(page: Path) -> list[str]:
    """The command lines of a page's blocks, without remarks and what they are piped into."""
    text = page.read_text("utf-8")
    lines = [line for block in blocks(page, "") for line in block.splitlines()]
    lines += [line.strip() for line in text.splitlines() if line.startswith("    nightlatch ")]
    return [re.split(r"\s+[#|>] ", line)[0] for line in lines if line.startswith("nightlatch ")]


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=lambda page: page.name)
def test_every_command_shown_is_one(page: Path) -> None:
    for line in commands(page):
        words = shlex.split(line)[1:]
        command: Any = typer.main.get_command(app)
        while hasattr(command, "commands"):
            assert words[:1] and words[0] in command.commands, f"{page.name}: {line}"
            command = command.commands[words.pop(0)]
        # Raises for an option that is none, and for an argument that is missing or too many.
        command.make_context(line, words)
