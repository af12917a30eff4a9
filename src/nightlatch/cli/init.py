"""`nightlatch init`: finds what it can, asks the rest in plain words, writes a commented nightlatch.toml."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nightlatch.cli.common import ConfigOption, Format, FormatOption, console, now, print_json, write_private

if TYPE_CHECKING:
    from rich.console import Console

    from nightlatch.configuration.draft import DoorDraft, SourceDraft
    from nightlatch.configuration.read import Configuration
    from nightlatch.discovery import Found
    from nightlatch.model.lock import Lock


def init(
    config: ConfigOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: take what is found.")] = False,
    network: Annotated[
        bool, typer.Option("--network/--no-network", help="Also look on the network, not only on this machine.")
    ] = True,
    timeout: Annotated[float, typer.Option("--timeout", min=0.5, max=60, help="How long to look, seconds.")] = 5,
    form: FormatOption = Format.TEXT,
) -> None:
    """Find hubs, ask about the doors, and write a commented nightlatch.toml.

    Nothing is changed anywhere else, and an existing file is never overwritten.

    Examples: nightlatch init; nightlatch init --yes --no-network; nightlatch init --config home.toml
    """
    import asyncio

    from nightlatch.configuration.draft import draft, timezone_here
    from nightlatch.configuration.read import locate, parse
    from nightlatch.discovery import discover
    from nightlatch.errors import UsageError

    path = locate(config, os.environ).absolute()
    if path.exists():
        raise UsageError(f"{path} exists already", todo="Edit it, or move it away to start anew. Nothing was written.")
    asks = not yes and sys.stdin.isatty() and form is Format.TEXT
    out = console(stderr=True)
    with out.status("Looking for hubs …"):
        found = asyncio.run(discover(timeout=timeout, loopback_only=not network))
    if form is Format.TEXT:
        _tell(found, out)
    name = _ask("What do you call your home?", "Home") if asks else "Home"
    here = timezone_here(os.environ)
    timezone = _ask("In which time zone is it?", here) if asks else here
    sources = _sources(found, asks)
    first = parse(draft(name, timezone, (), sources), path)
    with out.status("Asking the hubs for locks …"):
        locks = _locks(first)
    doors = _doors(locks, asks)
    text = draft(name, timezone, doors, sources)
    parse(text, path)
    write_private(path, text.encode())
    if form is Format.JSON:
        print_json({"path": path, "found": found, "doors": doors, "sources": sources})
        return
    out.print(f"Written: {path}", markup=False, soft_wrap=True)
    for source in sources:
        if source.note:
            out.print(source.note, markup=False)
    out.print("Next: nightlatch audit. Then nightlatch answer, for what only you can tell.")
    out.print("To stand guard: look at the last tables of the file, then nightlatch run.")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(init)


def _tell(found: Sequence[Found], out: Console) -> None:
    from rich.text import Text

    if not found:
        out.print("Nothing was found. Sources can be added to the file later.")
    for item in found:
        out.print(Text(f"Found {item.kind} at {item.url}").append(f" ({item.name}; {item.how})", style="dim"))


def _ask(question: str, default: str) -> str:
    answer: str = typer.prompt(question, default=default, err=True)
    return answer.strip()


def _sources(found: Sequence[Found], asks: bool) -> list[SourceDraft]:
    from nightlatch.configuration.draft import SourceDraft

    made: list[SourceDraft] = []
    for item in found:
        if item.kind == "router":
            continue
        if asks and not typer.confirm(f"Use {item.kind} at {item.url}?", default=True, err=True):
            continue
        if item.kind == "homeassistant":
            note = (
                "Home Assistant: make a long-lived access token as an administrator (your profile > Security)\n"
                "and put it into the environment variable HOMEASSISTANT_TOKEN."
            )
            made.append(SourceDraft(item.kind, {"url": item.url, "token": "env:HOMEASSISTANT_TOKEN"}, note))
        elif item.kind == "mqtt":
            note = (
                "The MQTT broker asks for an account: give Zigbee2MQTT's in MQTT_PASSWORD, or set its data folder.\n"
                "Remove this table if Zigbee2MQTT is not in use."
            )
            settings = {"url": item.url, "username": "nightlatch", "password": "env:MQTT_PASSWORD"}
            made.append(SourceDraft("zigbee2mqtt", settings, note))
        else:
            made.append(SourceDraft(item.kind, {"url": item.url}))
    if asks:
        for question, kinds in (
            ("Path of the router's backup or export (OpenWrt, MikroTik, OPNsense, pfSense; empty for none)", ROUTERS),
            ("Path of a password manager's export (Bitwarden, KeePass, 1Password, CSV; empty for none)", VAULTS),
        ):
            path = _ask(question, "")
            if path:
                made.append(_file(path, kinds))
    return made


ROUTERS = {".rsc": "mikrotik", ".xml": "opnsense", ".gz": "openwrt", ".tgz": "openwrt", "": "openwrt"}
VAULTS = {".json": "bitwarden", ".kdbx": "keepass", ".1pux": "1password", ".csv": "browser-csv"}
"""What a file's ending says of its kind; the audit tells when it is another."""


def _file(path: str, kinds: dict[str, str]) -> SourceDraft:
    from nightlatch.configuration.draft import SourceDraft
    from nightlatch.errors import UsageError

    whole = Path(path).expanduser().absolute()
    kind = kinds.get(whole.suffix.lower())
    if kind == "opnsense" and b"<pfsense>" in _beginning(whole):
        kind = "pfsense"
    if kind is None:
        raise UsageError(f"{path}: its ending is none of {', '.join(filter(None, kinds))}")
    settings = {"path": str(whole)}
    if kind == "keepass":
        settings["password"] = "env:VAULT_PASSWORD"
    return SourceDraft(kind, settings)


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except OSError:
        return b""  # the audit says what is wrong with it


def _locks(configuration: Configuration) -> list[Lock]:
    """The locks that the sources tell of, asked once. What fails is told by the audit."""
    import asyncio

    from nightlatch.audit.run import gather
    from nightlatch.model.lock import Lock

    home = asyncio.run(gather(configuration, now=now(), env=os.environ))
    return list(home.all(Lock))


def _doors(locks: Sequence[Lock], asks: bool) -> list[DoorDraft]:
    from nightlatch.configuration.draft import DoorDraft, slug

    doors: list[DoorDraft] = []
    for lock in locks:
        known = " ".join(fact.value for fact in (lock.maker, lock.model) if fact is not None)
        question = f"Which door is {lock.label}{f' ({known})' if known else ''} on? (empty to leave it out)"
        name = _ask(question, lock.label) if asks else lock.label
        if name:
            ids = [door.id for door in doors]
            doors.append(DoorDraft(slug(name, ids), name, bind=(lock.ref.key,)))
    while asks:
        name = _ask("Another door with a smart lock? Its name (empty for no more)", "")
        if not name:
            break
        model = _ask("Which maker and model is its lock?", "")
        doors.append(DoorDraft(slug(name, [door.id for door in doors]), name, model=model))
    return doors
