"""What a computer's own commands say of the Wi-Fi around it: nmcli, iw, netsh and wdutil, by their output's form."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from nightlatch.sources._wifi import AccessPoint, Pmf, Security

MAX_LINES = 50_000
MAX_SEEN = 2_000


class Seen(msgspec.Struct, frozen=True):
    """An access point that the computer sees or is connected to. `name` is None where it is redacted."""

    name: str | None
    connected: bool
    point: AccessPoint


class Line(msgspec.Struct, frozen=True):
    """A numbered line."""

    number: int
    text: str


def tool_of(text: str) -> str:
    """Which command wrote this: nmcli, iw, netsh, wdutil, or nothing known."""
    if re.search(r"^[ \t]*Op Mode[ \t]*:", text, re.MULTILINE) or "wdutil" in text[:200]:
        return "wdutil"
    if re.search(r"^BSS [0-9a-f:]{17}|^Connected to [0-9a-f:]{17}|^Not connected\.", text, re.MULTILINE):
        return "iw"
    if re.search(r"^(?:IN-USE|SSID|BSSID|ACTIVE)[ \t]*:", text, re.MULTILINE) or re.search(
        r"^(?:IN-USE|\*)\s+.*SSID", text
    ):
        return "nmcli"
    if re.search(r"^[ \t]+(?:AP )?BSSID[ \t]*:|^[ \t]+GUID[ \t]*:", text, re.MULTILINE):
        return "netsh"
    return ""


def seen(tool: str, text: str, file: str) -> list[Seen]:
    """The access points in a command's output."""
    lines = [Line(number, line) for number, line in zip(range(1, MAX_LINES + 1), text.splitlines(), strict=False)]
    readers = {"nmcli": _nmcli, "iw": _iw, "netsh": _netsh, "wdutil": _wdutil}
    found = readers[tool](lines, file)
    return [one for one, _ in zip(found, range(MAX_SEEN), strict=False)]


def _seen(
    name: str | None, connected: bool, where: str, security: Security | None, *, pmf: Pmf | None = None,
    tkip: bool | None = None, wps: bool | None = None,
) -> Seen:  # fmt: skip
    point = AccessPoint(
        on=True, on_where=where, name_where=where, security=security, security_where=where, tkip=tkip,
        pmf=pmf, pmf_where=where, wps=wps, wps_where=where,
    )  # fmt: skip
    return Seen(name, connected, point)


# nmcli


def _nmcli(lines: list[Line], file: str) -> Iterator[Seen]:
    for number, record in _nmcli_records(lines):
        security = record.get("SECURITY", "")
        flags = f"{record.get('WPA-FLAGS', '')} {record.get('RSN-FLAGS', '')}".split()
        yield _seen(
            name if (name := record.get("SSID", "").strip()) not in ("", "--") else None,
            record.get("IN-USE", record.get("ACTIVE", "")).strip() in ("*", "yes"),
            f"{file}:{number} (SECURITY {security or 'none'})",
            _nmcli_security(security) if "SECURITY" in record else None,
            tkip=any("tkip" in flag for flag in flags) if record.keys() >= {"WPA-FLAGS", "RSN-FLAGS"} else None,
        )


def _nmcli_records(lines: list[Line]) -> Iterator[tuple[int, dict[str, str]]]:
    """Records of `-m multiline` output, or rows of the table under its header."""
    header = lines[0].text if lines else ""
    if ":" not in header.split("SSID")[0] and "SSID" in header:
        columns = [(match.start(), match[0]) for match in re.finditer(r"\S+", header)]
        ends = [start for start, _ in columns[1:]] + [None]
        for line in lines[1:]:
            if line.text.strip():
                cells = zip(columns, ends, strict=True)
                yield line.number, {name: line.text[start:end].strip() for (start, name), end in cells}
        return
    record: dict[str, str] = {}
    first = 1
    for line in lines:
        name, colon, value = line.text.partition(":")
        if not colon:
            continue
        if name.strip() in record:
            yield first, record
            record = {}
        first = first if record else line.number
        record[name.strip()] = value.strip()
    if record:
        yield first, record


def _nmcli_security(stated: str) -> Security | None:
    words = set(stated.split())
    if not words or words == {"--"}:
        return "open"
    if words & {"OWE", "OWE-TM"}:
        return "owe"
    if "WEP" in words:
        return "wep"
    if "WPA1" in words:
        return "wpa_wpa2" if words & {"WPA2", "WPA3"} else "wpa"
    if "802.1X" in words:
        return "enterprise"
    if "WPA3" in words:
        return "wpa2_wpa3" if "WPA2" in words else "wpa3"
    return "wpa2" if "WPA2" in words else None


# iw


def _iw(lines: list[Line], file: str) -> Iterator[Seen]:
    block: list[Line] = []
    for line in lines:
        if line.text.startswith(("BSS ", "Connected to ")):
            if block:
                yield _iw_block(block, file)
            block = []
        block.append(line)
    if block and block[0].text.startswith(("BSS ", "Connected to ")):
        yield _iw_block(block, file)


def _iw_block(block: list[Line], file: str) -> Seen:
    name = ""
    part = ""
    privacy = False
    found: dict[str, str] = {}
    for line in block[1:]:
        depth = len(line.text) - len(line.text.lstrip("\t"))
        key, _, value = line.text.strip().removeprefix("* ").partition(":")
        if depth == 1:
            part = key
            found.setdefault(part, "")
            if key == "SSID":
                name = value.strip()
            privacy = privacy or (key == "capability" and "Privacy" in value)
            # The first item of an element stands on the element's own line.
            key, _, value = value.strip().removeprefix("* ").partition(":")
        found.setdefault(f"{part}/{key.strip()}", value.strip())
    linked = block[0].text.startswith("Connected to ")
    where = f"{file}:{block[0].number} ({block[0].text[:40].split('(')[0].strip()})"
    ciphers = " ".join(value for key, value in found.items() if "cipher" in key)
    capabilities = found.get("RSN/Capabilities", "")
    return _seen(
        name,
        linked or "-- associated" in block[0].text,
        where + (": `iw link` does not tell the encryption" if linked else ""),
        None if linked else _iw_security(found, privacy),
        pmf=None if linked or "RSN" not in found else _iw_pmf(capabilities),
        tkip=None if linked else "TKIP" in ciphers,
        wps=None if linked else "WPS" in found,
    )


def _iw_security(found: dict[str, str], privacy: bool) -> Security | None:
    suites = found.get("RSN/Authentication suites", "")
    if "WPA" in found:
        return "wpa_wpa2" if "RSN" in found else "wpa"
    if "RSN" not in found:
        return "wep" if privacy else "open"
    if "802.1X" in suites:
        return "enterprise"
    if "OWE" in suites:
        return "owe"
    if "SAE" in suites:
        return "wpa2_wpa3" if "PSK" in suites else "wpa3"
    return "wpa2" if "PSK" in suites else None


def _iw_pmf(capabilities: str) -> Pmf:
    return "required" if "MFP-required" in capabilities else "optional" if "MFP-capable" in capabilities else "off"


# netsh


def _netsh(lines: list[Line], file: str) -> Iterator[Seen]:
    """Windows words its labels in its own language; the values that begin with WPA or WEP it does not."""
    name: str | None = None
    named = False
    cipher = ""
    authentication: tuple[int, str] | None = None
    for line in [*lines, Line(0, " SSID : ")]:
        label, colon, value = line.text.partition(":")
        label, value = label.strip(), value.strip()
        if not colon:
            continue
        if label == "SSID" or line.number == 0:
            if named and authentication is not None:
                yield _netsh_seen(name, authentication, cipher, file)
            name, named, authentication, cipher = value or None, True, None, ""
        elif re.match(r"WPA|WEP|OWE|Open\b", value) and authentication is None:
            authentication = (line.number, value)
        elif re.fullmatch(r"CCMP|TKIP|GCMP.*|WEP.*", value):
            cipher = value


def _netsh_seen(name: str | None, authentication: tuple[int, str], cipher: str, file: str) -> Seen:
    number, stated = authentication
    security: Security | None = None
    if stated.startswith("Open"):
        security = "wep" if cipher.startswith("WEP") else "open"
    elif stated.startswith("WEP") or cipher.startswith("WEP"):
        security = "wep"
    elif stated.startswith("OWE"):
        security = "owe"
    elif "nterpri" in stated or "ntrepri" in stated:
        security = "enterprise" if stated.startswith("WPA3") else None
    elif stated.startswith("WPA3"):
        # The least that is sure: with WPA3 a network may admit WPA2, but not WPA (WPA3 Specification, 2.3).
        security = "wpa2_wpa3"
    elif not stated.startswith("WPA2"):
        security = "wpa"
    note = "" if security is not None else "; this computer agreed on it, the network may admit weaker ways too"
    where = f"{file}:{number} ({stated[:40]} {cipher}{note})"
    return _seen(name, True, where, security, tkip=True if cipher == "TKIP" else None)


# wdutil

_APPLE: dict[str, Security] = {
    "none": "open", "open": "open", "wep": "wep", "dynamic wep": "wep", "wpa personal": "wpa",
    "wpa/wpa2 personal": "wpa_wpa2", "wpa2 personal": "wpa2", "wpa2/wpa3 personal": "wpa2_wpa3",
    "wpa3 transition": "wpa2_wpa3", "wpa3 personal": "wpa3", "wpa3-sae": "wpa3", "owe": "owe", "enhanced open": "owe",
    "owe transition": "owe", "wpa2 enterprise": "enterprise", "wpa3 enterprise": "enterprise",
    "wpa/wpa2 enterprise": "wpa_wpa2", "wpa enterprise": "wpa",
}  # fmt: skip


def _wdutil(lines: list[Line], file: str) -> Iterator[Seen]:
    name: str | None = None
    for line in lines:
        label, _, value = line.text.partition(":")
        label, value = label.strip(), value.strip()
        if label == "SSID":
            name = None if value in ("<redacted>", "", "None") else value
        elif label == "Security" and value:
            where = f"{file}:{line.number} (Security {value[:40]})"
            yield _seen(name, True, where, _APPLE.get(value.lower()))
            return
