"""A running Nightlatch over peers that tell it every secret they have: nothing of that, and no person, leaves it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sqlite3
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp

from nightlatch import plugs
from nightlatch.ecosystems.interface import Live
from tests.rigs.guard import Phone
from tests.slow.planted import Secrets
from tests.slow.planted_live import NICK, SURNAME, TALKERS, Talker
from tests.unit.ecosystems import fake_mqtt

ADDRESS = "Elmhollow Lane 77"
PERSON = "zuzana"
TRACES = (PERSON, SURNAME.lower(), NICK.lower())
"""Of the person, as the owner's configuration and the hubs have her."""
NIGHTLATCH = Path(sys.executable).with_name("nightlatch")

REFUSAL = b"HTTP/1.1 403 no\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n"


class House:
    """A configuration over scripted peers of every live kind, and all that Nightlatch let out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.secret = Secrets()
        self.talkers: dict[str, Talker] = {kind: make(self.secret) for kind, make in TALKERS.items()}
        self.phone = Phone()
        self.broker = fake_mqtt.FakeBroker({})
        self.logs: list[Path] = []
        self.printed: dict[str, bytes] = {}
        self.env = {"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC"}
        self.env |= {"NIGHTLATCH_STATE": str(self.state), "NIGHTLATCH_CONFIG": str(folder / "nightlatch.toml")}
        self.env |= {"TMPDIR": str(folder / "temporary"), "PYTHONWARNINGS": "ignore"}
        (folder / "temporary").mkdir()

    def _file(self, name: str, content: str) -> None:
        (self.folder / name).write_text(content)
        (self.folder / name).chmod(0o600)

    def configure(self, urls: dict[str, str], broker: str, refuser: str) -> None:
        """Write the configuration, with a secret of its own in each place that takes one."""
        self.urls, self.refuser = urls, refuser
        secret = self.secret
        self._file("mqtt", secret("password of the hub's broker"))
        self._file("entities", secret("password of the entities' broker"))
        self._file("witness", secret("password of the witness' broker"))
        user, password, path, query = (secret(f"{part} of a phone's URL") for part in ("user", "word", "path", "query"))
        phone = self.phone.url.replace("://", f"://{user}:{password}@") + f"{path}?+x-token={query}"
        refused = f"{refuser.replace('mqtt', 'json')}/{secret('path of a refusing channel')}?+key={secret('its key')}"
        self.env |= {
            "TOKEN": secret.planted["Home Assistant's token"],
            "PHONE": phone,
            "REFUSES": refused,
            "CHAT": f"ntfy://{secret('token of a chat')}@127.0.0.1:1/{secret('topic of a chat')}",
            "PASSPHRASE": f"{secret('passphrase of the backup')} lantern ferry copper",
        }
        tables = [
            f'[home]\nname = "{ADDRESS}"\n[service]\nport = 0\n',
            f'[entities]\nurl = "{broker}"\nusername = "a"\npassword = "file:entities"\n',
            f'[[journal.witnesses]]\nkind = "mqtt"\nid = "broker"\nurl = "{broker}"\nusername = "b"\n'
            'password = "file:witness"\nevery_s = 1\n',
            f'[[journal.witnesses]]\nkind = "mqtt"\nid = "refusing"\nurl = "{refuser}"\nevery_s = 1\n',
            "[alerts]\ngroup_seconds = 0\n",
            *(
                f'[[alerts.channels]]\nid = "{name.lower()}"\nurl = "env:{name}"\n'
                for name in ("PHONE", "REFUSES", "CHAT")
            ),
            f'[[alerts.notices]]\nchannels = ["phone"]\npeople = ["{PERSON}"]\n',
            f'[[alerts.notices]]\nchannels = ["phone"]\nkinds = {json.dumps(NOTICED)}\n',
        ]
        holds = []
        for kind, talker in self.talkers.items():
            url = urls[kind] + (f"/?token={secret(f'token in the url of {kind}')}" if kind in QUERIES else "")
            tables.append(f'[[doors]]\nid = "{kind}"\nname = "Door {kind}"\nexterior = true\n')
            tables.append(f'[[locks]]\nid = "{kind}"\ndoor = "{kind}"\nbind = ["{kind}:{talker.lock}"]\n')
            tables.append(f'[[sources]]\nkind = "{kind}"\nurl = "{url}"\n{talker.settings}')
            tables.append(
                f'[[autolock]]\nlock = "{kind}"\nafter = "2s"\nretries = 1\nretry_after = "2s"\nwithout_sensor = true\n'
            )
            holds.append(f"{kind}/3")
        self.person = (
            f'[[people]]\nid = "{PERSON}"\nname = "Zuzana {SURNAME}"\nrole = "resident"\n'
            f"credentials = {json.dumps(holds)}\n"
        )
        self._file("nightlatch.toml", "\n".join([*tables, self.person]))

    def refuse(self) -> None:
        """Let each hub be a peer that refuses everything."""
        text = (self.folder / "nightlatch.toml").read_text()
        for url in self.urls.values():
            text = text.replace(url.partition("://")[2], self.refuser.partition("://")[2])
        self._file("nightlatch.toml", text)

    async def command(self, *arguments: str) -> bytes:
        """What a command prints; it is kept to be searched, and never breaks."""
        process = await asyncio.create_subprocess_exec(
            NIGHTLATCH, *arguments, env=self.env, cwd=self.folder, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 90)
        assert process.returncode in (0, 1), (arguments, err)
        self.printed[" ".join(arguments)] = out + err
        return out

    @contextlib.asynccontextmanager
    async def running(self, *options: str, form: str = "text") -> AsyncIterator[None]:
        """`nightlatch run`, its log kept, stopped in good order; its arguments are searched too."""
        log = self.folder / f"{len(self.logs)}.log"
        self.logs.append(log)
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                NIGHTLATCH, *options, "run", "--log-format", form, env=self.env, cwd=self.folder,
                stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        try:
            await until(lambda: (self.state / "control.sock").exists() or process.returncode is not None, log)
            assert process.returncode is None, log.read_text()
            self.printed["arguments"] = _arguments(process.pid)
            yield
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 15) == 0, log.read_text()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def ask(self, address: str) -> None:
        """What it answers over HTTP, also to whom it does not."""
        async with aiohttp.ClientSession() as session:
            for path in ("ready", "metrics", "health", f"x?token={self.secret('token of a stranger')}"):
                async with session.get(f"{address}/{path}") as answer:
                    self.printed[f"GET {path[:8]}"] = await answer.read()

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Every file but the planted ones."""
        planted = {"mqtt", "entities", "witness", "nightlatch.toml", "control.sock"}
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.name not in planted:
                yield str(path.relative_to(self.folder)), path.read_bytes()

    def audits(self) -> Iterator[tuple[str, bytes]]:
        """The kept audits as they are within the databases."""
        for path in self.state.rglob("nightlatch.db"):
            with contextlib.closing(sqlite3.connect(path)) as database:
                for number, document in database.execute("SELECT id, document FROM audits"):
                    yield f"audit {number}", zlib.decompress(document)

    def named(self) -> list[tuple[str, str]]:
        """Where the person is named in what Nightlatch keeps: in any byte of any file, and in what is compressed."""
        files = [(name, text) for name, text in self.files() if name.startswith("state/")]
        return traces(*files, *self.audits())

    def leaks(self) -> dict[str, list[str]]:
        """By where it was found: the places whose secrets got there."""
        said = {kind: talker.told() for kind, talker in self.talkers.items()}
        shown = b"\n".join(topic.encode() + b" " + payload for topic, payload in self.broker.published)
        told = {
            **dict(self.files()),
            **dict(self.audits()),
            **self.printed,
            **{f"told {kind}": text for kind, text in said.items()},
            "entities": shown,
            "phone": self.phone.texts().encode(),
        }
        return {where: found for where, text in told.items() if (found := self.secret.found_in(text))}


async def commands(home: House) -> None:
    """Whatever lets something out while it runs."""
    for arguments in (
        *(f"journal show --format {form} --limit 1000" for form in ("text", "json", "jsonl", "csv")),
        "journal show --format csv -o shown.csv",
        "--debug journal verify --full",
        "journal prove 3 -o entry.proof",
        "journal export --tiles tiles",
        "--debug journal checkpoint --publish",
        "journal key show",
        "alerts list --format json",
        "alerts list",
        "alerts show 1 --format json",
        "alerts channels",
        "--debug alerts test",
        "guard replay --format json",
        "guard detections",
        "autolock show",
        "status",
        "--debug sources",
        "--debug audit --details --format json",
        "backup home.nlb --passphrase env:PASSPHRASE",
    ):
        await home.command(*arguments.split())


NOTICED = ["unlocked", "code_added", "code_changed", "wrong_code", "tamper", "door_opened", "offline"]
QUERIES = ("zwavejs",)
"""Kinds whose url may have a query."""


def _arguments(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()


def traces(*told: tuple[str, bytes]) -> list[tuple[str, str]]:
    """Where the person is named as a word."""
    return [
        (where, trace)
        for where, text in told
        for trace in TRACES
        if re.search(rf"(?<![a-z0-9]){trace}(?![a-z0-9])".encode(), text.lower())
    ]


async def until(what: Callable[[], Any], log: Path, seconds: float = 30) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not what():  # noqa: ASYNC110  # what is waited for has no event of its own
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"it did not come; {_end(log)}") from None


def _end(log: Path) -> str:
    return log.read_text()[-3000:]


@contextlib.asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    made = House(folder)

    async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Repeats what it was sent, with a no before it."""
        with contextlib.suppress(ConnectionError):
            said = await reader.read(4096)
            writer.write(REFUSAL + said)
            await writer.drain()
        writer.close()

    async with contextlib.AsyncExitStack() as stack:
        stack.callback(made.phone.close)
        urls = {kind: await stack.enter_async_context(talker.serve()) for kind, talker in made.talkers.items()}
        broker = await stack.enter_async_context(fake_mqtt.listening(made.broker.serve))
        refuser = await stack.enter_async_context(fake_mqtt.listening(refusing))
        made.configure(urls, broker, refuser)
        yield made


def test_every_live_kind_has_a_peer_that_tells_secrets() -> None:
    live = {kind for kind in plugs.kinds() if issubclass(plugs.find(kind), Live)}
    assert live - {"simulated"} == TALKERS.keys()


async def ready(home: House) -> None:
    """It hears every hub and has audited the home."""
    log = home.logs[-1]
    await until(lambda: log.read_text().count(" connected") >= len(TALKERS), log)
    await until(lambda: "audit: done" in log.read_text(), log, 120)


async def test_no_secret_and_no_person_leaves_a_running_nightlatch(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        async with home.running("--debug", form="json"):
            log = home.logs[0]
            await ready(home)
            for talker in home.talkers.values():
                await talker.unlock()
            await until(lambda: all(f"Door {kind}" in home.phone.texts() for kind in TALKERS), log)
            await until(lambda: log.read_text().count(" outcome") >= len(TALKERS), log)
            for talker in home.talkers.values():
                await talker.chatter()
            await until(lambda: log.read_text().count(" parameter_changed") >= 4, log)
            await until(lambda: log.read_text().count(" code_added") >= 2, log)
            status = json.loads(await home.command("status", "--format", "json"))
            await home.ask(status["address"])
            await commands(home)
        home.refuse()
        async with home.running():  # with lines as text, over peers that repeat what they are sent and refuse it
            log = home.logs[1]
            await until(lambda: log.read_text().count("trying again") >= 2 * len(TALKERS), log)
            status = json.loads(await home.command("status", "--format", "json"))
            assert [hub["connected"] for hub in status["ecosystems"]] == [False] * len(TALKERS)
            await home.ask(status["address"])
        async with home.running("--debug"):
            log = home.logs[2]
            await until(lambda: log.read_text().count("trying again") >= len(TALKERS), log)

        found = home.leaks()
        assert not found, "\n".join(f"{where}: {', '.join(places)}" for where, places in found.items())
        messages = home.phone.texts()
        assert "Zuzana" in messages
        assert not re.search(f"{SURNAME}|{NICK}|{ADDRESS}|{PERSON}", messages)
        told = {"metrics": home.printed["GET metrics"], "ready": home.printed["GET ready"]}
        told |= {log.name: log.read_bytes() for log in home.logs}
        told |= dict(home.broker.published)
        told |= {name: text for name, text in home.files() if name.startswith("state/")}
        named = traces(*told.items())
        assert not named, "\n".join(map(str, named))
        journal = home.printed["journal show --format jsonl --limit 1000"].decode()
        for kind in TALKERS:
            hers = [line for line in journal.splitlines() if f'"lock:{kind}"' in line and f'"{PERSON}"' in line]
            assert hers, f"{kind} told nothing of her, so this would prove nothing of it"


async def test_an_erased_person_is_in_no_file_while_it_runs_nor_after_a_restore(tmp_path: Path) -> None:
    async with house(tmp_path) as home:
        async with home.running("--debug", form="json"):
            log = home.logs[0]
            await ready(home)
            for talker in home.talkers.values():
                await talker.unlock()
            await until(lambda: log.read_text().count(" outcome") >= len(TALKERS), log)
            await home.command("backup", "before.nlb", "--passphrase", "env:PASSPHRASE")
            await home.command("--debug", "audit", "--format", "json")
            assert {trace for _, trace in traces(*home.audits())} == set(TRACES), "the audits name her until then"
            for talker in home.talkers.values():
                talker.forget()
            await home.command("journal", "erase", PERSON, "--name", NICK, "--yes")
            settings = home.folder / "nightlatch.toml"
            text = settings.read_text().replace(home.person, "")
            settings.write_text(re.sub(rf'(?m)^people = \["{PERSON}"\]$', 'doors = ["matter"]', text))
            before = log.read_text().count("standing guard")
            await home.command("reload")
            await until(lambda: log.read_text().count("standing guard") > before, log)
            await home.command("--debug", "audit", "--format", "json")
            assert PERSON not in settings.read_text()
            assert home.named() == [], "while it runs"
        assert home.named() == [], "after it has ended"
        await home.command("restore", "before.nlb", "--passphrase", "env:PASSPHRASE", "--yes")
        assert [path for path in home.state.iterdir() if path.name.startswith("before-restore-")]
        assert home.named() == [], "after a backup from before was restored"
        await home.command("journal", "verify", "--full")
        assert b"intact" in home.printed["journal verify --full"].lower()
        assert home.leaks() == {}
