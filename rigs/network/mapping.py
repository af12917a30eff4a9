"""Asks an internet gateway for a port, as a device does: `python mapping.py GATEWAY OWN-ADDRESS PORT LABEL`."""

from __future__ import annotations

import sys
import urllib.request
from xml.sax.saxutils import escape

SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1"


def ask(gateway: str, own: str, port: str, label: str) -> None:
    """Add a TCP mapping of `port` to the same port of `own`."""
    arguments = {
        "NewRemoteHost": "",
        "NewExternalPort": port,
        "NewProtocol": "TCP",
        "NewInternalPort": port,
        "NewInternalClient": own,
        "NewEnabled": "1",
        "NewPortMappingDescription": label,
        "NewLeaseDuration": "0",
    }
    told = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in arguments.items())
    envelope = (
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
        f'<u:AddPortMapping xmlns:u="{SERVICE}">{told}</u:AddPortMapping></s:Body></s:Envelope>'
    )
    request = urllib.request.Request(
        f"http://{gateway}:5000/ctl/IPConn",
        envelope.encode(),
        {"Content-Type": 'text/xml; charset="utf-8"', "SOAPAction": f'"{SERVICE}#AddPortMapping"'},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()


if __name__ == "__main__":
    ask(*sys.argv[1:])
