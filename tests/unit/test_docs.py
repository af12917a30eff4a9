"""The pages tell the truth: every practice, source and decision has its page, and it is the current one."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightlatch import plugs
from scripts.pages import FOLDER, detections_page, pages

DOCS = Path(__file__).parents[2] / "docs"


def test_every_practice_has_its_page_made_from_its_metadata() -> None:
    assert {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")} == pages(), "run: make docs"


def test_the_detections_have_their_page_made_from_their_code() -> None:
    assert (DOCS / "detections.md").read_text("utf-8") == detections_page(), "run: make docs"


@pytest.mark.parametrize("kind", plugs.kinds())
def test_every_source_has_a_page_that_says_what_it_reads_and_what_never(kind: str) -> None:
    text = (DOCS / "sources" / f"{kind}.md").read_text("utf-8").lower()
    for part in ("reads", "never", "permission", "bound"):
        assert part in text, f"docs/sources/{kind}.md says nothing of {part!r}"
