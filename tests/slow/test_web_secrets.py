"""What somebody types into the web app, or is shown there once, is in no file, log, page, answer or address."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import stat
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pyotp
import pytest

from tests.rigs.guard import Phone, say
from tests.slow.planted import Secrets
from tests.slow.surfing import Run, Surfer, hidden
from tests.slow.test_access_secrets import held

pytestmark = pytest.mark.timeout(600)

MOST_PAGES = 300
LONG_CODES = "people = 0\nanswer_s = 0.05\ncodes = { shortest = 10, longest = 10 }\n"
FRAGMENT = re.compile(r"^(?!//)/[^#]*")


class Told:
    """Secrets by where they are typed or shown, and digits that stand for themselves."""

    def __init__(self) -> None:
        self.secrets = Secrets()
        self.digits: dict[str, str] = {}

    def keep(self, place: str, secret: str) -> str:
        """Look for this one too, which was not made here."""
        assert len(secret) >= 8, (place, secret)
        self.secrets.planted[place] = secret
        return secret

    def leaks(self, text: bytes) -> list[str]:
        """The places whose secret is in a text, plain, reversed, in hex, Base64 or percent signs."""
        return self.secrets.found_in(text) + held(text, self.digits)


class Owner(Surfer):
    """An owner by password and app. What an answer may show is put down with it."""

    def __init__(self, run: Run, told: Told) -> None:
        super().__init__(run.address)
        self.run, self.told = run, told
        self.shown: dict[str, bytes] = {}
        """Answers that show a secret because they were asked to, and so are not searched."""
        self.broken: list[str] = []

    def show(self, answer: httpx.Response) -> str:
        """An answer that shows a secret, this once."""
        self.done(answer)
        asked = f"{answer.request.method} {answer.request.url.raw_path.decode()}"
        self.shown[asked] = self.seen.pop(asked)
        return answer.text

    def code(self, secret: str) -> str:
        """The next code of the app that was not used yet."""
        while (code := pyotp.TOTP(secret).now()) in self.told.digits.values():
            time.sleep(0.5)
        self.told.digits[f"code {len(self.told.digits)} of the app"] = code
        return code

    def begin(self) -> str:
        """Make the owner; the secret of the app."""
        told, code = self.told, self.run.code()
        told.keep("set-up code", code.replace("-", ""))
        told.keep("set-up code as printed", code)
        told.secrets.planted["password"] = "zq seven quiet herons by the lamp"
        page = self.show(self.post("/sign-in/new", code=code, next="/"))
        found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)
        assert found
        told.keep("secret of the app as shown", found[1])
        secret = told.keep("secret of the app", found[1].replace(" ", ""))
        given = {"ticket": hidden(page, "ticket"), "app": hidden(page, "app"), "code": self.code(secret)}
        given |= {"password": told.secrets.planted["password"], "next": "/"}
        made = self.post("/sign-in/new/password", id="olga", name="Olga", **given)
        codes = re.findall(r"<li><code>([^<]+)</code>", self.show(made))
        assert len(codes) == 10
        for number, one in enumerate(codes):
            told.keep(f"recovery code {number}", one)
        told.keep("cookie", self.cookie())
        self.done(self.get("/settings/me"))
        return secret

    def again(self, secret: str) -> None:
        """Sign out and in by password and app, wrongly at first; then confirm by a recovery code."""
        told = self.told.secrets.planted
        self.done(self.post("/sign-out"))
        mistyped = self.told.secrets("wrong password")
        wrong = self.post("/sign-in", name="olga", password=mistyped, code="000000", next="/")
        assert wrong.status_code == 403
        given = {"name": "olga", "password": told["password"], "code": self.code(secret), "next": "/"}
        self.done(self.post("/sign-in", **given))
        self.told.keep("cookie of another session", self.cookie())
        self.done(self.get("/settings/me"))
        self.done(self.post("/sign-in/again", code=told["recovery code 3"], next="/settings/me"))
        self.told.keep("cookie once confirmed", self.cookie())

    def crawl(self) -> int:
        """Every page and every answer of the API that can be had by a link or needs no value; how many."""
        paths, waiting = set[str](), ["/"]
        described = self.get("/api/openapi.json").json()["paths"]
        waiting += [path for path, acts in described.items() if "get" in acts and "{" not in path]
        while waiting and len(paths) < MOST_PAGES:
            path = waiting.pop()
            if path in paths or path.startswith(("/static", "/live")):
                continue
            paths.add(path)
            answer = self.get(path)
            if answer.status_code == 500:
                self.broken.append(path)
            if answer.status_code == 429:
                time.sleep(2)
            links = [*re.findall(r'href="([^"]+)"', answer.text), answer.headers.get("location", "")]
            waiting += [link.replace("&amp;", "&").partition("#")[0] for link in links if FRAGMENT.match(link)]
        return len(paths)

    def answers(self) -> Iterator[tuple[str, bytes]]:
        """Every answer but those that were asked to show something, and every address that was asked for."""
        yield from self.seen.items()
        yield "addresses", "\n".join((*self.seen, *self.shown)).encode()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path)
    made.file.write_text(made.file.read_text().replace("people = 0\n", LONG_CODES))
    made.start()
    yield made
    made.stop(signal.SIGKILL)


def typed(owner: Owner, phone: Phone) -> None:
    """Everything else that is typed into the app or shown by it."""
    told, run = owner.told, owner.run
    made = owner.show(owner.post("/settings/me/tokens", name="panel", scopes=["see", "log"], days="30"))
    token = re.search(r"nlt_[\w-]{20,}", made)
    assert token
    told.keep("API token", token[0])
    given = owner.done(
        owner.post("/access/grants/new", to="new", name="Rosa", doors="door:front", how="always")
    ).headers["location"]
    person = urlsplit(given).path
    until = time.monotonic() + 30
    while "on the lock" not in owner.get(person).text:
        assert time.monotonic() < until
        time.sleep(0.3)
    for what in ("code", "card"):
        shown = owner.show(owner.post(f"{person}/{what}"))
        pin = re.sub(r"\D", "", re.findall(r'class="pin"[^>]*>([^<]+)<', shown)[0])
        assert len(pin) == 10
        told.digits[f"PIN on the {what}"] = pin
    told.digits["chosen PIN"] = "8305172946"
    owner.done(owner.post(f"{person}/code/new", does="chosen", code="8305172946"))
    url = f"{phone.url}?token={told.secrets('token in the address of a channel')}"
    added = owner.post("/alerts/channels", id="phone", url=url, severity="low", since=since(owner, "/alerts/channels"))
    owner.done(added)
    time.sleep(1)
    run.ready()
    new = "/settings/sources/new/homeassistant"
    fields = {"url": "http://127.0.0.1:9", "token": told.secrets("token of a hub"), "anyway": "1", "to": "/settings"}
    owner.done(owner.post(new, since=since(owner, new), **fields))
    time.sleep(1)
    run.ready()
    words = f"{told.secrets('passphrase')} lantern ferry copper"
    backup = owner.post("/settings/backup", passphrase=words, again=words)
    assert backup.status_code == 200 and len(backup.content) > 10_000
    short = told.secrets("passphrase that is not taken")
    assert owner.post("/settings/backup", passphrase=short, again=f"{short}x").status_code == 400


def since(owner: Owner, path: str) -> str:
    """For which state of the file a form is made."""
    return hidden(owner.done(owner.get(path)).text, "since")


def let_out(owner: Owner) -> Iterator[tuple[str, bytes]]:
    """Whatever the running service tells besides its pages, and its process."""
    run = owner.run
    for line in (
        *(f"journal show --format {form} --limit 1000" for form in ("text", "json", "jsonl", "csv")),
        "users list --format json", "status --format json", "alerts list --all", "who", "ledger", "people list",
        "--debug journal verify --full", "--debug audit --details --format json",
    ):  # fmt: skip
        yield line, run.command(*line.split()).encode()
    for path in ("metrics", "ready", "health"):
        yield f"GET /{path} as nobody", httpx.get(f"{run.address}/{path}", timeout=20).content
    assert run.process is not None
    for name in ("cmdline", "environ"):
        yield name, Path(f"/proc/{run.process.pid}/{name}").read_bytes()


def files(run: Run) -> Iterator[tuple[str, bytes]]:
    """Every file, and the kept audits unpacked; but for those that keep what was typed for the service's own use."""
    for path in run.folder.rglob("*"):
        if not path.is_file():
            continue
        if path.parent == run.state / "secrets":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
            continue
        yield str(path.relative_to(run.folder)), path.read_bytes()
        if path.name == "nightlatch.db":
            with closing(sqlite3.connect(path)) as database:
                for number, document in database.execute("SELECT id, document FROM audits"):
                    yield f"audit {number}", zlib.decompress(document)


def test_what_is_typed_or_shown_in_the_web_app_is_in_clear_nowhere_else(run: Run) -> None:
    told, phone = Told(), Phone()
    owner = Owner(run, told)
    try:
        secret = owner.begin()
        owner.again(secret)
        typed(owner, phone)
        pages = owner.crawl()
        searched = [*owner.answers(), *let_out(owner), ("phone", phone.texts().encode())]
        searched += [(f"while it runs: {name}", text) for name, text in files(run)]
    finally:
        phone.close()
    run.stop()
    searched += files(run)
    leaks = {where: found for where, text in searched if (found := told.leaks(text))}
    say(
        f"{len(told.secrets.planted) + len(told.digits)} secrets in {len(searched)} places, "
        f"{sum(len(text) for _, text in searched) / 1e6:.0f} MB, {pages} pages and answers: {json.dumps(leaks)}"
    )
    assert leaks == {}
    assert owner.broken == []
    assert pages > 50
    for name in ("secret of the app as shown", "recovery code 3", "API token", "PIN on the code", "PIN on the card"):
        assert any(name in told.leaks(text) for text in owner.shown.values()), "what is searched for is what was shown"
    kept = b"".join(path.read_bytes() for path in (run.state / "secrets").iterdir())
    assert {"token of a hub", "token in the address of a channel"} <= set(told.secrets.found_in(kept))
