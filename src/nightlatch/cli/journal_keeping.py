"""`nightlatch journal erase`, `export`, `key`: what is done with the journal as a whole."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nightlatch.cli.access_common import poke
from nightlatch.cli.common import ConfigOption, Format, FormatOption, console, now, print_json
from nightlatch.cli.journal_common import bar, opened, settings_or_none
from nightlatch.errors import UsageError

if TYPE_CHECKING:
    from nightlatch.guard.erasing import Erased

MOST = 10
"""How many entries are named that erasing does not reach."""


def erase(
    person: Annotated[
        str, typer.Argument(help="The person's id in nightlatch.toml, or of a code of nobody known: LOCK/SLOT.")
    ],
    config: ConfigOption = None,
    *,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="Another name of theirs, to be taken out too. Repeatable.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Erase a person from what Nightlatch keeps, for good.

    The journal still verifies. Their key is destroyed, and with it all that the journal and the
    alerts hold of them; their grants and codes go, and kept audits lose their name. That somebody came,
    and when, stays. It is refused while a code of theirs is not proven gone from its lock: first
    `nightlatch people remove`. Exit codes: 0 erased, 1 nothing was kept, 2 refused.

    Examples: nightlatch journal erase ana; nightlatch journal erase front/3 --yes
    """
    from nightlatch.guard.erasing import erase as erased
    from nightlatch.guard.erasing import person_of
    from nightlatch.store.database import state_folder
    from nightlatch.text import suggest

    settings = settings_or_none(config)
    known = person_of(settings, person)
    meant = "" if known else suggest(person, [one.id for one in settings.tables.people] if settings else [])
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("this asks before it erases", todo="Add --yes where nobody can answer.")
        label = known.name or person if known else f"{person} (not in the configuration{meant and f': {meant}'})"
        typer.confirm(
            f"Erase {label} from the journal, the alerts and the kept audits, for good?", abort=True, err=True
        )
    folder = state_folder()
    if not folder.is_dir():
        raise UsageError("there is no state folder here", where=str(folder), todo="Set NIGHTLATCH_STATE to another.")
    with bar("Looking for the name") as progress:
        result = erased(folder, person, settings, now=now(), also=name or (), done=progress)
    poke()
    if form is Format.JSON:
        import msgspec

        print_json(msgspec.to_builtins(result))
    else:
        _show(result, meant)
    raise typer.Exit(0 if result.entry is not None or result.scrubbed.dropped or result.scrubbed.changed else 1)


def _show(result: Erased, hint: str) -> None:
    from nightlatch.text import count

    out = console()

    def say(text: str, style: str = "") -> None:
        out.print(text, style=style, markup=False, soft_wrap=True)

    changed, dropped = result.scrubbed.changed, result.scrubbed.dropped
    if result.entry is None and not changed and not dropped:
        say(f"Nothing was kept under this id or name. {hint}".rstrip(), "yellow")
    else:
        keys, records = count(result.keys, "key"), count(changed, "record")
        say(f"Erased: {keys} destroyed, {records} changed, {dropped} dropped.", "green")
    if result.entries:
        numbers = ", ".join(str(one) for one in result.entries[:MOST])
        more = ", …" if len(result.entries) > MOST else ""
        what = "1 entry names" if len(result.entries) == 1 else f"{len(result.entries)} entries name"
        say(f"{what} them outside of what is sealed, until retention drops that: {numbers}{more}")
    if result.named_in:
        say("Still named in your configuration; what happens from now on is kept anew until these lines are gone:")
    for place in result.named_in:
        say(f"  {place}")
    for file in result.files:
        say(f"Not Nightlatch's, or damaged, and not looked into: {file}")
    say("Backups and exports that were made before still hold them.", "dim")


def export(
    *,
    tiles: Annotated[
        Path | None, typer.Option("--tiles", metavar="DIR", help="An empty folder, or one with an earlier export.")
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Write the journal as C2SP tlog-tiles.

    Others' verifiers read them: entries, hashes, signed checkpoint. Personal parts stay sealed. For
    entries as text, JSON or CSV: nightlatch journal show -o FILE.

    Examples: nightlatch journal export --tiles /mnt/usb/journal
    """
    from nightlatch.journal.tiles import export as exported

    if tiles is None:
        raise UsageError("--tiles DIR is needed", todo="For JSON or CSV: nightlatch journal show --format csv -o FILE")
    with opened(read_only=True) as journal, bar("Writing") as progress:
        result = exported(journal, tiles, progress)
    if form is Format.JSON:
        print_json({"folder": tiles, "entries": result.size, "files": result.files, "pruned": result.pruned})
        return
    from nightlatch.text import count

    was = "bundle was" if result.pruned == 1 else "bundles were"
    pruned = f" {result.pruned} {was} left out: retention dropped what was in them." if result.pruned else ""
    written = f"{count(result.size, 'entry', 'entries')} in {count(result.files, 'file')}"
    console().print(f"Written: {written}.{pruned}", markup=False, soft_wrap=True)


def show_keys(*, form: FormatOption = Format.TEXT) -> None:
    """Show the public keys: the journal's, newest first, and the one that witnesses other journals here.

    A public key may be given to everybody: with it, proofs and checkpoints are checked.

    Examples: nightlatch journal key show; nightlatch journal key show --format json
    """
    from nightlatch.journal.cosigning import FILE, Cosigner

    with opened(read_only=True) as journal:
        with journal.view() as view:
            signers = view.signers()[::-1]
        # The service makes the witness key when it first witnesses; asking for it must not.
        witness = Cosigner.of(journal.folder).verifier.text if (journal.folder / FILE).exists() else None
    if form is Format.JSON:
        keys = [{"key": text, "from_entry": first} for first, text in signers]
        print_json({"journal": keys, "witness": witness})
        return
    for number, (first, text) in enumerate(signers):
        typer.echo(text)
        if number or first:
            note = f"signs from entry {first} on" if not number else f"signed from entry {first} on"
            console(stderr=True).print(f"  {note}", style="dim")
    if witness:
        console(stderr=True).print("The key that witnesses other journals:", style="dim")
        typer.echo(witness)


def rotate(
    *,
    lost: Annotated[bool, typer.Option("--lost", help="The present key is gone and cannot sign for it.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why, kept in the journal.")] = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Sign with a new key from now on. The journal records it, and the old key vouches for the new.

    Tell the new public key to everybody who checks proofs, and to the witnesses that co-sign.

    Examples: nightlatch journal key rotate --reason "the disk was replaced"
    """
    from nightlatch.model.event import micros

    with opened(key_lost=lost) as journal:
        new = journal.rotate(micros(now()), reason=reason).text
    if form is Format.JSON:
        print_json({"key": new})
    else:
        console(stderr=True).print("The journal signs with a new key:", markup=False)
        typer.echo(new)
