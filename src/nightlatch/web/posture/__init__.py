"""What the audit found, how it is known, and putting it right."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from nightlatch.web.posture import acts, api, downloads, pages

ROUTES: Sequence[ControllerRouterHandler] = (
    pages.overview,
    pages.overview_part,
    pages.auditing_part,
    pages.practice,
    pages.practice_part,
    pages.finding,
    pages.finding_part,
    pages.answers,
    pages.waivers,
    pages.fixes,
    pages.fixes_part,
    pages.history,
    pages.checks,
    acts.audit,
    acts.answer,
    acts.take_answer_back,
    acts.waive,
    acts.take_waiver_back,
    acts.fix,
    acts.fix_one,
    downloads.report,
    api.posture,
    api.findings,
    api.audit,
    api.answers,
    api.answer,
    api.take_answer_back,
    api.waivers,
    api.waive,
    api.take_waiver_back,
    api.repairs,
    api.repair,
    api.history,
)
