"""A secret in every place that can hold one, and every way out of the program searched for it.

All sources that read files are configured at once, live ones with their token and a peer that is not there.
The planted secrets are looked for as they are and in hex, Base64, percent signs and JSON.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typst

from nightlatch import plugs
from nightlatch.audit import collect as collecting
from nightlatch.cli.app import run
from nightlatch.model.evidence import Item
from nightlatch.model.thing import Field
from nightlatch.sources.interface import Source
from tests.slow.planted import FILES, LIVE, Secrets
from tests.unit.sources.vaults import MASTER

HOME = """\
[home]
name = "Elm"
[[doors]]
id = "front"
exterior = true
[[locks]]
id = "front"
door = "front"
bind = ["zigbee2mqtt:0x000d6f0011223344"]
"""


class Home:
    """A configuration with every source, and all that a command said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secret = Secrets()
        self.env = {"VAULT": MASTER, "TOKEN": self.secret("token in the environment")}
        self.secret.planted["master password"] = MASTER
        (folder / "files").mkdir()
        (folder / "mqtt").write_text(self.secret("password in a secret's file"))
        (folder / "mqtt").chmod(0o600)
        tables = [HOME]
        for kind, (setting, write) in FILES.items():
            write(folder / "files" / kind, self.secret)
            tables.append(f'[[sources]]\nkind = "{kind}"\nid = "{kind}"\n{setting} = "files/{kind}"\n')
            if kind in ("keepass", "bitwarden"):
                tables[-1] += 'password = "env:VAULT"\n'
        query = self.secret("token in a live url")
        nobody = "127.0.0.1:1"
        tables += [
            f'[[sources]]\nkind = "matter"\nurl = "ws://{nobody}/ws?token={query}"\n',
            f'[[sources]]\nkind = "zwavejs"\nurl = "ws://{nobody}/?token={query}#{query}"\n',
            f'[[sources]]\nkind = "homeassistant"\nid = "ha"\nurl = "http://{nobody}/?t={query}"\n'
            'token = "env:TOKEN"\n',
            f'[[sources]]\nkind = "zigbee2mqtt"\nid = "z2m"\nurl = "mqtt://{nobody}"\n'
            'username = "a"\npassword = "file:mqtt"\n',
        ]
        tables += self._channels(folder)
        self.path = folder / "nightlatch.toml"
        self.path.write_text("\n".join(tables))

    def _channels(self, folder: Path) -> list[str]:
        """Alert channels of several kinds, their URLs in the environment and in a file, and nobody behind them."""
        user, password, path, query, chat, bad = (
            self.secret(f"{part} of a channel's URL") for part in ("user", "password", "path", "query", "chat", "none")
        )
        (folder / "channel").write_text(f"jsons://{user}:{password}@127.0.0.1:1/{path}?+x-token={query}")
        (folder / "channel").chmod(0o600)
        self.env["CHAT"] = f"ntfy://{chat}@127.0.0.1:1/topic"
        self.env["MAIL"] = f"mailto://{user}:{password}@127.0.0.1:1/?to=a@example.org&mode=insecure"
        self.env["NONE"] = f"nosuch://{bad}"
        references = {"hook": "file:channel", "chat": "env:CHAT", "mail": "env:MAIL", "none": "env:NONE"}
        return [f'[[alerts.channels]]\nid = "{id_}"\nurl = "{url}"\n' for id_, url in references.items()]

    @property
    def written(self) -> Iterator[bytes]:
        """Every file that a command left behind, beside the planted ones: the unpacked database, PDF streams."""
        planted = {self.folder / "mqtt", self.folder / "channel", self.path, *(self.folder / "files").rglob("*")}
        for path in self.folder.rglob("*"):
            if path.is_file() and path not in planted:
                content = path.read_bytes()
                yield content
                if path.suffix == ".pdf":
                    yield from _streams(content)
                elif path.name == "nightlatch.db":
                    with closing(sqlite3.connect(path)) as database:
                        yield from (zlib.decompress(one) for (one,) in database.execute("SELECT document FROM audits"))


def _streams(pdf: bytes) -> Iterator[bytes]:
    for match in re.finditer(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            yield zlib.decompress(match[1])
        except zlib.error:
            yield match[1]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = Home(tmp_path)
    monkeypatch.setenv("NIGHTLATCH_STATE", str(tmp_path / "state"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    for name, value in made.env.items():
        monkeypatch.setenv(name, value)
    return made


class Told:
    """All that a home's commands let out: its files aside, what was printed and logged, each item, the PDF's data."""

    def __init__(self, home: Home, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
        self.home = home
        self.capsys = capsys
        self.caplog = caplog
        self.items: list[bytes] = []
        self.out = ""

    def leaked(self) -> list[str]:
        """The places whose secret got out."""
        self.out, err = self.capsys.readouterr()
        texts = (self.out.encode(), err.encode(), self.caplog.text.encode())
        return self.home.secret.found_in(*self.items, *texts, *self.home.written)


@pytest.fixture
def told(
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Told:
    seen = Told(home, capsys, caplog)
    keep, compile_ = collecting._keep, typst.compile

    def keeping(items: list[Item], item: Item) -> None:
        seen.items.append(repr(item).encode())
        keep(items, item)

    def compiling(*arguments: Any, **named: Any) -> Any:
        seen.items.append(json.dumps(named["sys_inputs"]).encode())
        return compile_(*arguments, **named)

    monkeypatch.setattr(collecting, "_keep", keeping)
    monkeypatch.setattr(typst, "compile", compiling)
    caplog.set_level(logging.DEBUG)
    return seen


def test_every_kind_has_its_planted_secrets() -> None:
    assert set(plugs.kinds()) - {"declared", "simulated"} == FILES.keys() | LIVE


def test_a_planted_secret_would_be_found_in_any_form() -> None:
    secret = Secrets()
    text = secret("here")
    secret("elsewhere")
    for form in (text, text.upper(), text.encode().hex(), json.dumps({"a": text})):
        assert secret.found_in(form.encode()) == ["here"]
    for before in ("", "a", "ab"):
        assert secret.found_in(base64.b64encode(f"{before}{text} and more".encode())) == ["here"]
    assert secret.found_in(b"nothing") == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of libraries that apprise loads
def test_no_secret_leaves_by_any_report_log_file_or_database(home: Home, told: Told) -> None:
    config = ["--config", str(home.path)]
    reports = [part for suffix in ("html", "pdf", "md", "json") for part in ("-o", str(home.folder / f"r.{suffix}"))]
    commands = [
        ["--debug", "audit", *config, "--details", *reports],
        ["--debug", "audit", *config, "--details", "--since", "last"],
        ["--debug", "audit", *config, "--format", "json"],
        ["audit", *config, "--format", "html"],
        ["audit", *config, "--format", "markdown"],
        ["--debug", "sources", *config],
        ["--debug", "sources", *config, "--format", "json"],
        ["--debug", "checklist", *config],
        ["--debug", "checklist", *config, "--format", "json"],
        ["answer", *config],
        ["--debug", "alerts", "test", *config],
        ["--debug", "alerts", "channels", *config],
        ["--debug", "alerts", "channels", *config, "--format", "json"],
    ]
    for command in commands:
        assert run(command) in (0, 1), command
    assert told.leaked() == []
    document = json.loads((home.folder / "r.json").read_bytes())
    by_id = {source["id"]: source for source in document["sources"]}
    silent = [kind for kind in FILES if not by_id[kind]["facts"]]
    assert not silent, "they told nothing, so this would prove nothing of them"
    assert all("cannot be reached" in by_id[id_]["reason"] for id_ in ("matter", "zwavejs", "ha", "z2m"))
    assert len(told.items) > 300


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of libraries that apprise loads
@pytest.mark.parametrize("where", ["claim", "end"])
def test_no_secret_leaves_when_a_source_breaks_after_reading_it(
    home: Home, told: Told, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """A defect whose exception quotes all that was planted: in the first claim, or when all has been read."""
    quoted = " ".join(home.secret.planted.values())
    claim = Field.claim

    def broken(field: Field[Any], *arguments: Any, **named: Any) -> Any:
        if field.kind == "home":
            return claim(field, *arguments, **named)
        raise ValueError(f"invalid literal: {quoted}")

    def ending(source: Source, items: list[Item], until: float) -> None:
        items += source.collect()
        raise ValueError(f"invalid literal: {quoted}")

    if where == "claim":
        monkeypatch.setattr(Field, "claim", broken)
    else:
        monkeypatch.setattr(collecting, "_read", ending)
    code = run(["--debug", "audit", "--config", str(home.path), "--details", "-o", str(home.folder / "r.json")])
    assert code in (0, 1)
    assert told.leaked() == []
    assert "broke on what it read (ValueError)" in (home.folder / "r.json").read_text()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of libraries that apprise loads
def test_no_secret_leaves_when_its_file_is_cut_off(home: Home, told: Told) -> None:
    for path in (home.folder / "files").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            path.write_bytes(content[: len(content) * 9 // 10])
    code = run(["--debug", "audit", "--config", str(home.path), "--details", "-o", str(home.folder / "r.json")])
    assert code in (0, 1)
    assert told.leaked() == []
    assert "broke on what it read" not in (home.folder / "r.json").read_text()


@pytest.mark.parametrize(
    "source",
    [
        'kind = "keepass"\npath = "x"\npassword = "{0}"',
        'kind = "keepass"\npath = "x"\npassword = "plain:{0}"',
        'kind = "keepass"\npath = "x"\npasword = "{0}"',
        'kind = "homeassistant"\nurl = "http://a:{0}@127.0.0.1:1"\ntoken = "env:TOKEN"',
        'kind = "homeassistant"\nurl = "{0}"\ntoken = "env:TOKEN"',
        'kind = "homeassistant"\nurl = "http://127.0.0.1:1"\ntoken = "{0}"',
        'kind = "matter"\nurl = "ws://a:{0}@127.0.0.1:1"',
        'kind = "zwavejs"\nurl = "ws://{0}@127.0.0.1:1"',
        'kind = "zwavejs"\nurl = "javascript:{0}"',
        'kind = "zigbee2mqtt"\nurl = "mqtt://a:{0}@127.0.0.1"',
        'kind = "zigbee2mqtt"\nurl = "{0}"',
        'kind = "zigbee2mqtt"\nurl = "mqtt://127.0.0.1:1"\npassword = "{0}"',
    ],
)
def test_a_secret_that_stands_in_the_configuration_is_not_repeated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    secret = Secrets()
    monkeypatch.setenv("TOKEN", secret("token"))
    path = tmp_path / "nightlatch.toml"
    path.write_text(f"[[sources]]\n{source.format(secret('pasted'))}\n")
    run(["--debug", "audit", "--config", str(path), "--no-store", "--details"])
    out, err = capsys.readouterr()
    assert out + err
    assert secret.found_in(out.encode(), err.encode()) == []


@pytest.mark.parametrize(
    "channel",
    [
        'id = "phone"\nurl = "json://{0}"',
        'id = "phone"\nurl = "plain:{0}"',
        'id = "phone"\nurl = ["{0}"]',
        'id = "phone"\nulr = "{0}"',
    ],
)
def test_a_channels_url_that_stands_in_the_configuration_is_not_repeated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, channel: str
) -> None:
    secret = Secrets()
    monkeypatch.setenv("NIGHTLATCH_STATE", str(tmp_path / "state"))
    path = tmp_path / "nightlatch.toml"
    path.write_text(f"[[alerts.channels]]\n{channel.format(secret('pasted'))}\n")
    for command in (["audit", "--no-store"], ["alerts", "test"], ["alerts", "channels"]):
        assert run(["--debug", *command, "--config", str(path)]) == 2
    out, err = capsys.readouterr()
    assert f"{path}:" in err
    assert secret.found_in(out.encode(), err.encode()) == []
