"""What a guest is handed."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
import segno

from nightlatch.access.handout import FORMATS, Card, Key, card, html, pdf, svg, terminal
from nightlatch.access.handout.card import Way
from nightlatch.access.registrar import Registrar
from nightlatch.errors import UsageError
from nightlatch.model.access import Grant, Recurring
from nightlatch.model.command import Rules
from nightlatch.secrets import Secret
from tests.unit.access.registering import HOUR, NOW, grant, registrar

PIN = Secret("319790")
ALWAYS = "at any time, without an end"
CARD = Card("Birch & <Lane>", 'Ana "Silva"', (Key(PIN, (Way("Front <door>", (ALWAYS,)), Way("Shed", (ALWAYS,)))),))


def made(at: Registrar, person: str = "ana", *, grant: str = "") -> Card:
    return card(at.register(), person, at.reveal(person, NOW), NOW, grant=grant)


def test_a_card_tells_each_door_with_its_times_under_the_code_that_is_on_its_lock(tmp_path: Path) -> None:
    with registrar(tmp_path) as at:
        at.records.put_rules("lock:shed", Rules(20, 4, 4))
        at.add_person("ana", "Ana Silva", "guest", ("friends",), NOW)
        at.add_grant(grant("ana", "front", "shed"), NOW)
        at.add_grant(Grant("", "group:friends", ("front",), ends=NOW + 24 * HOUR, uses=2), NOW)
        at.add_grant(Grant("", "ana", ("front",), ends=NOW + HOUR), NOW)

        found = made(at)

        assert (found.home, found.name) == ("Birch Lane", "Ana Silva")
        by_length = {len(key.code): key for key in found.keys}
        (front,), (shed,) = by_length[6].ways, by_length[4].ways
        assert (front.door, shed.door) == ("Front door", "Garden shed")
        assert shed.times == (ALWAYS,)
        assert set(front.times) == {
            ALWAYS,
            "at any time, until Sat 16 Jan 2027 09:00, 2 uses",
            "at any time, until Fri 15 Jan 2027 10:00",
        }


def test_a_card_of_one_grant_tells_that_grant_alone(tmp_path: Path) -> None:
    with registrar(tmp_path) as at:
        at.add_person("ana", "Ana Silva", "guest", (), NOW)
        at.add_grant(grant("ana", "front"), NOW)
        (one,) = at.add_grant(grant("ana", "shed"), NOW).grants

        assert [way.door for key in made(at, grant=one.id).keys for way in key.ways] == ["Garden shed"]

        at.end_grant(one.id, NOW)
        with pytest.raises(UsageError, match="no code of Ana Silva opens anything"):
            made(at, grant=one.id)


def test_a_rule_is_told_by_its_next_times(tmp_path: Path) -> None:
    with registrar(tmp_path) as at:
        at.add_person("ana", "Ana Silva", "guest", (), NOW)
        rule = Recurring("FREQ=MONTHLY;BYDAY=1MO", "2027-01-01T09:00", 180)
        at.add_grant(Grant("", "ana", ("front",), rule), NOW)

        (way,) = made(at).keys[0].ways

        assert way.times[0] == "Mon 1 Feb 09:00-12:00"
        assert len(way.times) == 5


@pytest.mark.parametrize("draw", [html, svg])
def test_what_is_drawn_holds_the_words_as_words_and_asks_for_nothing(draw: Callable[[Card], bytes]) -> None:
    text = draw(CARD).decode()

    if draw is svg:
        assert ElementTree.fromstring(text).tag.endswith("svg")
    assert "Birch &amp; &lt;Lane&gt;" in text
    assert "Front &lt;door&gt;" in text
    assert "319\N{NO-BREAK SPACE}790" in text
    asks = re.findall(r"https?://[^\"]+|<script|<link|@import|url\(|src=|href=", text)
    assert set(asks) <= {"http://www.w3.org/2000/svg"}


def test_the_page_forbids_itself_to_load_anything() -> None:
    assert "default-src 'none'" in html(CARD).decode()


def test_the_pdf_is_one_page_and_its_pin_was_in_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    write = Path.write_text

    def watched(path: Path, text: str, encoding: str | None = None) -> int:
        written.append(text)
        return write(path, text, encoding)

    monkeypatch.setattr(Path, "write_text", watched)
    data = pdf(CARD)

    assert data.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 1
    assert written
    assert not any("319" in text and "790" in text for text in written)


def test_the_qr_code_holds_the_card_as_plain_text() -> None:
    assert CARD.text() == (f'Birch & <Lane>\nFor Ana "Silva"\nCode 319790\nFront <door>: {ALWAYS}\nShed: {ALWAYS}')
    assert CARD.qr() == segno.make_qr(CARD.text(), error="m", encoding="utf-8", boost_error=False)
    drawn = io.StringIO()
    CARD.qr().terminal(out=drawn, border=2, compact=True)
    assert terminal(CARD).endswith(drawn.getvalue())


def test_a_card_that_no_qr_code_holds_is_told_as_such() -> None:
    ways = tuple(Way(f"Door {number}", (ALWAYS,)) for number in range(200))
    with pytest.raises(UsageError, match="too much for one card"):
        html(Card("Birch Lane", "Ana", (Key(PIN, ways),)))


def test_a_card_does_not_print_its_pin_by_itself() -> None:
    assert "319790" not in f"{CARD!r} {CARD}"
    assert sorted(FORMATS) == [".html", ".pdf", ".svg"]
