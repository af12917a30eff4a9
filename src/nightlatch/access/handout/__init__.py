"""What a guest is handed: a card with door, times and code, for the screen, a page or paper."""

from __future__ import annotations

from nightlatch.access.handout.card import Card, Key, card
from nightlatch.access.handout.drawing import FORMATS, html, pdf, svg, terminal

__all__ = ["FORMATS", "Card", "Key", "card", "html", "pdf", "svg", "terminal"]
