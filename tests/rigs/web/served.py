"""The web app of the demo's home, with whoever the test says signed in: `python -m tests.rigs.web.served FOLDER`.

With `--hostile` every text that a lock, a hub, a feed, a file or a guest can fill tries to become part of a page.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar

from nightlatch import demo
from nightlatch.access.registrar import Registrar
from nightlatch.access.vault import Vault
from nightlatch.configuration.read import Configuration, load
from nightlatch.demo.access import give
from nightlatch.journal.journal import Journal
from nightlatch.model.access import Entry, Grant
from nightlatch.model.event import KINDS, Event
from nightlatch.plugs import wall
from nightlatch.service.folder import held, prepare
from nightlatch.service.opening import running
from nightlatch.service.service import Service
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect
from nightlatch.store.users import UserBook
from nightlatch.web.app import application
from nightlatch.web.house import opened
from nightlatch.web.signin.desk import Desk
from nightlatch.web.signin.users import new
from nightlatch.web.signin.who import ROLES
from tests.unit.web.conftest import told

PAYLOAD = (
    """\"'><img src=x onerror=pwned()><script>pwned()</script><a href="javascript:pwned()">{{7*7}}</a><b id=planted>"""
)
"""What would run, or show, if any page took a text for markup."""
TRUSTED = frozenset(("alert", "delivery", "verified", "retained", "erased", "key_rotated", "restored", "clock_step"))
"""Kinds whose fields are Nightlatch's own words and numbers."""


@asynccontextmanager
async def pages(service: Service) -> AsyncIterator[Litestar]:
    """The application, without the sign-in."""
    async with opened(service) as house:
        desk = Desk(house)
        await desk.change(known)
        yield application(house, desk, told)


def known(book: UserBook, now: int) -> None:
    """Users of every role, so that their own pages have somebody to be about."""
    for role in ROLES:
        book.put(new(book, role, role.title(), role, now))


async def serve(folder: Path, *, hostile: bool = False) -> None:
    """Serve until told to end; its address on the first line."""
    prepare(folder)
    path = demo.configuration(folder).path
    text = path.read_text().replace("port = 5625", "port = 0")
    if hostile:
        text = re.sub(r'(?m)^name = ".*"$', f"name = {json.dumps(PAYLOAD)}", text)
    path.write_text(text)
    settings = load(path)
    give(settings, folder, wall())
    if hostile:
        plant(settings, folder)
    with held(folder):
        async with running(settings, folder, env={}) as service:
            service.application = pages
            task = asyncio.create_task(service.run(asyncio.Event()))
            while not service.standing and not task.done():  # noqa: ASYNC110  # it has no event of its own
                await asyncio.sleep(0.05)
            print(service.reporter.address, flush=True)  # noqa: T201
            await task


def plant(settings: Configuration, folder: Path) -> None:
    """Fill every text of access and of the journal."""
    now, engine, journal = wall(), connect(folder), Journal.open(folder)
    records = AccessRecords(engine)
    registrar = Registrar(settings, records, Vault.open(folder, records, settings), journal)
    registrar.add_person("mallory", PAYLOAD, "guest", ("visitors",), now)
    grant = Grant("", "person:mallory", ("front",), reason=PAYLOAD, by=PAYLOAD)
    registrar.add_grant(grant, now)
    line = Entry(
        "lock:front", "", 30, "foreign", now, "value", now, True, name=PAYLOAD, creator=PAYLOAD, reason=PAYLOAD
    )
    records.put_entries([line])
    journal.append([hostile_event(kind, now) for kind in sorted(KINDS) if kind not in TRUSTED])
    journal.close()
    engine.dispose()


def hostile_event(kind: str, now: int) -> Event:
    """An event of a kind, each of whose texts is hostile."""
    texts = {**dict.fromkeys(("value", "name", "detail", "source"), PAYLOAD), "raw": json.dumps({"name": PAYLOAD})}
    about = PAYLOAD if kind in ("act", "command") else "lock:front"
    return Event(now, kind, about, person=PAYLOAD[:40], slot=30, **texts)  # type: ignore[arg-type]


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), hostile="--hostile" in sys.argv))
