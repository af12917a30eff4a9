"""The Wi-Fi networks of RouterOS: the old `wireless` package, and `wifi` or `wifiwave2`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from nightlatch.secrets import Secret
from nightlatch.sources._routeros import Export, Line
from nightlatch.sources._wifi import AccessPoint, Pmf, Security

_PMF_BY_DEFAULT: Mapping[str, Pmf] = {"wpa3": "required", "owe": "required", "wpa2_wpa3": "optional"}
NEW_MENUS = ("/interface wifi", "/interface wifiwave2")
_PMF: Mapping[str, Pmf] = {"disabled": "off", "allowed": "optional", "required": "required"}


class Network(msgspec.Struct, frozen=True):
    """One network on one interface, with what places it in a bridge or VLAN."""

    interface: str
    name: str
    point: AccessPoint
    isolated: bool
    vlan: str = ""
    bridge: str = ""


def networks(export: Export) -> Iterator[Network]:
    """Every network that an interface of the router offers."""
    yield from _legacy(export)
    for menu in NEW_MENUS:
        yield from _new(export, menu)


def _legacy(export: Export) -> Iterator[Network]:
    profiles = {line.name: line for line in export.of("/interface wireless security-profiles")}
    for line in export.of("/interface wireless"):
        virtual = line.verb == "add"
        mode = line.get("mode", "ap-bridge" if virtual else "station")
        if mode not in ("ap-bridge", "bridge", "wds-slave"):
            continue
        profile = profiles.get(line.get("security-profile", "default"))
        wps = line.get("wps-mode")
        yield Network(
            interface=line.name,
            name=line.get("ssid", "MikroTik"),
            point=AccessPoint(
                on=not line.flag("disabled", not virtual),
                on_where=line.where("disabled"),
                name_where=line.where("ssid"),
                security=_legacy_security(profile),
                security_where=(profile.where if profile is not None else line.where)("authentication-types"),
                tkip=_legacy_tkip(profile),
                pmf=_legacy_pmf(profile),
                pmf_where=(profile.where if profile is not None else line.where)("management-protection"),
                wps=wps != "disabled" if wps else None,
                wps_where=line.where("wps-mode"),
                keys=_legacy_keys(profile),
            ),
            isolated=line.values.get("default-forwarding") == "no",
            vlan=line.get("vlan-id") if line.get("vlan-mode") == "use-tag" else "",
        )


def _legacy_security(profile: Line | None) -> Security | None:
    # The factory's own profile, which an export leaves out, has mode none.
    mode = profile.get("mode", "none") if profile is not None else "none"
    types = set(profile.words("authentication-types")) if profile is not None else set()
    if mode == "none":
        return "open"
    if mode.startswith("static-keys"):
        return "wep"
    return _by_types(types)


def _by_types(types: set[str]) -> Security | None:
    if not types:
        return "open"
    if types <= {"owe"}:
        return "owe"
    if types & {"wpa-eap", "wpa-psk"}:
        return "wpa_wpa2" if types - {"wpa-eap", "wpa-psk"} else "wpa"
    if types & {"wpa2-eap", "wpa3-eap", "wpa3-eap-192"}:
        return "enterprise"
    if "wpa3-psk" in types:
        return "wpa2_wpa3" if "wpa2-psk" in types else "wpa3"
    return "wpa2" if "wpa2-psk" in types else None


def _legacy_tkip(profile: Line | None) -> bool | None:
    if profile is None or profile.get("mode", "none") != "dynamic-keys":
        return False
    return "tkip" in (*profile.words("unicast-ciphers"), *profile.words("group-ciphers"))


def _legacy_pmf(profile: Line | None) -> Pmf | None:
    if profile is None or profile.get("mode", "none") != "dynamic-keys":
        return None
    return _PMF.get(profile.get("management-protection", "disabled"))


def _legacy_keys(profile: Line | None) -> tuple[tuple[Secret | None, str], ...]:
    if profile is None or profile.get("mode", "none") != "dynamic-keys":
        return ()
    wanted = [name for name in ("wpa", "wpa2") if f"{name}-psk" in profile.words("authentication-types")]
    names = [f"{name}-pre-shared-key" for name in wanted]
    return tuple((profile.secrets.get(name), profile.where(name)) for name in names)


def _new(export: Export, menu: str) -> Iterator[Network]:
    shown = any(line.secrets for line in export.lines)
    parts = {
        part: {line.name: line for line in export.of(f"{menu} {part}")}
        for part in ("configuration", "security", "datapath")
    }
    provisioned = {
        name
        for line in export.of(f"{menu} provisioning")
        for name in (*line.words("master-configuration"), *line.words("slave-configurations"))
        if not line.flag("disabled")
    }
    for line in export.of(menu):
        configuration = parts["configuration"].get(line.get("configuration"))
        mode = line.get("configuration.mode") or (configuration.get("mode") if configuration is not None else "")
        # An access point by default; only a station is told otherwise.
        if not mode.startswith("station"):
            yield _new_network(
                line, configuration, parts, on=not line.flag("disabled", line.verb == "set"), shown=shown
            )
    for name in sorted(provisioned):
        if (configuration := parts["configuration"].get(name)) is not None:
            yield _new_network(configuration, configuration, parts, on=True, shown=shown)


def _new_network(
    line: Line, configuration: Line | None, parts: dict[str, dict[str, Line]], *, on: bool, shown: bool
) -> Network:
    """An interface's own properties go before those of its configuration, and these before the parts they name."""
    own = _Layers(line, configuration, parts)
    types, types_where = own.find("security", "authentication-types")
    phrase, phrase_where = own.secret("passphrase")
    if not types and phrase is not None:
        # A phrase alone means WPA2 with it; with neither, the network is open, unless the export hides phrases.
        types, types_where = "wpa2-psk", phrase_where
    security = _by_types({word for word in types.split(",") if word}) if types or shown else None
    pmf, pmf_where = own.find("security", "management-protection")
    wps, wps_where = own.find("security", "wps")
    ciphers, _ = own.find("security", "encryption")
    ssid, ssid_where = own.find("configuration", "ssid")
    return Network(
        interface=line.name,
        name=ssid or "MikroTik",
        point=AccessPoint(
            on=on,
            on_where=line.where("disabled"),
            name_where=ssid_where,
            security=security,
            security_where=types_where,
            tkip="tkip" in ciphers.split(","),
            # What WPA2 does when nothing is set is not documented.
            pmf=_PMF.get(pmf) if pmf else _PMF_BY_DEFAULT.get(security or "open"),
            pmf_where=pmf_where,
            # The factory's setting is push-button, where there is a phrase to hand out.
            wps=wps != "disable" if wps or security in ("wpa2", "wpa2_wpa3", "wpa_wpa2", "wpa") else None,
            wps_where=wps_where + ("" if wps else ", not set: push-button by default"),
            keys=((phrase, phrase_where),) if "psk" in types else (),
        ),
        isolated=own.find("datapath", "client-isolation")[0] == "yes",
        vlan=own.find("datapath", "vlan-id")[0],
        bridge=own.find("datapath", "bridge")[0],
    )


def zone_interface(export: Export, network: Network) -> str:
    """The interface behind which a network's clients are: a VLAN of the bridge, the bridge, or the radio itself."""
    port = next(
        (line for line in export.of("/interface bridge port") if line.get("interface") == network.interface), None
    )
    bridge = network.bridge or (port.get("bridge") if port is not None else "")
    if not bridge:
        return network.interface
    vlan = network.vlan or (port.get("pvid") if port is not None else "")
    if vlan in ("", "1"):
        return bridge
    for line in export.of("/interface vlan"):
        if line.get("vlan-id") == vlan and line.get("interface") == bridge:
            return line.name
    return ""


class _Layers:
    """Where a property of a network may stand: most specific first."""

    def __init__(self, line: Line, configuration: Line | None, parts: dict[str, dict[str, Line]]) -> None:
        self.line = line
        self.configuration = configuration
        self.parts = parts

    def _places(self, part: str, name: str) -> Iterator[tuple[Line, str]]:
        layers = [self.line] if self.configuration in (None, self.line) else [self.line, self.configuration]
        for layer in layers:
            if layer is not None:
                yield layer, f"{part}.{name}"
                if part == "configuration" and layer is self.configuration:
                    yield layer, name
                named = self.parts.get(part, {}).get(layer.get(part)) if part != "configuration" else None
                if named is not None:
                    yield named, name

    def find(self, part: str, name: str) -> tuple[str, str]:
        """A property's value and place; the interface's own place with an empty value if it is not set."""
        for line, key in self._places(part, name):
            if key in line.values:
                return line.values[key], line.where(key)
        return "", self.line.where(f"{part}.{name}")

    def secret(self, name: str) -> tuple[Secret | None, str]:
        """Likewise for a secret of the security part."""
        for line, key in self._places("security", name):
            if key in line.secrets:
                return line.secrets[key], line.where(key)
        return None, self.line.where(f"security.{name}")
