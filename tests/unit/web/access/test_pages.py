"""Every page of access, for who may see it."""

from __future__ import annotations

import pytest

from tests.unit.web.access.homes import TWO_DOORS, peopled
from tests.unit.web.conftest import Opens

READ = [
    "/access",
    "/access/who?steps=96",
    "/access/who?door=front",
    "/access/who/part?steps=-1",
    "/access/people",
    "/access/people?q=mi",
    "/access/people/mia",
    "/access/people/mia/locks",
    "/access/grants",
    "/access/grants?show=ended",
    "/access/grants/{mia}",
    "/access/grants/{cleaners}",
    "/access/calendar",
    "/access/calendar?kind=day",
    "/access/calendar?kind=month&day=2026-12-01&door=door:front",
    "/access/feeds",
    "/access/locks",
    "/access/locks/front",
    "/access/sync",
    "/access/sync/part",
    "/api/who",
    "/api/people",
    "/api/people/mia",
    "/api/grants",
    "/api/ledger",
    "/api/ledger/locks",
    "/api/feeds",
    "/api/sync",
]
WRITE = [
    "/access/people/new",
    "/access/people/mia/change",
    "/access/people/mia/remove",
    "/access/people/mia/code/new",
    "/access/grants/new",
    "/access/grants/new?to=person:mia",
    "/access/grants/{mia}/change",
    "/access/grants/{mia}/end",
    "/access/feeds/new",
    "/access/locks/front/retire",
    "/access/import",
]


async def test_owners_see_every_page_and_residents_those_that_change_nothing(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    ids = await peopled(web)
    owner, resident, viewer = [await web.client(role) for role in ("owner", "resident", "viewer")]
    for path in READ:
        told = await owner.get(path.format(**ids))
        assert told.status_code == 200, (path, told.text[told.text.find("<main") :][:700])
        assert (await resident.get(path.format(**ids))).status_code == 200, path
        assert (await viewer.get(path.format(**ids))).status_code == 403, path
    for path in WRITE:
        told = await owner.get(path.format(**ids))
        assert told.status_code == 200, (path, told.text[told.text.find("<main") :][:700])
        assert (await resident.get(path.format(**ids))).status_code == 403, path


@pytest.mark.parametrize(
    "path",
    [
        "/access/people/nobody",
        "/access/grants/g000000",
        "/access/locks/nowhere",
        "/access/strangers/front/99",
        "/access/feeds/none/remove",
    ],
)
async def test_what_is_not_there_is_said_not_to_be_there(open_web: Opens, path: str) -> None:
    web = await open_web(TWO_DOORS)
    owner = await web.client()
    assert (await owner.get(path)).status_code == 404
