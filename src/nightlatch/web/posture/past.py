"""How the score went, and what changed between two audits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

import msgspec
from markupsafe import Markup

from nightlatch.audit.drift import compare
from nightlatch.store.audits import Audits, Kept
from nightlatch.web.charts.line import Axis, Point, line
from nightlatch.web.errors import NotFound
from nightlatch.web.posture.view import ChangeView, changed
from nightlatch.web.texts import _, ngettext

SCORE = Axis(0, 100, (0, 25, 50, 75, 100))
LONGEST_GAP = timedelta(days=3)
"""Audits that are further apart are not joined by a line, unless they are made more seldom."""


class Comparison(msgspec.Struct, frozen=True):
    """What changed from one audit to another."""

    since: datetime
    until: datetime
    score_then: float | None
    score_now: float | None
    other_profile: bool
    """The two judged by different profiles: only what both judged is compared."""
    changes: tuple[ChangeView, ...]


def chart(kept: Sequence[Kept], zone: tzinfo, every: timedelta) -> Markup:
    """The score over time, as SVG."""
    known = [one.score for one in kept if one.score is not None]
    if known:
        description = ngettext(
            "%(count)s audit: first %(first)s, last %(last)s, lowest %(low)s, highest %(high)s of 100.",
            "%(count)s audits: first %(first)s, last %(last)s, lowest %(low)s, highest %(high)s of 100.",
            len(kept),
            first=round(known[0]),
            last=round(known[-1]),
            low=round(min(known)),
            high=round(max(known)),
        )
    else:
        description = _("No score is known yet.")
    return line(
        [Point(one.at, one.score) for one in kept],
        axis=SCORE,
        zone=zone,
        texts=(_("Score over time"), description),
        name="score",
        gap=max(LONGEST_GAP, 3 * every),
    )


def between(audits: Audits, path: str, first: int, second: int) -> Comparison:
    """What changed from the earlier to the later of two kept audits. In a thread."""
    one, other = audits.get(path, first), audits.get(path, second)
    if one is None or other is None:
        raise NotFound(_("this audit is not kept any more"))
    before, after = sorted((one, other), key=lambda audit: audit.at)
    changes = compare(before, after)
    return Comparison(before.at, after.at, before.score, after.score, before.profile != after.profile, changed(changes))
