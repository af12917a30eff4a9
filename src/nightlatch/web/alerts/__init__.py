"""Alerts: what needs somebody, the channels that tell of it, and what is watched for."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from nightlatch.web.alerts import api, pages, settings

ROUTES: Sequence[ControllerRouterHandler] = (
    pages.alerts,
    pages.live,
    pages.history,
    pages.alert,
    pages.acknowledge,
    pages.close,
    pages.acknowledge_all,
    *settings.ROUTES,
    *api.ROUTES,
)
