"""`nightlatch journal verify`, `prove`, `check`, `checkpoint`: that the journal is what was written."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightlatch.cli.common import ConfigOption, Format, FormatOption, console, now, print_json, write_private
from nightlatch.cli.journal_common import bar, opened, settings_or_none
from nightlatch.errors import JournalError, NightlatchError, UsageError
from nightlatch.text import count

if TYPE_CHECKING:
    from nightlatch.configuration.read import Configuration
    from nightlatch.journal.journal import Journal
    from nightlatch.journal.notes import Verifier
    from nightlatch.journal.verify import Report
    from nightlatch.journal.witnesses.interface import Published, Witness
    from nightlatch.model.event import Event

EXIT_NOT_INTACT = 1


def verify(
    config: ConfigOption = None,
    *,
    full: Annotated[
        bool | None,
        typer.Option(
            "--full/--new",
            help="Every entry and all that the witnesses hold, or only what is new since the last time. "
            "Otherwise every entry while there are at most 1,000,000.",
        ),
    ] = None,
    witnesses: Annotated[
        bool, typer.Option("--witnesses/--no-witnesses", help="Also compare with [[journal.witnesses]].")
    ] = True,
    key: Annotated[
        str, typer.Option("--key", metavar="PUBLIC", help="A public key, or a file with it, that must have signed.")
    ] = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Prove that the journal is what was written.

    Entries, hashes, signatures and keys are looked at, and what the witnesses hold. A witness that
    does not answer is told of, and proves nothing. Exit codes: 0 intact, 1 not intact, 2 usage or
    configuration.

    Examples: nightlatch journal verify; nightlatch journal verify --new; nightlatch journal verify --full --format json
    """
    from nightlatch.journal.storage import Damaged
    from nightlatch.journal.verify import WHOLE
    from nightlatch.journal.verify import verify as verified

    settings = settings_or_none(config)
    asked = _witnesses(settings) if witnesses else []
    wanted = _key(key) if key else None
    report: Report | None = None
    found: list[dict[str, Any]] = []
    try:
        with opened(read_only=True) as journal, bar("Verifying") as progress:
            whole = journal.size <= WHOLE if full is None else full
            report = verified(journal, full=whole, progress=progress, key=wanted)
            problem = str(report.faults[0]) if report.faults else ""
            if not problem:
                found = asyncio.run(_compared(journal, asked, every=bool(full)))
    except Damaged as error:
        # What cannot even be read to its end is not what was written; a full disk is another matter.
        problem = str(error)
    told = _tell([_verdict("", not problem, problem), *(_verdict(**_said(one)) for one in found if _answered(one))])
    intact = not problem and all(one["agrees"] is not False for one in found)
    if form is Format.JSON:
        print_json(_document(report, intact, problem, found))
    else:
        _show(report, problem, found)
        if told:
            console(stderr=True).print(told, markup=False, soft_wrap=True)
    raise typer.Exit(0 if intact else EXIT_NOT_INTACT)


def prove(
    entry: Annotated[int, typer.Argument(min=0, help="The entry's number, as journal show prints it.")],
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Write a proof that an entry is in the journal.

    It is for somebody who has nothing but the journal's public key. It shows what the entry says in
    the clear, and who is given it can read that.

    Examples: nightlatch journal prove 1234 -o entry-1234.proof; nightlatch journal key show
    """
    from nightlatch.journal.proof import prove as proof_of

    with opened(read_only=True) as journal:
        text = proof_of(journal, entry)
        public = journal.verifiers[0].text
    if output is not None:
        write_private(output, text.encode())
    if form is Format.JSON:
        print_json({"entry": entry, "key": public, "file": output, "proof": None if output else text})
    elif output is None:
        typer.echo(text, nl=False)
    else:
        out = console(stderr=True)
        out.print(f"Written: {output}", markup=False, soft_wrap=True)
        out.print(f"Check it with: nightlatch journal check {output} --key {public}", markup=False, soft_wrap=True)


def check(
    proof: Annotated[Path, typer.Argument(metavar="PROOF", help="A file that journal prove wrote.")],
    *,
    key: Annotated[
        str, typer.Option("--key", metavar="PUBLIC", help="The journal's public key, or a file with it. Required.")
    ] = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Check a proof with nothing but the public key.

    Neither the journal nor a network is needed. Exit codes: 0 it holds, 1 it does not.

    Examples: nightlatch journal check entry-1234.proof --key journal.pub
    """
    from nightlatch.cli.journal_entries import printable
    from nightlatch.journal.proof import LARGEST
    from nightlatch.journal.proof import check as proven
    from nightlatch.reading.files import read_text

    if not key:
        raise UsageError("--key is needed", todo="The journal's owner has it from: nightlatch journal key show")
    text = read_text(proof, limit=LARGEST)
    try:
        found = proven(text, [_key(key)], where=str(proof))
    except JournalError as error:
        if form is Format.JSON:
            print_json({"holds": False, "problem": str(error)})
        else:
            console().print(f"It does not hold. {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(EXIT_NOT_INTACT) from None
    leaf = found.leaf.decode(errors="replace")
    if form is Format.JSON:
        size, origin = found.checkpoint.size, found.checkpoint.origin
        print_json(
            {"holds": True, "entry": found.index, "content": leaf, "journal": origin, "size": size, "told": found.told}
        )
        return
    out = console()
    of = f"{found.checkpoint.size} of the journal {found.checkpoint.origin}"
    out.print(f"It holds: this is entry {found.index} among the {of}.", style="green", markup=False, soft_wrap=True)
    out.print(printable(leaf), markup=False, soft_wrap=True)
    out.print(f"Not part of the proof: {printable(found.told)}", style="dim", markup=False, soft_wrap=True)


def checkpoint(
    config: ConfigOption = None,
    *,
    publish: Annotated[bool, typer.Option("--publish", help="Give it to every witness now.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Print the newest checkpoint, and publish it.

    It is a signed note (C2SP) that says how long the journal is, and its hash. Whoever keeps one can
    tell later whether the journal was rolled back or changed. Exit codes with --publish: 0 every
    witness keeps it, 1 one does not.

    Examples: nightlatch journal checkpoint; nightlatch journal checkpoint --publish
    """
    found: list[dict[str, Any]] = []
    with opened(read_only=True) as journal:
        if publish:
            asked = _witnesses(settings_or_none(config))
            if not asked:
                raise UsageError("no witness is configured", todo="Add one: [[journal.witnesses]] in nightlatch.toml.")
            found = asyncio.run(_compared(journal, asked, every=False, publish=True))
        note = journal.checkpoint()
    note += "".join(one.pop("cosignature", "") for one in found if one.get("note", note) == note)
    if form is Format.JSON:
        print_json({"checkpoint": note, "witnesses": [_plain(one) for one in found]})
    else:
        typer.echo(note, nl=False)
        _show_witnesses(found, stderr=True)
    raise typer.Exit(0 if all(one["agrees"] for one in found) else EXIT_NOT_INTACT)


def _witnesses(settings: Configuration | None) -> list[Witness]:
    from nightlatch.journal.witnesses.interface import make

    return make(settings, env=os.environ) if settings else []


def _key(text: str) -> Verifier:
    """A public key as it stands on the command line, or in a file."""
    from nightlatch.journal.notes import Verifier
    from nightlatch.reading.files import read_text

    path = Path(text)
    if "+" not in text:
        lines = read_text(path, limit=65_536).split()
        text = lines[0] if lines else ""
        return Verifier.parse(text, where=str(path))
    return Verifier.parse(text, where="--key")


async def _compared(
    journal: Journal, witnesses: Sequence[Witness], *, every: bool, publish: bool = False
) -> list[dict[str, Any]]:
    """What each witness says, all asked at once."""
    from nightlatch.journal.witnesses.interface import Contradicted

    async def one(witness: Witness) -> dict[str, Any]:
        said: dict[str, Any] = {"id": witness.id, "kind": witness.kind, "where": witness.where, "problem": ""}
        try:
            if publish:
                taken: Published = await witness.publish(journal)
                return said | {"agrees": True, "size": taken.size, "note": taken.note, "cosignature": taken.cosignature}
            size = await witness.compare(journal, every=every)
        except Contradicted as error:
            detail = f"{error.where} {error.what}"  # what to do is for who reads it now, not for the log
            return said | {"agrees": False, "size": None, "problem": str(error), "detail": detail}
        except NightlatchError as error:
            return said | {"agrees": None, "size": None, "problem": str(error)}
        return said | {"agrees": True if size else None, "size": size, "problem": "" if size else "holds nothing yet"}

    return list(await asyncio.gather(*(one(witness) for witness in witnesses)))


def _answered(said: dict[str, Any]) -> bool:
    return said["agrees"] is not None


def _said(said: dict[str, Any]) -> dict[str, Any]:
    return {"name": said["id"], "intact": said["agrees"], "detail": said.get("detail", "")}


def _verdict(name: str, intact: bool, detail: str) -> Event:
    from nightlatch.model.event import Event, micros

    value = "intact" if intact else "not intact"
    return Event(micros(now()), "verified", "home", value=value, name=name, detail=detail)


def _tell(verdicts: list[Event]) -> str:
    """Write the verdicts into the journal; why that could not be, where it could not."""
    try:
        with opened() as journal:
            journal.append(verdicts)
    except NightlatchError as error:
        return f"The result could not be noted in the journal: {error}"
    return ""


def _document(report: Report | None, intact: bool, problem: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    import msgspec

    return {
        "intact": intact,
        "problem": problem,
        "entries": report.size if report else None,
        "verified_before": report.since if report else None,
        "checkpoints": report.checkpoints if report else None,
        "dropped": report.dropped if report else None,
        "keys": report.keys if report else None,
        "unproven_keys": list(report.unproven_keys) if report else [],
        "faults": [msgspec.structs.asdict(fault) for fault in report.faults] if report else [],
        "witnesses": [_plain(one) for one in found],
    }


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    return {name: said.get(name) for name in ("id", "kind", "where", "agrees", "size", "problem")}


def _show(report: Report | None, problem: str, found: list[dict[str, Any]]) -> None:
    out = console()
    if report is None or report.faults:
        out.print("Not intact." if report else "Not intact: it cannot be read.", style="bold red")
        lines = [str(fault) for fault in report.faults] if report else [problem]
        for text in lines:
            out.print(f"  {text}", markup=False, soft_wrap=True)
        out.print("Keep the file as it is. What to do: docs/journal.md, Recovery.", style="dim")
        return
    new = f", of which {report.since} were verified before and not read again (--full does)" if report.since else ""
    entries = f"{count(report.size, 'entry', 'entries')}{new}"
    if any(one["agrees"] is False for one in found):
        out.print(f"Not intact: whole in itself ({entries}), and not what a witness saw.", style="bold red")
    else:
        out.print(f"Intact: {entries}.", style="green", markup=False)
    signed = f"  {count(report.checkpoints, 'signed checkpoint')}, {count(report.keys, 'key')}"
    dropped = f", {count(report.dropped, 'content')} dropped by retention" if report.dropped else ""
    out.print(f"{signed}{dropped}.", markup=False, soft_wrap=True)
    for size in report.unproven_keys:
        out.print(
            f"  At {size} entries another key took over without the former one's signature: it was lost, or that was "
            "somebody else.",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
    _show_witnesses(found)


def _show_witnesses(found: list[dict[str, Any]], *, stderr: bool = False) -> None:
    out = console(stderr=stderr)
    for said in found:
        if said["agrees"]:
            out.print(f"  Witness {said['id']} agrees ({said['size']} entries).", markup=False, soft_wrap=True)
        else:
            style = "bold red" if said["agrees"] is False else "yellow"
            word = "contradicts" if said["agrees"] is False else "proves nothing"
            out.print(f"  Witness {said['id']} {word}: {said['problem']}", style=style, markup=False, soft_wrap=True)
