"""The journal for programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from nightlatch.journal import paging, proof
from nightlatch.report.entries import document
from nightlatch.report.sentences import sentence
from nightlatch.web.errors import NotFound
from nightlatch.web.house import House
from nightlatch.web.journal import filters, view
from nightlatch.web.journal.filters import Filters
from nightlatch.web.numbers import Number
from nightlatch.web.signin.who import Who, may
from nightlatch.web.texts import _

TAGS = ["journal"]


class EntryDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the journal. Fields that it does not have are null."""

    index: int
    text: str
    """What it tells, in a sentence."""
    at: datetime | None = None
    kind: str | None = None
    about: str | None = None
    source: str | None = None
    by: str | None = None
    slot: int | None = None
    person: str | None = None
    value: int | str | None = None
    name: str | None = None
    since: datetime | None = None
    told: datetime | None = None
    resync: bool = False
    detail: str | None = None
    raw: str | None = None
    erased: bool = False
    dropped: bool = False
    damaged: str | None = None


class Entries(msgspec.Struct, frozen=True):
    """Entries, newest first, and where to go on."""

    entries: list[EntryDocument]
    size: int
    """Entries in the journal."""
    first: int
    """The first entry whose content is still kept."""
    older: int | None
    """Ask with this as `before` for older ones; null: there are none."""
    looked_to: int | None
    """Not null: it looked no further than this for now; older ones may fit."""


@get("/api/journal", guards=[may("log")], tags=TAGS)
async def journal(
    house: NamedDependency[House],
    *,
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
    before: Annotated[int | None, QueryParameter(ge=0)] = None,
    after: Annotated[int | None, QueryParameter(ge=-1)] = None,
    door: Annotated[list[str] | None, QueryParameter(max_items=20)] = None,
    person: Annotated[str, QueryParameter(max_length=200)] = "",
    kind: Annotated[list[str] | None, QueryParameter(max_items=20)] = None,
    group: Annotated[list[str] | None, QueryParameter(max_items=20)] = None,
    since: Annotated[str, QueryParameter(max_length=40)] = "",
    until: Annotated[str, QueryParameter(max_length=40)] = "",
) -> Entries:
    """Entries of the journal, newest first; with `after`, those that come next after an index."""
    given = {"door": door or (), "kind": kind or (), "group": group or ()}
    chosen: Filters = filters.read({**given, "person": (person,), "since": (since,), "until": (until,)})
    sought = filters.wanted(chosen, house)
    house.look_back()

    def look() -> Entries:
        if after is not None:
            found = paging.next_after(house.journal, house.lookup, sought, limit, after=after)
        else:
            found = paging.newest(house.journal, house.lookup, sought, limit, before=before)
        called = view.names(house)
        told = [_document(one, sentence(one, called, house.zone)) for one in found.entries]
        return Entries(told, found.size, found.first, found.older, found.looked_to)

    return await house.read(look)


@get("/api/journal/verified", guards=[may("log")], tags=TAGS)
async def verified(house: NamedDependency[House]) -> view.Verified:
    """How far the journal is proven, and what its witnesses remember."""
    return await house.read(lambda: view.verified(house))


@post("/api/journal/verify", guards=[may("log")], tags=TAGS, status_code=202)
async def verify(request: Request[Who, Any, Any], house: NamedDependency[House]) -> None:
    """Have the journal verified now; `/api/journal/verified` tells how it goes."""
    if not house.service.upkeep.wanted:
        house.service.upkeep.want()
        await house.act(request.user, "journal-verify")


@get("/api/journal/{index:int}", guards=[may("log")], tags=TAGS)
async def entry(house: NamedDependency[House], index: Number) -> EntryDocument:
    """One entry."""

    def look() -> EntryDocument:
        for one in house.journal.entries(index, index + 1) if index >= 0 else ():
            return _document(one, sentence(one, view.names(house), house.zone))
        raise NotFound(_("there is no entry %(index)s", index=index))

    return await house.read(look)


@get("/api/journal/{index:int}/proof", guards=[may("log")], tags=TAGS, media_type=MediaType.TEXT)
async def proof_of(house: NamedDependency[House], index: Number) -> Response[str]:
    """The proof that an entry is in the journal: text that `nightlatch journal check` takes, with the public key."""
    text = await house.read(lambda: proof.prove(house.journal, index))
    return Response(text, media_type=MediaType.TEXT)


def _document(one: Any, text: str) -> EntryDocument:
    return msgspec.convert({**document(one), "text": text}, EntryDocument)


ROUTES: Sequence[ControllerRouterHandler] = (journal, verified, verify, entry, proof_of)
