"""The Wi-Fi is the home's outermost door: whoever is on it stands in front of every hub."""

from __future__ import annotations

from nightlatch.fixes import routers
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.network import Wifi
from nightlatch.practices.interface import Judgement, Practice, fails, not_applicable, passes, unknown

practice = Practice(
    "wifi-security",
    number=11,
    section=Section.NETWORK,
    severity=Severity.CRITICAL,
    title="Encrypt every Wi-Fi with WPA3, or WPA2 and a strong phrase",
    why="An open or badly encrypted Wi-Fi lets anybody in the street listen in and talk to the hub. A weak phrase is "
    "guessed offline from one recorded sign-in, in minutes.",
    standards=("ETSI EN 303 645 V3.1.3 5.5-1", "OWASP ISVS 4.4.2"),
)

least_score = practice.threshold(
    "phrase-score", 3, unit="of 4", doc="a Wi-Fi phrase's zxcvbn score must be at least", stricter="higher"
)

_SETTLED = "a router backup, the state of this computer's Wi-Fi (host-wifi), or your answer"
_BAD = {
    "open": (Severity.CRITICAL, "It is open: anybody nearby may join and read along."),
    "wep": (Severity.CRITICAL, "It uses WEP, which is broken within minutes."),
    "wpa": (Severity.HIGH, "It uses the first WPA, whose cipher is broken."),
    "wpa_wpa2": (Severity.HIGH, "It still admits the first WPA beside WPA2."),
    "owe": (Severity.HIGH, "It encrypts (OWE) but asks for nothing: anybody nearby may join."),
}
_NAMES = {
    "wpa2": "WPA2",
    "wpa2_wpa3": "WPA2 and WPA3 (transition mode)",
    "wpa3": "WPA3",
    "enterprise": "WPA Enterprise",
}
_NO_PHRASE = {
    "open": "It is open",
    "owe": "It asks for nothing (OWE)",
    "enterprise": "Everybody signs in by themselves",
}
_NO_PMF = frozenset(("open", "wep", "wpa"))


def _off_air(wifi: Wifi) -> Judgement | None:
    enabled = wifi.enabled
    if enabled is None or enabled.value:
        return None
    return not_applicable(enabled, because="It is not on the air.")


@practice.check(
    "cipher",
    per=Wifi,
    advice=routers.wifi_encryption,
    title="The Wi-Fi is encrypted with WPA3, or with WPA2 and AES",
    needs=(Wifi.security, Wifi.tkip),
    settled_by=_SETTLED,
)
def cipher(wifi: Wifi, home: Home) -> Judgement:
    """Judge the encryption on the air; WPA2 alone passes with the advice to add WPA3."""
    security, tkip = wifi.security, wifi.tkip
    off = _off_air(wifi)
    if off is not None:
        return off
    if security is None:
        return unknown(tkip)
    bad = _BAD.get(security.value)
    if bad is not None:
        return fails(security, tkip, because=bad[1], severity=bad[0], fix=routers.wifi_encryption)
    if tkip is not None and tkip.value:
        return fails(
            security,
            tkip,
            because=f"It uses {_NAMES[security.value]} but admits the broken TKIP cipher.",
            severity=Severity.HIGH,
            fix=routers.wifi_encryption,
        )
    if security.value == "wpa3":
        return passes(security, tkip, because="It uses WPA3.")
    if tkip is None and security.value != "wpa2_wpa3":
        return unknown(security, because=f"It uses {_NAMES[security.value]}; whether it admits TKIP is not known.")
    if security.value == "enterprise":
        return passes(security, tkip, because="It uses WPA Enterprise with AES.")
    return passes(
        security,
        tkip,
        because=f"It uses {_NAMES[security.value]} with AES; WPA3 alone would be better.",
        advice=routers.wifi_encryption,
    )


@practice.check(
    "phrase",
    per=Wifi,
    advice=routers.wifi_phrase,
    title="The Wi-Fi's phrase is hard to guess",
    needs=(Wifi.phrase_score, Wifi.security),
    settled_by="a router backup with its Wi-Fi keys, of which only the strength is kept; or your answer",
    severity=Severity.HIGH,
)
def phrase(wifi: Wifi, home: Home) -> Judgement:
    """Judge the strength that was derived inside the router's source."""
    off = _off_air(wifi)
    if off is not None:
        return off
    score, security = wifi.phrase_score, wifi.security
    if security is not None and security.value in _NO_PHRASE:
        return not_applicable(security, because=f"{_NO_PHRASE[security.value]}: there is no shared phrase.")
    if score is None:
        return unknown(security)
    least = least_score.of(home)
    if score.value >= least:
        return passes(score, because=f"Its phrase is hard to guess: it scores {score.value} of 4.")
    return fails(
        score,
        wifi.phrase_length,
        because=f"Its phrase is easy to guess: it scores {score.value} of 4, and {least:g} is the least.",
        fix=routers.wifi_phrase,
    )


@practice.check(
    "pmf",
    per=Wifi,
    advice=routers.wifi_pmf,
    title="Protected management frames are on",
    needs=(Wifi.pmf, Wifi.security),
    settled_by=_SETTLED,
    severity=Severity.MEDIUM,
)
def pmf(wifi: Wifi, home: Home) -> Judgement:
    """Judge whether a stranger can throw devices off the Wi-Fi; WPA3 and OWE always protect."""
    off = _off_air(wifi)
    if off is not None:
        return off
    frames, security = wifi.pmf, wifi.security
    if security is not None:
        if security.value in _NO_PMF:
            return not_applicable(security, because="Its encryption knows no protected management frames.")
        if frames is None and security.value in ("wpa3", "owe"):
            return passes(security, because="Its encryption requires protected management frames.")
    if frames is None:
        return unknown(security)
    if frames.value == "off":
        return fails(
            frames,
            because="Protected management frames are off: a stranger can throw the hub or cameras off the Wi-Fi.",
            fix=routers.wifi_pmf,
        )
    return passes(frames, because=f"Protected management frames are {frames.value}.")


@practice.check(
    "wps",
    per=Wifi,
    advice=routers.wps_off,
    title="WPS is off",
    needs=(Wifi.wps,),
    settled_by="a router backup, or your answer",
    severity=Severity.HIGH,
)
def wps(wifi: Wifi, home: Home) -> Judgement:
    """Judge WPS, whose eight digits open the Wi-Fi whatever the phrase is."""
    off = _off_air(wifi)
    if off is not None:
        return off
    on = wifi.wps
    if on is None:
        return unknown()
    if not on.value:
        return passes(on, because="WPS is off.")
    return fails(on, because="WPS is on: its PIN can be guessed, whatever the phrase is.", fix=routers.wps_off)
