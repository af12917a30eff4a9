"""What a gateway's description and its answers say (UPnP Device Architecture 2.0, 2.3 and 3; WANIPConnection 1, 2)."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from xml.etree.ElementTree import Element

import msgspec

from nightlatch.errors import ReadError
from nightlatch.model.values import PortMapping
from nightlatch.reading import structured

_SERVICE = re.compile(r"urn:schemas-upnp-org:service:WAN(?:IP|PPP)Connection:[12]")
_MOST_ELEMENTS = 5_000
_DEPTH = 24
_LONGEST_NAME = 80
NO_MORE = (713, 714)
"""SpecifiedArrayIndexInvalid and NoSuchEntryInArray: the list ends here."""


class Service(msgspec.Struct, frozen=True):
    """A connection to the internet whose mappings can be listed: its type, and where it takes questions."""

    type: str
    control: str


class Description(msgspec.Struct, frozen=True):
    """What a gateway says of itself. `base` is what its addresses are relative to, empty for where it was read."""

    maker: str
    model: str
    base: str
    services: tuple[Service, ...]


class Told(msgspec.Struct, frozen=True):
    """The answer to one question for a mapping: the mapping (None if it is switched off), or the error's number."""

    mapping: PortMapping | None = None
    error: int = 0


def description(data: bytes, *, where: str) -> Description:
    """Read a device description. ReadError when it is none."""
    root = structured.xml(data, where=where, depth=_DEPTH, elements=_MOST_ELEMENTS)
    device = _child(root, "device")
    if device is None:
        raise ReadError("is not the description of a UPnP device", where=where)
    services = tuple(
        Service(type_, _text(element, "controlURL"))
        for element in root.iter()
        if _name(element) == "service" and _SERVICE.fullmatch(type_ := _text(element, "serviceType"))
    )
    return Description(
        _plain(_text(device, "manufacturer")), _plain(_text(device, "modelName")), _text(root, "URLBase"), services[:8]
    )


def question(service: Service, index: int) -> tuple[bytes, dict[str, str]]:
    """Body and headers of GetGenericPortMappingEntry, which changes nothing: the only action that is ever asked for."""
    action = "GetGenericPortMappingEntry"
    body = (
        '<?xml version="1.0"?>\r\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
        f'<u:{action} xmlns:u="{service.type}"><NewPortMappingIndex>{index}</NewPortMappingIndex></u:{action}>'
        "</s:Body></s:Envelope>\r\n"
    )
    return body.encode(), {"Content-Type": 'text/xml; charset="utf-8"', "SOAPAction": f'"{service.type}#{action}"'}


def answer(data: bytes, *, where: str) -> Told:
    """Read what came back. ReadError when it is neither a mapping nor a UPnP error."""
    root = structured.xml(data, where=where, depth=_DEPTH, elements=_MOST_ELEMENTS)
    found = {_name(element): element.text or "" for element in root.iter()}
    if "errorCode" in found:
        return Told(error=_number(found["errorCode"], 1, 99_999, where))
    if not {"NewInternalClient", "NewInternalPort", "NewExternalPort"} <= found.keys():
        raise ReadError("is no answer to a question for a port mapping", where=where)
    outer = _number(found["NewExternalPort"], 0, 65_535, where)
    mapping = PortMapping(
        protocol={"TCP": "tcp", "UDP": "udp"}.get(found.get("NewProtocol", "").strip().upper(), "any"),
        outer_port=str(outer) if outer else "any",
        address=_host(found["NewInternalClient"], where),
        inner_port=str(_number(found["NewInternalPort"], 1, 65_535, where)),
        label=_plain(found.get("NewPortMappingDescription", "")),
    )
    return Told(mapping if found.get("NewEnabled", "1").strip().lower() not in ("0", "no", "false") else None)


def _host(text: str, where: str) -> str:
    try:
        address: IPv4Address | IPv6Address = ip_address(text.strip())
    except ValueError:
        raise ReadError("a port mapping leads to something that is no address", where=where) from None
    return str(address)


def _number(text: str, least: int, most: int, where: str) -> int:
    if not re.fullmatch(r"\s*[0-9]{1,5}\s*", text) or not least <= int(text) <= most:
        raise ReadError("a port mapping holds something that is no port", where=where)
    return int(text)


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element if _name(child) == name), None)


def _text(element: Element, name: str) -> str:
    child = _child(element, name)
    return (child.text or "").strip() if child is not None else ""


def _plain(text: str) -> str:
    """At most 80 printable characters of what a stranger said."""
    return "".join(character for character in text if character.isprintable())[:_LONGEST_NAME].strip()
