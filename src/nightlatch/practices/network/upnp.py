"""UPnP and NAT-PMP let any device inside ask the router for a door to the outside, and nobody is asked."""

from __future__ import annotations

from collections.abc import Sequence

from nightlatch.fixes import routers
from nightlatch.model.evidence import Fact, Grade
from nightlatch.model.finding import Fix, Section, Severity, Verdict
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.labels import label
from nightlatch.model.lock import Lock
from nightlatch.model.router import Router
from nightlatch.model.values import PortMapping
from nightlatch.practices.interface import FixMaker, Judgement, Practice, fails, not_applicable, passes, unknown
from nightlatch.practices.network._addresses import addresses, door_things
from nightlatch.practices.questions import ask
from nightlatch.text import listed

practice = Practice(
    "upnp",
    number=13,
    section=Section.NETWORK,
    severity=Severity.HIGH,
    title="Keep UPnP and NAT-PMP off, and no port open to a hub or lock",
    why="Any program inside, a hacked camera or a web page's script included, can open a port to the internet without "
    "asking. A port that leads to a lock's hub puts the door on the internet.",
    standards=("ETSI EN 303 645 V3.1.3 5.6-1",),
)


def _off(fact: Fact[bool] | None, home: Home, name: str) -> Judgement:
    if fact is None:
        return unknown()
    if not fact.value:
        if _doubtful(fact):
            return unknown(
                fact,
                because=f"{name} did not answer where it was asked, but the router's configuration has it on: ask from "
                "the network of phones and laptops, or export the configuration anew.",
            )
        return passes(fact, because=f"{name} is off.")
    if home.need("upnp"):
        return passes(
            fact,
            home.needs,
            because=f"{name} is on, and you listed it as needed: any device inside can open a port to the internet.",
            advice=routers.disable_upnp,
        )
    return fails(
        fact,
        home.needs,
        because=f"{name} is on: any device inside can open a port to the internet.",
        fix=routers.disable_upnp,
    )


def _doubtful(fact: Fact[bool]) -> bool:
    """Whether it was off where it was asked and is on in the configuration: a router may serve one segment only."""
    return fact.grade is Grade.OBSERVED and any(other.value and other.grade is Grade.RECORDED for other in fact.others)


@practice.check(
    "off",
    per=Router,
    advice=routers.disable_upnp,
    title="UPnP is off",
    needs=(Router.upnp,),
    settled_by="a router backup, the source igd (which asks the router from inside), or your answer",
)
def off(router: Router, home: Home) -> Judgement:
    """Judge UPnP-IGD; an owner who lists it as needed understood what it does."""
    return _off(router.upnp, home, "UPnP")


@practice.check(
    "natpmp-off",
    per=Router,
    advice=routers.disable_upnp,
    title="NAT-PMP and PCP are off",
    needs=(Router.natpmp,),
    settled_by="a router backup, the source igd (which asks the router from inside), or your answer",
)
def natpmp_off(router: Router, home: Home) -> Judgement:
    """Judge NAT-PMP and PCP, UPnP's siblings."""
    return _off(router.natpmp, home, "NAT-PMP or PCP")


@practice.check(
    "no-mapping-to-a-lock",
    per=Router,
    title="No port that a device opened leads to a hub or lock",
    needs=(Router.upnp_mappings,),
    settled_by="the source igd (which asks the router from inside), or your answer after a look at its list of open "
    "ports; and the addresses of the hubs and locks",
    severity=Severity.CRITICAL,
)
def no_mapping_to_a_lock(router: Router, home: Home) -> Judgement:
    """Judge the ports that UPnP or NAT-PMP opened; with both off there are none."""
    mappings = router.upnp_mappings
    if mappings is None:
        upnp, natpmp = router.upnp, router.natpmp
        told = [fact for fact in (upnp, natpmp) if fact is not None and not _doubtful(fact)]
        if len(told) == 2 and not any(fact.value for fact in told):
            return not_applicable(upnp, natpmp, because="UPnP and NAT-PMP are off: no device can open a port.")
        return unknown(upnp, natpmp)
    judged = _leads_to_a_lock(mappings, home, "that UPnP or NAT-PMP opened", routers.disable_upnp)
    cut_short = any(gap.source == mappings.source for gap in router.gaps.get(Router.upnp_mappings.name, ()))
    if judged.verdict is Verdict.PASS and cut_short:
        return unknown(mappings)
    return judged


@practice.check(
    "no-forward-to-a-lock",
    per=Router,
    advice=routers.remove_port_forward,
    title="No port forward leads to a hub or lock",
    needs=(Router.port_forwards,),
    settled_by="a router's configuration, or your answer; and the addresses of the hubs and locks",
    severity=Severity.CRITICAL,
)
def no_forward_to_a_lock(router: Router, home: Home) -> Judgement:
    """Judge the ports that the owner forwarded."""
    forwards = router.port_forwards
    if forwards is None:
        return unknown()
    return _leads_to_a_lock(forwards, home, "that is forwarded", routers.remove_port_forward)


def _leads_to_a_lock(mappings: Fact[tuple[PortMapping, ...]], home: Home, which: str, fix: FixMaker) -> Judgement:
    if not mappings.value:
        return passes(mappings, because=f"There is no port {which}.")
    things = home.cached(door_things)
    hits = [(mapping, thing) for mapping in mappings.value for thing in things.behind(mapping)]
    if hits:
        told = listed(f"{_whose(things.behind(mapping), home)} ({mapping})" for mapping in dict(hits))
        return fails(
            mappings,
            *(fact for _, thing in hits for fact in addresses(thing)),
            because=f"From the internet a port {which} leads to {told}.",
            fix=fix,
        )
    hub = home.has_hub
    if not things.unplaced and not things.at and hub is not None and not hub.value and home.all(Lock):
        return passes(mappings, hub, because="Ports lead inside, but no hub and no lock is on the network.")
    if things.unplaced or not things.at:
        whose = listed(label(thing, home) for thing in things.unplaced) if things.unplaced else "the hubs and locks"
        questions = [
            step for thing in things.unplaced if isinstance(thing, Hub) for step in ask(thing, Hub.lan_address).steps
        ]
        return unknown(
            mappings,
            because=f"Ports lead inside ({listed(str(mapping) for mapping in mappings.value[:5])}), "
            f"and the address of {whose} is not known.",
            fix=Fix("Find out.", tuple(questions)) if questions else None,
        )
    return passes(mappings, because=f"No port {which} leads to a hub or lock.")


def _whose(things: Sequence[Hub | Lock], home: Home) -> str:
    """What a port leads to: of several on one computer nothing may tell which."""
    labels = listed(label(thing, home) for thing in things)
    return labels if len(things) == 1 else f"the computer of {labels}"
