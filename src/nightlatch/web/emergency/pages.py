"""The emergency page, and the sheet to print."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency

from nightlatch.web.emergency.view import EmergencyView, emergency_view
from nightlatch.web.house import House
from nightlatch.web.pages import page
from nightlatch.web.signin.who import Who, may

Asked = Request[Who, Any, Any]


@get("/emergency", guards=[may("see")], include_in_schema=False)
async def emergency(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """What helps when something fails."""
    return page(request, house, "emergency/emergency.html", view=await emergency_view(house, request.user))


@get("/emergency/batteries", guards=[may("see")], include_in_schema=False)
async def batteries(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """The batteries, to put into a page that is open."""
    return page(request, house, "emergency/batteries.html", view=await emergency_view(house, request.user))


@get("/emergency/sheet", guards=[may("log")], include_in_schema=False)
async def sheet(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """The sheet to print. It holds no code, and tells where keys are: who may read the journal may read it."""
    return page(request, house, "emergency/sheet.html", view=await emergency_view(house, request.user))


@get("/api/emergency", guards=[may("log")], tags=["emergency"])
async def api(request: Asked, house: NamedDependency[House]) -> EmergencyView:
    """Batteries with their forecasts, what each single failure does at each door, what was answered, the sheet."""
    return await emergency_view(house, request.user)
