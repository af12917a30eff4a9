"""Gathers every text of the web app into one catalogue, for who translates it. Part of `make docs`."""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

FOLDER = Path(__file__).parents[1] / "src" / "nightlatch" / "web"
FILE = FOLDER / "nightlatch.pot"
KEYWORDS = {"_": None, "many": (1, 2), "ngettext": (1, 2), "gettext": None, "N_": None}


def catalogue() -> str:
    """The catalogue's text: each English text once, with the files that show it."""
    found = Catalog(project="Nightlatch", charset="utf-8", fuzzy=False)
    texts = extract_from_dir(
        FOLDER,
        method_map=[("**.py", "python"), ("templates/**.html", "jinja2.ext.babel_extract")],
        options_map={"templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}},
        keywords=KEYWORDS,
    )
    for file, _, message, _, context in sorted(texts, key=lambda one: (one[0], one[1])):
        found.add(message, locations=[(file, 1)], context=context)
    out = io.BytesIO()
    write_po(out, found, omit_header=True, include_lineno=False, sort_output=True, width=110)
    return out.getvalue().decode()


if __name__ == "__main__":
    FILE.write_text(catalogue(), "utf-8")
