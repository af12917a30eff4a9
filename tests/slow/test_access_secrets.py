"""People, codes on locks, a calendar with a token: no PIN and no token is anywhere in clear but where it was shown."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nightlatch.access.vault import Vault
from nightlatch.configuration.read import load
from nightlatch.service.control import ask
from nightlatch.store.access import AccessRecords
from nightlatch.store.database import connect
from tests.rigs.access import Home
from tests.rigs.guard import Guard, guarding
from tests.rigs.owner import NIGHTLATCH, Owner
from tests.slow.booking import Site
from tests.slow.planted import Secrets, forms
from tests.unit.access.feeds.calendars import calendar, entry

pytestmark = pytest.mark.timeout(600)

HOUSE = """
[[doors]]
id = "front"
name = "Front door"
exterior = true

[[doors]]
id = "back"
name = "Back door"
exterior = true

[[locks]]
id = "front"
door = "front"
bind = ["simulated:front"]

[[locks]]
id = "back"
door = "back"
bind = ["simulated:back"]

[[sources]]
kind = "simulated"
doors = ["front", "back"]
people = 0
answer_s = 0.05
codes = { shortest = 10, longest = 10 }

[access]
deadline = "3s"
"""
SHOWN = ("show", "card")
"""Commands of `code` that show a PIN because they were asked to."""
CHOSEN = "8305172946"
CORES = ["sh", "-c", 'ulimit -S -c "$(ulimit -H -c)"; exec "$@"', "sh"]
"""Runs a command as on a machine that keeps the memory of programs that crash."""


class Watched(Owner):
    """One of whom every word that a command printed is kept by command, but for what was to be shown."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.secrets["NIGHTLATCH_CONFIG"] = str(folder / "nightlatch.toml")
        self.card = b""
        self.printed: dict[str, bytes] = {}

    def run(self, *arguments: str) -> Any:
        done = super().run(*arguments)
        shown = arguments[0] == "code" and arguments[1] in SHOWN
        said = done.stderr if shown else done.stdout + done.stderr
        self.printed[" ".join(arguments)] = said.encode()
        assert done.returncode in (0, 1), (arguments, done.stderr)
        return done

    def files(self) -> list[Path]:
        """Every file but the card and what was printed, of which `printed` has all that is to be searched."""
        left_out = ("card.html", "stdout", "stderr", "control.sock")
        return [path for path in super().files() if path.name not in left_out]


def told(guard: Guard, owner: Watched) -> Iterator[tuple[str, bytes]]:
    """All that it wrote and said, and the kept audits unpacked."""
    yield from owner.printed.items()
    yield "phone", guard.phone.texts().encode()
    for path in owner.files():
        yield str(path.relative_to(owner.folder)), path.read_bytes()
        if path.name == "nightlatch.db":
            with closing(sqlite3.connect(path)) as database:
                for number, document in database.execute("SELECT id, document FROM audits"):
                    yield f"audit {number}", zlib.decompress(document)


def held(text: bytes, used: Mapping[str, str]) -> list[str]:
    """The credentials whose PIN is in a text in some form, also with gaps between its digits, as on a card.

    Digits within a longer number or a digest are none of it.
    """
    lowered = text.lower()
    found = []
    for credential, pin in used.items():
        plain = {pin.encode(), pin[::-1].encode()}
        gaps = ("(?: |-|&#160;|\u00a0|\u202f|\u2009)?".join(one.decode()).encode() for one in plain)
        alone = rb"(?<![0-9a-f])(" + b"|".join(gaps) + rb")(?![0-9a-f])"
        if any(form.lower() in lowered for form in forms(pin) - plain) or re.search(alone, lowered):
            found.append(credential)
    return found


def pins(guard: Guard) -> dict[str, str]:
    """Every PIN that is sealed, by credential: those of guests, whom nobody ever showed theirs, too."""
    engine = connect(guard.state)
    try:
        records = AccessRecords(engine)
        vault = Vault.open(guard.state, records, load(guard.owner.folder / "nightlatch.toml"), guard.owner.secrets)
        return {one: pin.reveal() for one, pin in vault.pins().items()}
    finally:
        engine.dispose()


def let_out(owner: Watched, guard: Guard, name: str) -> None:
    """Whatever lets something out while it runs."""
    for line in (
        *(f"journal show --format {form} --limit 1000" for form in ("text", "json", "jsonl", "csv")),
        f"journal export --tiles {name}-tiles",
        "--debug journal verify --full",
        f"journal prove 3 -o {name}.proof",
        *(f"{what} --format json" for what in ("who", "ledger", "grant list", "people list", "status", "alerts list")),
        *("who", "who front", "ledger", "ledger ana --history", "grant list --all", "people show ana", "people groups"),
        *("--debug sync --dry-run", "sync --yes --format json", "alerts list --all", "guard replay --format json"),
        "--debug audit --details --format json",
        f"backup {name}.nlb --passphrase env:PASSPHRASE",
    ):
        owner.run(*line.split())
    address = guard.status().address
    for path in ("metrics", "ready", "health", "access"):
        try:
            with urllib.request.urlopen(f"{address}/{path}", timeout=10) as answer:
                owner.printed[f"GET {path}"] = answer.read()
        except urllib.error.HTTPError as refusal:
            owner.printed[f"GET {path}"] = refusal.read()
    for verb, arguments in (("status", {}), ("access-progress", {"since": 0}), ("access-changed", {}), ("audit", {})):
        owner.printed[f"control {verb}"] = repr(ask(guard.state, verb, Any, **arguments)).encode()
    assert guard.process is not None
    owner.printed["arguments"] = Path(f"/proc/{guard.process.pid}/cmdline").read_bytes()


def test_no_pin_and_no_token_is_in_clear_anywhere_but_where_it_was_shown(tmp_path: Path) -> None:
    secret, owner = Secrets(), Watched(tmp_path)
    first, last = (f"{datetime.now(UTC) + timedelta(days=days):%Y%m%d}" for days in (-1, 3))
    both = calendar(entry(first, last, "Cleo", uid="1@x"), entry(first, last, "Dora", uid="2@x"))
    site = Site(secret("token of a calendar"), both)
    owner.secrets |= {"FEED": site.url, "PASSPHRASE": f"{secret('passphrase')} lantern ferry copper"}
    try:
        with guarding(owner, HOUSE) as guard:
            used = live(owner, guard, site)
            # The memory of a crash is not kept either, though this machine would.
            guard.stop(signal.SIGABRT)
            used |= pins(guard)
            owner.run("restore", "second.nlb", "--passphrase", "env:PASSPHRASE", "--yes")
            found = {where: places for where, text in told(guard, owner) if (places := held(text, used))}
            leaks = {where: places for where, text in told(guard, owner) if (places := secret.found_in(text))}
            guard.start()
    finally:
        site.close()
    assert (found, leaks) == ({}, {})
    assert held(owner.card, used), "what is searched for is what was in use"


def live(owner: Watched, guard: Guard, site: Site) -> dict[str, str]:
    """What happens in a home, once with a defect; every PIN that there was, by credential."""
    home = Home(guard)
    home.welcome("ana", "Ana Almeida", "--doors", "front,back")
    home.welcome("ben", "Ben Brooks", "--doors", "back", "--until", "in 2 hours")
    used = pins(guard)
    guard.until(lambda: {home.state("back").get(one) for one in ("ana", "ben")} == {"present"}, 40)
    used |= pins(guard)
    choose(owner, "ben")
    owner.run("grant", "add", "--ical", "env:FEED", "--doors", "front", "--name", "Cabin", "--yes")
    guard.until(lambda: sum(line["state"] == "present" for line in home.ask("ledger", "front")) == 3, 40)
    owner.run("code", "new", "ana", "--yes")
    used |= pins(guard)
    owner.run("code", "card", "ana", "--yes")
    owner.run("code", "card", "ana", "-o", "card.html", "--yes")
    owner.card = (owner.folder / "card.html").read_bytes()
    owner.run("people", "remove", "ben", "--yes")
    site.mode = "repeats"
    (feed,) = home.ask("grant", "list")["calendars"]
    owner.run("grant", "change", feed["id"], "--check-out", "12:00", "--yes")
    guard.until(lambda: home.ask("grant", "list")["calendars"][0]["trouble"], 20)
    owner.run("code", "key", "rotate")
    let_out(owner, guard, "first")
    guard.stop()
    guard.program = [sys.executable, "-P", str(Path(__file__).with_name("broken_codes.py")), "--debug"]
    owner.place = CORES
    guard.start()
    owner.place = []
    guard.connected()
    owner.run("code", "new", "ana", "--yes")
    used |= pins(guard)
    guard.until(lambda: "broke on" in guard.log.read_text(), 40)
    guard.until(lambda: ("ana", "present") in {(one["person"], one["state"]) for one in home.ask("ledger", "back")}, 40)
    let_out(owner, guard, "second")
    return used


def choose(owner: Watched, person: str) -> None:
    """Type a PIN of the owner's choice, as on a terminal."""
    done = subprocess.run(
        [NIGHTLATCH, "code", "new", person, "--choose", "--yes", "-c", "nightlatch.toml"],
        input=f"{CHOSEN}\n", text=True, capture_output=True, check=True, cwd=owner.folder,
        env={"HOME": str(owner.folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
    )  # fmt: skip
    owner.printed["code new --choose"] = (done.stdout + done.stderr).encode()
