"""Names of codes from a file of Keymaster or Lock Code Manager. The file is read in memory, and not kept."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect

from nightlatch.access import deciding
from nightlatch.access.deciding import Choice
from nightlatch.access.imports import LIMIT, read_content
from nightlatch.access.matching import Match, locks_of, matches
from nightlatch.access.registrar import Registrar
from nightlatch.access.strange import Strange
from nightlatch.errors import NightlatchError, UsageError
from nightlatch.web.access.locks_pages import names_of
from nightlatch.web.access.typed import Ask, Typed
from nightlatch.web.errors import described
from nightlatch.web.house import House
from nightlatch.web.pages import back, page
from nightlatch.web.settings.uploading import Uploaded, Uploading
from nightlatch.web.signin.who import fresh, may
from nightlatch.web.texts import _

UPLOAD = LIMIT + 64 * 1024


@get("/access/import", guards=[may("access"), fresh], include_in_schema=False)
async def ask(request: Ask, house: NamedDependency[House]) -> Response[str]:
    """Which file."""
    return _page(request, house)


@post(
    "/access/import",
    guards=[may("access"), fresh],
    include_in_schema=False,
    request_class=Uploading,
    request_max_body_size=UPLOAD,
)
async def import_(request: Ask, house: NamedDependency[House]) -> Response[str] | Redirect:
    """Show what the file names; then take those names over that were chosen."""
    form = await request.form()
    typed = await Typed.sent(request)
    try:
        if typed.one("sure"):
            return await _taken(request, house, typed)
        file = form.get("file")
        if not isinstance(file, Uploaded) or not file.name:
            raise UsageError(_("no file was chosen"), where=_("File"))
        found = await _found(house, file.data, file.name[:100], typed)
    except NightlatchError as error:
        return _page(request, house, error=error)
    return _page(request, house, found=found)


async def _found(house: House, content: bytes, name: str, typed: Typed) -> list[Match]:
    access, configuration = house.service.access, house.configuration
    vault = access.vault
    said = dict(one.split("=", 1) for one in typed.many("lock") if "=" in one)

    def look() -> list[Match]:
        named = read_content(content, name)
        theirs = locks_of(configuration, named, said)
        codes = deciding.found(configuration, access.records, set(theirs.values()), None)
        return matches(named, theirs, codes, vault)

    return await house.read(look)


async def _taken(request: Ask, house: House, typed: Typed) -> Redirect:
    """Take names over for codes that are still as they were shown: "front/3/SINCE" with a name each."""
    access, configuration = house.service.access, house.configuration
    wanted = dict(zip(typed.many("place"), typed.many("name"), strict=False))
    chosen = set(typed.many("take"))
    codes: list[Strange] = await house.read(lambda: deciding.found(configuration, access.records, None, None))
    choices = [
        (one, Choice("keep", name=wanted[place]))
        for one in codes
        if (place := f"{one.place}/{one.line.since}") in chosen and place in wanted
    ]
    if not choices:
        raise UsageError(_("no code is chosen"), todo=_("Choose the file once more, and tick the names to take over."))

    def decided(registrar: Registrar, now: int) -> None:
        deciding.decide(registrar, choices, now)

    await house.change(decided)
    await house.act(request.user, "import-names", "home", str(len(choices)))
    return back("/access/locks")


def _page(
    request: Ask, house: House, *, error: NightlatchError | None = None, found: list[Match] | None = None
) -> Response[str]:
    return page(
        request, house, "access/import.html", status=200 if error is None else 400, found=found,
        problem=described(error)[0] if error is not None else None, locks=names_of(house), limit=LIMIT // (1024 * 1024),
    )  # fmt: skip
