"""Draws a card. Nothing that it draws asks for anything: no font, no picture and no address from elsewhere."""

from __future__ import annotations

import io
import json
import textwrap
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

import jinja2

from nightlatch.access.handout.card import Card

WIDTH = 40
"""Letters of a line of the SVG."""
_PITCH, _LARGE, _MARGIN, _QR = 20, 58, 28, 190
"""Of the SVG, in its units: between lines, for a code, around everything, and the side of the QR code."""


def html(card: Card) -> bytes:
    """One page that needs nothing else, laid out for the screen and for paper."""
    text = _page().render(card=card, codes=[grouped(key.code.reveal()) for key in card.keys], qr=symbol(card))
    return text.encode()


def svg(card: Card) -> bytes:
    """The card as a picture."""
    y = _MARGIN + 22
    lines: list[tuple[str, int, str]] = [("home", y, card.home)]
    lines.append(("small", y := y + 26, f"For {card.name}"))
    for key in card.keys:
        lines.append(("code", y := y + _LARGE, grouped(key.code.reveal())))
        y += 8
        for way in key.ways:
            for part in textwrap.wrap(way.door, WIDTH) or [way.door]:
                lines.append(("door", y := y + _PITCH + 4, part))
            for time in way.times:
                lines.extend(("small", y := y + _PITCH, part) for part in textwrap.wrap(time, WIDTH))
    y += _PITCH
    symbol = card.qr().svg_inline(border=0, scale=1, omitsize=True, svgclass=None, lineclass=None)
    picture = symbol.replace("<svg ", f'<svg x="{_MARGIN}" y="{y}" width="{_QR}" height="{_QR}" ', 1)
    text = _template("card.svg").render(lines=lines, qr=picture, height=y + _QR + _MARGIN, margin=_MARGIN)
    return text.encode()


def pdf(card: Card) -> bytes:
    """The card as PDF, A6, set by Typst. What it says goes in as data, and the PIN is in no file on the way."""
    import typst

    data = {
        "home": card.home,
        "name": card.name,
        "keys": [
            {
                "code": grouped(key.code.reveal()),
                "ways": [{"door": way.door, "times": list(way.times)} for way in key.ways],
            }
            for key in card.keys
        ],
        "qr": symbol(card),
    }
    with TemporaryDirectory(prefix="nightlatch-") as folder:
        path = Path(folder) / "card.typ"
        path.write_text(_source("card.typ"), "utf-8")
        found: bytes = typst.compile(str(path), root=folder, sys_inputs={"card": json.dumps(data)})
    return found


def terminal(card: Card) -> str:
    """The card as lines for a terminal, the QR code in half blocks."""
    drawn = io.StringIO()
    card.qr().terminal(out=drawn, border=2, compact=True)
    lines = [card.home, f"For {card.name}", ""]
    for key in card.keys:
        lines.append(f"Code  {key.code.reveal()}")
        for way in key.ways:
            lines.append(f"  {way.door}")
            lines.extend(f"    {time}" for time in way.times)
        lines.append("")
    return "\n".join(lines) + "\n" + drawn.getvalue()


FORMATS: Mapping[str, Callable[[Card], bytes]] = {".html": html, ".pdf": pdf, ".svg": svg}
"""By the ending of a file's name."""


def grouped(code: str) -> str:
    """`319 790`, `3197 9042`: digits in two groups are typed with fewer mistakes."""
    if len(code) < 6:
        return code
    half = (len(code) + 1) // 2
    return f"{code[:half]}\N{NO-BREAK SPACE}{code[half:]}"


def symbol(card: Card) -> str:
    """The QR code of a card as an element of a page, made of shapes alone: nothing that somebody wrote is in it."""
    return str(card.qr().svg_inline(border=0, scale=1, omitsize=True, svgclass=None, lineclass=None))


@cache
def _page() -> jinja2.Template:
    return _template("card.html")


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_source), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template(name)


def _source(name: str) -> str:
    return resources.files(__package__).joinpath("templates", name).read_text("utf-8")
