"""The journal: live, filtered, verified, with the proof of each entry."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from nightlatch.web.journal import api, pages

ROUTES: Sequence[ControllerRouterHandler] = (
    pages.journal,
    pages.fresh_rows,
    pages.entry,
    pages.proof_file,
    pages.verified,
    pages.verified_state,
    pages.checkpoint_file,
    pages.verify,
    pages.export,
    *api.ROUTES,
)
