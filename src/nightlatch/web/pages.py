"""Pages: a template, filled with what a view holds and with what every page has."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache, partial
from importlib import resources
from typing import Any, cast

import jinja2
from litestar import MediaType, Request, Response, get
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from markupsafe import Markup

from nightlatch.web import texts, times
from nightlatch.web.errors import NotFound, Problem
from nightlatch.web.house import House
from nightlatch.web.signin.who import Scope, Who
from nightlatch.web.texts import N_, _, ngettext

AREAS: tuple[tuple[str, str, str, Scope], ...] = (
    ("home", "/", N_("Home"), "see"),
    ("access", "/access", N_("Access"), "log"),
    ("journal", "/journal", N_("Journal"), "log"),
    ("alerts", "/alerts", N_("Alerts"), "see"),
    ("posture", "/posture", N_("Posture"), "see"),
    ("emergency", "/emergency", N_("Emergency"), "see"),
    ("settings", "/settings", N_("Settings"), "settings"),
)
"""Icon, path, name and scope of every area, in the order of the navigation."""
TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
    "png": "image/png",
}


def page(
    request: Request[Any, Any, Any], house: House, template: str, *, status: int = HTTP_200_OK, **values: Any
) -> Response[str]:
    """A template as a response. `values` are what it shows; `problem`, where there is one, is told first."""
    return Response(_rendered(request, house, template, values), status_code=status, media_type=MediaType.HTML)


def back(path: str) -> Redirect:
    """To another page, after something was done: reloading it does nothing twice."""
    return Redirect(path, status_code=HTTP_303_SEE_OTHER)


def error_page(
    request: Request[Any, Any, Any], problem: Problem, status: int, headers: Mapping[str, str]
) -> Response[str]:
    """What went wrong, as a page."""
    house = cast("House", request.app.state.house)
    text = _rendered(request, house, "error.html", {"problem": problem, "status": status})
    return Response(text, status_code=status, media_type=MediaType.HTML, headers=dict(headers))


def _rendered(request: Request[Any, Any, Any], house: House, template: str, values: Mapping[str, Any]) -> str:
    who = cast("Who | None", request.scope.get("user"))
    zone, today, csrf = house.zone, house.today(), _csrf(who)
    common = {
        "who": who,
        "home": house.name,
        "zone": zone,
        "path": request.url.path,
        "areas": [one for one in AREAS if who is not None and who.may(one[3])],
        "open_alerts": house.open_alerts(),
        "now": house.now(),
        "live_at": house.live.position,
        "moment": partial(times.moment, zone=zone, now=today),
        "clock": partial(times.clock, zone=zone, now=today),
        "csrf": lambda: csrf,
        "problem": None,
    }
    return templates().get_template(template).render(common | dict(values))


def _csrf(who: Who | None) -> Markup:
    return Markup('<input type="hidden" name="csrf" value="{}">').format(who.csrf if who is not None else "")


@cache
def templates() -> jinja2.Environment:
    """Every template, with autoescape, the texts' language, and names that must exist."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("nightlatch.web", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        # A package's files do not change while it runs: none is looked for again.
        auto_reload=False,
        cache_size=-1,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # Of {% trans %} blocks, which fill in values themselves; `_` and `many` (ngettext) fill in too.
    environment.install_gettext_callables(texts.gettext, texts.plural, newstyle=False)  # type: ignore[attr-defined]
    environment.globals |= {"_": _, "many": ngettext, "static": static_path}
    return environment


@cache
def statics() -> tuple[str, dict[str, bytes]]:
    """Every file that pages ask for, by name, and the digest of them all. Nothing else is ever served."""
    folder = resources.files("nightlatch.web").joinpath("static")
    files = {file.name: file.read_bytes() for file in folder.iterdir() if file.name.rpartition(".")[2] in TYPES}
    digest = hashlib.sha256(b"".join(name.encode() + files[name] for name in sorted(files)))
    return digest.hexdigest()[:12], files


def static_path(name: str) -> str:
    """Where a page finds a file: under the digest of all, as modules import each other by name."""
    digest, files = statics()
    if name not in files:
        raise LookupError(name)
    return f"/static/{digest}/{name}"


@get("/static/{digest:str}/{name:str}", opt={"open": True, "static": True}, include_in_schema=False)
async def static(digest: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """A file of the pages, to be kept for ever under the present digest, and not at all under another."""
    present, files = statics()
    if name not in files:
        raise NotFound
    kept = "public, max-age=31536000, immutable" if digest == present else "no-store"
    media = TYPES[name.rpartition(".")[2]]
    return Response(files[name], media_type=media, headers={"Cache-Control": kept})
