"""`nightlatch tls`: a certificate authority of the home's own, so that phones reach the web app encrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nightlatch.cli.common import ConfigOption, Format, FormatOption, configuration, console, now, print_json

if TYPE_CHECKING:
    from pathlib import Path

    from nightlatch.service.certificates import Files

app = typer.Typer(
    name="tls", help="Certificates for the web app beyond this machine.", no_args_is_help=True, rich_markup_mode=None
)

TRUST = (
    ("iPhone, iPad", "open {url} in Safari and allow the download; Settings, General, VPN & Device Management: "
     "install the profile; then Settings, General, About, Certificate Trust Settings: switch it on."),
    ("Android", "open {url} and save it; Settings, Security, More security settings, Encryption & credentials, "
     "Install a certificate, CA certificate: choose the file."),
    ("macOS", "open the file in Keychain Access (keychain: System); open the entry, Trust: Always Trust."),
    ("Windows", "open the file, Install Certificate, Local Machine, place it in: Trusted Root Certification "
     "Authorities."),
    ("Firefox", "Settings, Privacy & Security, View Certificates, Authorities, Import: trust it for websites."),
    ("Linux", "sudo cp FILE /usr/local/share/ca-certificates/nightlatch.crt && sudo update-ca-certificates; "
     "Chromium has a list of its own: Settings, Privacy and security, Security, Manage certificates."),
)  # fmt: skip
"""How each kind of device is made to trust an authority."""


@app.command()
def init(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME…]", help="Names and addresses by which this machine is reached, besides its own."
        ),
    ] = None,
    *,
    anew: Annotated[
        bool, typer.Option("--anew", help="Make another authority: every device must trust it again.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Make the home's own certificate authority and a certificate for this machine; again: add names.

    The authority may vouch for names and addresses of a home network alone, and those given here. Its key stays in
    the state folder, readable by you only. The certificate lasts 397 days; a running Nightlatch renews it by itself.

    Examples: nightlatch tls init; nightlatch tls init nightlatch.lan 192.168.1.5
    """
    from nightlatch.service import certificates
    from nightlatch.store.database import state_folder

    settings = configuration(config)
    place = certificates.files(state_folder())
    table = settings.tables
    certificates.make(place, table.home.name, [*table.service.names, *(names or [])], now(), anew=anew)
    out = console()
    _tell(place, table.service.port)
    if table.service.host in ("127.0.0.1", "::1", "localhost"):
        out.print()
        out.print(
            'It is used once the web app listens beyond this machine: set host = "0.0.0.0" in [service] of',
            markup=False,
        )
        out.print(f"{settings.path}, then run: nightlatch reload", markup=False, soft_wrap=True)


@app.command()
def show(*, config: ConfigOption = None, form: FormatOption = Format.TEXT) -> None:
    """Show the authority, for what and until when the certificate is, and how each device is made to trust it.

    Examples: nightlatch tls show; nightlatch tls show --format json
    """
    from nightlatch.service import certificates

    place = _there()
    if form is Format.JSON:
        authority, server = place.authority, place.server
        print_json(
            {
                "authority": str(place.folder / certificates.AUTHORITY),
                "fingerprint": certificates.fingerprint(authority),
                "authority_until": authority.not_valid_after_utc,
                "names": certificates.subjects(server),
                "until": server.not_valid_after_utc,
            }
        )
        return
    _tell(place, configuration(config).tables.service.port)


@app.command()
def renew() -> None:
    """Make the certificate of this machine anew, by the same authority: no device needs to do anything.

    Examples: nightlatch tls renew
    """
    from nightlatch.service import certificates

    place = _there()
    certificates.renew(place, now())
    console().print(
        f"It lasts until {place.server.not_valid_after_utc:%Y-%m-%d}. A running Nightlatch takes it itself."
    )


def _there() -> Files:
    from nightlatch.errors import UsageError
    from nightlatch.service import certificates
    from nightlatch.store.database import state_folder

    place = certificates.files(state_folder())
    if not place.exist:
        raise UsageError("there is no authority of this home yet", todo="Make it with: nightlatch tls init")
    return place


def _tell(place: Files, port: int) -> None:
    from rich.table import Table
    from rich.text import Text

    from nightlatch.service import certificates

    authority, server = place.authority, place.server
    names = certificates.subjects(server)
    out = console()
    path: Path = place.folder / certificates.AUTHORITY
    out.print(Text("Authority   "), Text(str(path)), soft_wrap=True)
    out.print(Text("  SHA-256   "), Text(certificates.fingerprint(authority)), soft_wrap=True)
    out.print(Text(f"  until     {authority.not_valid_after_utc:%Y-%m-%d}"))
    out.print(Text(f"Certificate {', '.join(names)}"))
    out.print(Text(f"  until     {server.not_valid_after_utc:%Y-%m-%d}, renewed by itself"))
    out.print()
    out.print("Have each device trust the authority, and compare the fingerprint before you say yes:")
    rows = Table.grid(padding=(0, 2, 0, 2))
    for device, steps in TRUST:
        rows.add_row(Text(device, "bold"), Text(steps.format(url=f"https://{names[0]}:{port}/ca.crt")))
    out.print(rows)
