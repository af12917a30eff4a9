"""`nightlatch backup` and `restore`: the state folder in one encrypted file, and back."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nightlatch.cli.common import ConfigOption, Format, FormatOption, console, now, print_json
from nightlatch.cli.journal_common import settings_or_none

if TYPE_CHECKING:
    from nightlatch.secrets import Secret

PassphraseOption = Annotated[
    str,
    typer.Option(
        "--passphrase", metavar="REFERENCE", help="env:NAME, file:PATH or keyring:NAME. Otherwise you are asked."
    ),
]


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it. It must not exist yet.")],
    *,
    passphrase: PassphraseOption = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Write journal, keys, people, codes, alerts and audits into one encrypted file. A running service need not stop.

    Without the passphrase nobody can read it, and nobody can restore it: keep it apart from the file.

    Examples: nightlatch backup home.nlb; nightlatch backup home.nlb --passphrase file:/root/backup.pass
    """
    from nightlatch.errors import UsageError
    from nightlatch.service import restoring
    from nightlatch.store.database import state_folder

    if file.exists():
        raise UsageError("is there already", where=str(file), todo="Name another file, or remove this one.")
    words = _passphrase(passphrase, twice=True)
    made = restoring.backup(state_folder(), file, words)
    if form is Format.JSON:
        print_json({"file": str(file), "bytes": made})
    else:
        console().print(f"Written: {file} ({made / 1e6:.1f} MB)", markup=False, soft_wrap=True)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that nightlatch backup wrote.")],
    config: ConfigOption = None,
    *,
    passphrase: PassphraseOption = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before the present state is replaced.")] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Put a backup in the place of the state folder's content, after its journal was proven entry by entry.

    What was there is moved aside, not deleted. Exit codes: 0 restored, 2 not restored and nothing changed.

    Examples: nightlatch restore home.nlb; nightlatch restore home.nlb --passphrase file:/root/backup.pass
    """
    from nightlatch.errors import UsageError
    from nightlatch.service import restoring
    from nightlatch.store.database import state_folder
    from nightlatch.text import count

    folder = state_folder()
    words = _passphrase(passphrase, twice=False)
    if not yes and restoring.in_use(folder):
        if not sys.stdin.isatty():
            raise UsageError("this asks before it replaces what is there", todo="Add --yes where nobody can answer.")
        typer.confirm(f"{folder} holds a state already. Move it aside and restore?", abort=True, err=True)
    result = restoring.restore(folder, file, words, now(), settings_or_none(config))
    if form is Format.JSON:
        print_json(result)
    else:
        out = console()
        out.print(f"Restored into {folder}: {result.entries} entries, every one proven.", markup=False, soft_wrap=True)
        if result.secrets:
            out.print(f"{count(result.secrets, 'PIN or address', 'PINs and addresses')} can be opened.", markup=False)
        if result.unopened:
            out.print(f"The PINs cannot be opened: {result.unopened}", markup=False, soft_wrap=True, style="yellow")
        if result.users:
            told = f"{count(result.users, 'user')} of the web app as when the backup was made (nightlatch users list)"
            out.print(f"{told}: they sign in anew, and make API tokens anew.", markup=False, soft_wrap=True)
        if result.grants:
            told = f"{count(result.grants, 'grant holds', 'grants hold')} as when the backup was made"
            out.print(f"{told}, also any that was ended since: nightlatch grant list", markup=False, style="yellow")
        if result.aside:
            out.print(f"What was there is in {result.aside}", markup=False, soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(backup)
    app.command()(restore)


def _passphrase(reference: str, *, twice: bool) -> Secret:
    from nightlatch.errors import UsageError
    from nightlatch.secrets import Secret, resolve

    if reference:
        return resolve(reference, env=os.environ, base=Path.cwd(), where="--passphrase")
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask for the passphrase", todo="Give --passphrase env:NAME or file:…")
    return Secret(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=twice, err=True))
