"""When a grant holds: its spans, in words, read from words, and what a change makes wider."""

from __future__ import annotations

from nightlatch.access.schedules.checking import check
from nightlatch.access.schedules.reading import dates, weekly, when
from nightlatch.access.schedules.spanning import Span, following, running, spans, union
from nightlatch.access.schedules.widening import widening
from nightlatch.access.schedules.wording import moment_words, preview, schedule_words, span_words, words

__all__ = [
    "Span",
    "check",
    "dates",
    "following",
    "moment_words",
    "preview",
    "running",
    "schedule_words",
    "span_words",
    "spans",
    "union",
    "weekly",
    "when",
    "widening",
    "words",
]
