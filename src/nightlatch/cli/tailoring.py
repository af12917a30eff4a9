"""`nightlatch tailor`: advice for a lock before or after buying it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nightlatch.cli.common import Format, FormatOption, console, now, print_json

EXIT_UNKNOWN = 1


class Protocol(StrEnum):
    """What commands the lock."""

    ZWAVE = "zwave"
    ZIGBEE = "zigbee"
    MATTER = "matter"
    BLE = "ble"
    WIFI = "wifi"
    PROPRIETARY = "proprietary"


def complete_model(incomplete: str) -> list[str]:
    """Models whose name begins so, for shell completion."""
    from nightlatch.catalogue import Catalogue

    begun = incomplete.casefold()
    found = Catalogue().search(incomplete, 100) if begun.strip() else ()
    return list(dict.fromkeys(match.name for match in found if match.name.casefold().startswith(begun)))


def tailor(
    model: Annotated[
        str, typer.Argument(help="Maker and model, as on the label; typos are forgiven.", autocompletion=complete_model)
    ],
    *,
    network: Annotated[
        Path | None,
        typer.Option(
            "--network",
            "-n",
            metavar="FILE",
            help="Your router's export, to judge the network too: an OpenWrt backup or /etc/config folder, a MikroTik "
            "export, or the config.xml of OPNsense or pfSense.",
        ),
    ] = None,
    firmware: Annotated[
        str, typer.Option("--firmware", metavar="VERSION", help="The firmware it runs, to tell which flaws apply.")
    ] = "",
    protocol: Annotated[
        Protocol | None, typer.Option("--protocol", help="What commands it, where the model comes in several.")
    ] = None,
    details: Annotated[
        bool, typer.Option("--details", "-d", help="Open the advice that holds for any lock, and every flaw.")
    ] = False,
    form: FormatOption = Format.TEXT,
) -> None:
    """Advise on a lock before or after buying it: every practice, with what this model can do about it.

    What is known of the model is told with its source; what is not becomes a question to the seller.
    Exit codes: 0 the model is known, 1 nothing is known of it, 2 usage.

    Examples: nightlatch tailor "yale assure 2"; nightlatch tailor "nuki 3" --firmware 3.3.5; nightlatch
    tailor yrd450 --protocol zigbee --network router-backup.tar.gz
    """
    from nightlatch.errors import UsageError
    from nightlatch.tailor.tailor import tailor as advise

    if not model.strip():
        raise UsageError("no model was named", todo='Name maker and model: nightlatch tailor "yale assure 2"')
    moment = now()
    items = []
    if network is not None:
        from nightlatch.tailor.network import read_network

        items = read_network(network, moment)
    found = advise(
        model, now=moment, protocol=protocol.value if protocol else "", firmware=firmware.strip(), network=items
    )
    if form is Format.JSON:
        print_json(found)
    else:
        from nightlatch.report.tailored import show

        show(found, console(), details=details)
    if not found.known:
        raise typer.Exit(EXIT_UNKNOWN)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(tailor)
