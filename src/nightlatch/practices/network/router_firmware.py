"""The router stands between the internet and the hub, with every flaw that its firmware still has."""

from __future__ import annotations

from nightlatch.catalogue import versions
from nightlatch.fixes import routers, upkeep
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.router import Router
from nightlatch.practices.dates import age_in_days
from nightlatch.practices.interface import Judgement, Practice, fails, passes, unknown

practice = Practice(
    "router-firmware",
    number=12,
    section=Section.NETWORK,
    severity=Severity.HIGH,
    title="Keep the router's firmware new and its administration inside",
    why="Routers are attacked around the clock by machines that know every published flaw. Old firmware or an "
    "administration page open to the internet hands over the whole network, the lock's hub included.",
    standards=("ETSI EN 303 645 V3.1.3 5.3-5", "OWASP ISVS 3.2.4"),
)

oldest = practice.threshold("max-age-days", 365, unit="days", doc="the router's firmware may be at most")


@practice.check(
    "newest",
    per=Router,
    advice=routers.update_router,
    title="The router runs the newest firmware known",
    needs=(Router.version, Router.latest_version),
    settled_by="the router's own version and update pages, or your answers; a backup alone holds no version",
)
def newest(router: Router, home: Home) -> Judgement:
    """Judge the version against the newest known; versions that cannot be compared stay unknown."""
    version, latest = router.version, router.latest_version
    if version is None or latest is None:
        return unknown(version, latest)
    if version.value == latest.value:
        return passes(version, latest, because=f"It runs {version.value}, the newest known.")
    running, known = versions.parse(version.value), versions.parse(latest.value)
    if running is None or known is None:
        return unknown(
            version, latest, because=f"It runs {version.value}, which cannot be compared with {latest.value}."
        )
    if running >= known:
        return passes(version, latest, because=f"It runs {version.value}, not older than {latest.value}.")
    return fails(version, latest, because=f"It runs {version.value}; {latest.value} is out.", fix=routers.update_router)


@practice.check(
    "recent",
    per=Router,
    title="The router's firmware is younger than a year",
    needs=(Router.version_released,),
    settled_by="the release date of the firmware that the router runs: its release notes, or your answer",
)
def recent(router: Router, home: Home) -> Judgement:
    """Judge the age of the firmware that runs."""
    released = router.version_released
    if released is None:
        return unknown(router.version)
    age = age_in_days(released.value, home)
    if age <= oldest.of(home):
        return passes(released, router.version, because=f"Its firmware was released on {released.value}.")
    return fails(
        released,
        router.version,
        because=f"Its firmware was released on {released.value}, {age} days ago.",
        fix=routers.update_router,
    )


@practice.check(
    "supported",
    per=Router,
    title="The router still gets security updates",
    needs=(Router.support_until,),
    settled_by="the maker's end-of-life list, or your answer",
)
def supported(router: Router, home: Home) -> Judgement:
    """Judge the end of support: after it, flaws stay open."""
    until = router.support_until
    if until is None:
        return unknown()
    if until.value >= home.today:
        return passes(until, because=f"The maker promises security updates until {until.value}.")
    return fails(until, because=f"The maker's security updates ended on {until.value}.", fix=upkeep.replace_router)


@practice.check(
    "auto-update",
    per=Router,
    advice=routers.update_by_itself,
    severity=Severity.MEDIUM,
    title="The router updates itself",
    needs=(Router.auto_update,),
    settled_by="a router backup, or your answer",
)
def auto_update(router: Router, home: Home) -> Judgement:
    """Judge whether updates wait for somebody to remember them."""
    automatic = router.auto_update
    if automatic is None:
        return unknown()
    if automatic.value:
        return passes(automatic, because="It updates itself.")
    return fails(automatic, because="It does not update itself.", fix=routers.update_by_itself)


@practice.check(
    "no-wan-admin",
    per=Router,
    advice=routers.close_wan_admin,
    title="The router's administration cannot be reached from the internet",
    needs=(Router.wan_admin,),
    settled_by="a router's configuration with its firewall rules, or your answer",
    severity=Severity.CRITICAL,
)
def no_wan_admin(router: Router, home: Home) -> Judgement:
    """Judge whether the internet reaches the router's own sign-in."""
    wan_admin = router.wan_admin
    if wan_admin is None:
        return unknown()
    if not wan_admin.value:
        return passes(wan_admin, because="Its administration cannot be reached from the internet.")
    return fails(wan_admin, because="Its administration can be reached from the internet.", fix=routers.close_wan_admin)
