"""The first page: how the home stands, its doors, and locking and unlocking them."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from nightlatch.web.home import api, pages

ROUTES: Sequence[ControllerRouterHandler] = (
    *(pages.home, pages.answer, pages.posture, pages.card, pages.one_door, pages.door_now),
    *(pages.lock, pages.unlock, pages.pause, pages.resume),
    *(api.home, api.doors, api.one_door, api.progress, api.lock, api.unlock),
)
