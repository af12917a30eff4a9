"""When a grant holds: its spans, in words, read from words, and what a change makes wider."""

from __future__ import annotations

from nightlatch.access.schedules.spanning import Span, following, running, spans, union

__all__ = ["Span", "following", "running", "spans", "union"]
