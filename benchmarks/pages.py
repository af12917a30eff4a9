"""What each page costs the server, at 50 doors and a million entries: `python -m benchmarks.pages [ENTRIES [DOORS]]`.

The real service with its pages runs in a process of its own, over a simulated home; one client asks for each page in
turn, over one connection, and waits for its last byte.
"""

from __future__ import annotations

import asyncio
import http.client
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from litestar import Litestar

from benchmarks.figures import Figure, Target
from benchmarks.journals.appending import folder
from benchmarks.journals.verifying import filled
from benchmarks.live import owner
from nightlatch.configuration.read import parse
from nightlatch.journal.journal import Journal
from nightlatch.service import process
from nightlatch.service.folder import prepare
from nightlatch.service.service import Service
from nightlatch.web.app import application
from nightlatch.web.house import opened
from nightlatch.web.signin.desk import Desk

GROUP = "A page, 50 doors and a million entries"
PAGES = ("/", "/doors/d7", "/access", "/access/people", "/access/calendar", "/journal", "/journal?group=trouble",
         "/alerts", "/posture", "/emergency", "/settings", "/api/home")  # fmt: skip
LIMIT_MS = 100
SETTLED_S = 60.0
NOTES = ("A page: from the request to its last byte, over one connection, by a client of its own; gzip counts.",)
TIMES_FLOOR = "the slowest page beside /health"


def text(doors: int) -> str:
    """The configuration of a home with so many doors and a few residents."""
    names = [f"d{number}" for number in range(doors)]
    tables = ['[home]\nname = "Elm"\n[service]\nport = 0\n']
    tables += [f'[[doors]]\nid = "{one}"\nname = "Door {one}"\nexterior = true\n' for one in names]
    tables += [f'[[locks]]\nid = "{one}"\ndoor = "{one}"\nbind = ["simulated:{one}"]\n' for one in names]
    tables += [f'[[people]]\nid = "p{slot}"\nname = "Person {slot}"\nrole = "resident"\ncredentials = ['
               + ", ".join(f'"{one}/{slot}"' for one in names) + "]\n" for slot in range(1, 9)]  # fmt: skip
    tables.append(f'[[sources]]\nkind = "simulated"\ndoors = {names}\npeople = 8\npace = 1\n'.replace("'", '"'))
    return "".join(tables)


@asynccontextmanager
async def _pages(service: Service) -> AsyncIterator[Litestar]:
    async with opened(service) as house:
        telling = asyncio.create_task(_told(service))
        yield application(house, Desk(house), owner)
        telling.cancel()


async def _told(service: Service) -> None:
    """Print the port once the home was audited."""
    begun = time.monotonic()
    while service.auditor.last is None and time.monotonic() - begun < SETTLED_S:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    print(service.reporter.address.rpartition(":")[2], flush=True)


async def serve(place: Path, doors: int) -> None:
    """Serve as `nightlatch run` does until told to end; the port on the first line, once the home was audited."""
    path = place / "nightlatch.toml"
    path.write_text(text(doors))
    await process.serve(parse(text(doors), path), place, env={}, application=_pages)


@contextmanager
def _served(place: Path, doors: int) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.pages", "serve", str(place), str(doors)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout is not None
        try:
            yield int(running.stdout.readline())
        finally:
            running.terminate()


def _asked(port: int, path: str, rounds: int) -> list[float]:
    """How long each request took, in ms."""
    client = http.client.HTTPConnection("localhost", port, timeout=60)
    found = []
    for _ in range(rounds):
        begin = time.perf_counter()
        client.request(
            "GET", path, headers={"accept-encoding": "gzip", "sec-fetch-site": "none", "sec-fetch-mode": "navigate"}
        )
        answer = client.getresponse()
        answer.read()
        found.append(1e3 * (time.perf_counter() - begin))
        if answer.status != http.client.OK:
            raise RuntimeError(f"{path}: {answer.status}")
    return found


def measure(quick: bool) -> list[Figure]:
    """Every page; a smoke run when `quick`."""
    return pages(2_000, 10, 5) if quick else pages(1_000_000, 50, 60)


def pages(entries: int, doors: int, rounds: int) -> list[Figure]:
    """Every page, warm, over and over; the first requests are left out."""
    with folder() as place:
        prepare(place)
        journal = Journal.open(place)
        filled(journal, entries)
        journal.close()
        with _served(place, doors) as port:
            floor = _asked(port, "/health", rounds)
            figures = []
            for path in PAGES:
                _asked(port, path, 3)
                figures.append(Figure(GROUP, path, "ms", tuple(_asked(port, path, rounds))))
    slowest = max(figures, key=_p95)
    times = tuple(a / b for a, b in zip(sorted(slowest.values), sorted(floor), strict=True))
    return [*figures, Figure(GROUP, TIMES_FLOOR, "x", times)]


def _p95(figure: Figure) -> float:
    return sorted(figure.values)[int(len(figure.values) * 0.95)]


def targets(figures: Sequence[Figure]) -> list[Target]:
    """Every page within 100 ms for 95 of 100 requests."""
    return [
        Target(f"{one.name}, p95", f"under {LIMIT_MS} ms", f"{_p95(one):.0f} ms", _p95(one) < LIMIT_MS)
        for one in figures
        if one.group == GROUP and one.unit == "ms"
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(Path(sys.argv[2]), int(sys.argv[3])))
    else:
        asked = [int(one) for one in sys.argv[1:]]
        result = pages(asked[0] if asked else 1_000_000, asked[1] if asked[1:] else 50, 60)
        for figure in result:
            print(f"{figure.name:30} {figure.text} {figure.unit}; p95 {_p95(figure):.1f}")
        for target in targets(result):
            print(f"{'met' if target.met else 'MISSED':7} {target.name}: {target.found} ({target.wanted})")
