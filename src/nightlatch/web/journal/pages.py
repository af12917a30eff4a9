"""The journal's pages: what happened, what proves it, and how to take it along."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial
from itertools import islice
from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Stream

from nightlatch.errors import UsageError
from nightlatch.journal import paging, proof, selecting
from nightlatch.journal.paging import Page
from nightlatch.journal.selecting import Wanted
from nightlatch.report.entries import as_csv, as_jsonl, document, printable
from nightlatch.web.errors import NotFound
from nightlatch.web.house import House
from nightlatch.web.journal import checkpoints, filters, view
from nightlatch.web.journal.filters import GROUPS, SPANS, Filters
from nightlatch.web.numbers import Number
from nightlatch.web.pages import back, page, templates
from nightlatch.web.signin.who import Who, may
from nightlatch.web.texts import _

SHOWN = 50
"""Entries of a page."""
MOST_NEW = 200
"""Entries that a page takes in at once while it is open."""
AT_ONCE = 500
"""Entries of an export that are read in one go."""
Asked = Request[Who, Any, Any]


@get("/journal", guards=[may("log")], include_in_schema=False)
async def journal(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """What happened, newest first."""
    problem = None
    try:
        chosen = filters.read(request.query_params.dict())
        sought = filters.wanted(chosen, house)
    except UsageError as error:
        chosen, sought, problem = Filters(), Wanted(), error
    before, after = _index(request, "before"), _index(request, "after")
    house.look_back()

    def look() -> dict[str, Any]:
        found = _page(house, sought, before=before, after=after)
        called = view.names(house)
        return {
            "found": found,
            "days": view.days(found, called, house.zone, house.today()),
            "looked_to": _when(house, found.looked_to),
            "verified": view.verified(house),
            "people": sorted(_people(house).items(), key=lambda one: one[1].casefold()),
        }

    return page(
        request,
        house,
        "journal/journal.html",
        status=400 if problem else 200,
        problem=problem,
        filters=chosen,
        groups=GROUPS,
        spans=SPANS,
        doors=[(one.id, one.name or one.id) for one in house.configuration.tables.doors],
        here=chosen.query(before=before, after=after),
        live=before is None and after is None and not chosen.until,
        **await house.read(look),
    )


@get("/journal/rows", guards=[may("log")], include_in_schema=False)
async def fresh_rows(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """The entries that came after an index, as the page has them: what an open page puts on its top."""
    chosen = filters.read(request.query_params.dict())
    sought, after = filters.wanted(chosen, house), _index(request, "after")
    if after is None:
        raise UsageError(_("after which entry?"))

    def look() -> tuple[Page, list[view.Day]]:
        found = paging.next_after(house.journal, house.lookup, sought, MOST_NEW, after=after)
        return found, view.days(found, view.names(house), house.zone, house.today())

    found, days = await house.read(look)
    text = templates().get_template("journal/rows.html").render(found=found, days=days)
    return Response(text, media_type=MediaType.HTML)


@get("/journal/{index:int}", guards=[may("log")], include_in_schema=False)
async def entry(request: Asked, house: NamedDependency[House], index: Number) -> Response[str]:
    """One entry, with all that it holds and what proves it."""

    def look() -> dict[str, Any]:
        found = next(iter(house.journal.entries(index, index + 1)), None) if index >= 0 else None
        if found is None:
            raise NotFound(_("there is no entry %(index)s", index=index))
        return {
            "row": view.row(found, view.names(house), house.zone),
            "raw": view.readable(found.event.raw) if found.event is not None else "",
            "fields": [(name, printable(str(one))) for name, one in document(found).items() if one not in ("", None)],
            "size": house.journal.size,
            "proven": checkpoints.proven(house.journal, index) if found.event is not None else None,
        }

    return page(request, house, "journal/entry.html", index=index, **await house.read(look))


@get("/journal/{index:int}/proof", guards=[may("log")], include_in_schema=False)
async def proof_file(house: NamedDependency[House], index: Number) -> Response[bytes]:
    """The proof of an entry, as a file."""
    text = await house.read(lambda: proof.prove(house.journal, index))
    return _download(text.encode(), f"nightlatch-entry-{index}.proof", "text/plain; charset=utf-8")


@get("/journal/verified", guards=[may("log")], include_in_schema=False)
async def verified(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """How far the journal is proven, who else remembers it, and its checkpoints."""
    older, newer = _index(request, "old"), _index(request, "new")

    def look() -> dict[str, Any]:
        compared = checkpoints.compared(house.journal, older, newer) if older and newer else None
        return {
            "verified": view.verified(house),
            "kept": checkpoints.kept(house.journal),
            "keys": [one.text for one in house.journal.verifiers],
            "compared": compared,
        }

    values = await house.read(look)
    return page(request, house, "journal/verified.html", older=older, newer=newer, **values)


@get("/journal/verified/state", guards=[may("log")], include_in_schema=False)
async def verified_state(request: Asked, house: NamedDependency[House]) -> Response[str]:
    """The badge alone, for a page that waits for a verification."""
    return page(request, house, "journal/badge.html", verified=await house.read(partial(view.verified, house)))


@get("/journal/checkpoints/{size:int}", guards=[may("log")], include_in_schema=False)
async def checkpoint_file(house: NamedDependency[House], size: Number) -> Response[bytes]:
    """A signed checkpoint, as a file."""
    note = await house.read(lambda: checkpoints.note(house.journal, size))
    return _download(note.encode(), f"nightlatch-checkpoint-{size}.txt", "text/plain; charset=utf-8")


@post("/journal/verify", guards=[may("log")], include_in_schema=False)
async def verify(request: Asked, house: NamedDependency[House]) -> Redirect:
    """Have the journal verified now."""
    if not house.service.upkeep.wanted:
        house.service.upkeep.want()
        await house.act(request.user, "journal-verify")
    return back("/journal/verified")


@get("/journal/export", guards=[may("log")], include_in_schema=False)
async def export(request: Asked, house: NamedDependency[House]) -> Stream:
    """What fits the filters, oldest first, as a file that is made while it is sent."""
    form = request.query_params.get("format", "jsonl")
    if form not in ("jsonl", "csv"):
        raise UsageError(_("there is no format %(form)r", form=form), todo=_("Ask for jsonl or csv."))
    chosen = filters.read({key: some for key, some in request.query_params.dict().items() if key != "format"})
    parts = exported(house, filters.wanted(chosen, house), form)
    await house.act(request.user, "journal-exported", detail=f"{form} {chosen.query()}".rstrip())
    name = f"nightlatch-journal-{house.today().astimezone(house.zone):%Y-%m-%d}.{form}"
    media = "text/csv; charset=utf-8" if form == "csv" else "application/x-ndjson"
    return Stream(parts, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})


async def exported(house: House, sought: Wanted, form: str) -> AsyncIterator[bytes]:
    """The entries as text, some hundred at a time, however many there are."""
    entries = selecting.every(house.journal, sought)
    lines: Iterator[str] = as_csv(entries, house.zone) if form == "csv" else as_jsonl(entries)

    def some() -> bytes:
        return "".join(islice(lines, AT_ONCE)).encode()

    while part := await house.read(some):
        yield part


def _page(house: House, sought: Wanted, *, before: int | None, after: int | None) -> Page:
    if after is not None:
        return paging.next_after(house.journal, house.lookup, sought, SHOWN, after=after)
    return paging.newest(house.journal, house.lookup, sought, SHOWN, before=before)


def _index(request: Asked, name: str) -> int | None:
    text = request.query_params.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise UsageError(_("%(name)s is no number of an entry", name=name))
    return int(text)


def _people(house: House) -> dict[str, str]:
    people = {one.id: one.name for one in house.service.access.records.people()}
    return people | {one.id: one.name or one.id for one in house.configuration.tables.people}


def _when(house: House, index: int | None) -> int | None:
    """When an entry was heard, µs; None where that cannot be told."""
    if index is None:
        return None
    return next((one.event.at for one in house.journal.entries(index, index + 1) if one.event is not None), None)


def _download(data: bytes, name: str, media: str) -> Response[bytes]:
    return Response(data, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})
