"""The ten checks that all engines run, and what of a finding they must agree on."""

from __future__ import annotations

from typing import Any, NamedTuple

from nightlatch.audit.judge import run
from nightlatch.model.finding import Finding
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.network import Wifi
from nightlatch.model.people import Account, Credential
from nightlatch.model.router import Router
from nightlatch.model.thing import Field, Thing
from nightlatch.practices.interface import Check
from nightlatch.practices.registry import find

CHECKS = (
    "encryption/radio-link",
    "upnp/off",
    "wifi-security/cipher",
    "wifi-security/wps",
    "power-backup/battery",
    "default-credentials/no-default-code",
    "default-credentials/router-password",
    "updates/lock-firmware",
    "two-factor/second-factor",
    "least-privilege/not-expired",
)

READ: dict[type[Thing], tuple[Field[Any], ...]] = {
    Home: (Home.needs,),
    Lock: (
        Lock.hub,
        Lock.security,
        Lock.battery_percent,
        Lock.battery_low,
        Lock.can_update,
        Lock.update_available,
        Lock.update_since,
        Lock.update_version,
        Lock.firmware,
    ),
    Hub: (Hub.network_key,),
    Router: (Router.upnp, Router.admin_password_set),
    Wifi: (Wifi.enabled, Wifi.security, Wifi.tkip, Wifi.wps),
    Account: (Account.two_factor, Account.opens_door),
    Credential: (
        Credential.default,
        Credential.form,
        Credential.slot,
        Credential.ends,
        Credential.enabled,
        Credential.role,
    ),
}
"""The fields that the ten checks read. The engines are handed these and no others."""


class Verdict(NamedTuple):
    """What two engines must say alike of one check and one thing; `severity` counts for a fail alone."""

    check: str
    subject: str
    verdict: str
    severity: str
    evidence: frozenset[tuple[str, str]]
    """The facts that it rests on, as ("lock:front", "security"); left out for what is unknown."""


def checks() -> tuple[Check[Any], ...]:
    """Nightlatch's own ten checks."""
    found = {f"{check.practice.id}/{check.id}": check for name in CHECKS for check in find(name.split("/")[0]).checks}
    return tuple(found[name] for name in CHECKS)


def judge(home: Home, chosen: tuple[Check[Any], ...]) -> list[Finding]:
    """What the audit does, for these checks alone."""
    return [finding for check in chosen for finding in run(check, home)]


def verdict_of(finding: Finding) -> Verdict:
    """A finding of Nightlatch's as it is compared."""
    failed, known = finding.verdict.value == "fail", finding.verdict.value != "unknown"
    return Verdict(
        f"{finding.practice}/{finding.check}",
        str(finding.subject),
        finding.verdict.value,
        finding.severity.value if failed else "",
        frozenset((str(fact.about), fact.name) for fact in finding.evidence) if known else frozenset(),
    )
