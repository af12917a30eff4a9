from __future__ import annotations

import re

from nightlatch.web import texts
from scripts.texts import FILE, FOLDER, catalogue


def test_every_text_of_the_pages_is_in_the_catalogue_for_translators() -> None:
    assert FILE.read_text("utf-8") == catalogue(), "run: make docs"


def test_no_template_says_anything_that_a_translator_never_sees() -> None:
    said = re.compile(r">[^<>{}]*[A-Za-z]{2,}[^<>{}]*<")
    comments = re.compile(r"{#.*?#}|<!--.*?-->|<code>.*?</code>|<title>.*?</title>|{%.*?%}", re.DOTALL)
    for path in sorted(FOLDER.glob("templates/**/*.html")):
        text = path.read_text("utf-8")
        outside = re.sub(r"{%-? *(trans|block kind).*?end(trans|block) *-?%}", "", text, flags=re.DOTALL)
        found = [text for text in said.findall(comments.sub("", outside)) if text not in (">Nightlatch<", ">/api<")]
        assert not found, f"{path.relative_to(FOLDER)}: {found[0]!r} is not marked for translation"


def test_values_are_filled_into_a_text_and_into_its_plural() -> None:
    assert texts._("%(name)s left", name="Ana") == "Ana left"
    assert texts.ngettext("%(count)s door", "%(count)s doors", 2) == "2 doors"
