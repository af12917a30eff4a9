"""Judging: one finding per check and subject, unknown with its reason, fixes made only when needed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from nightlatch.audit.judge import judge, run
from nightlatch.model.evidence import Fact, Gap, Grade
from nightlatch.model.finding import Finding, Fix, Section, Severity, Verdict
from nightlatch.model.home import Home, SourceState
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.router import Router
from nightlatch.practices.interface import Judgement, Practice, fails, not_applicable, passes, unknown
from tests.unit.practices.builder import NOW, home, make


def practice_of(
    check: Callable[[Router, Home], Judgement], absent: Callable[[Home], Judgement] | None = None
) -> Practice:
    practice = Practice(
        "upnp", number=13, section=Section.NETWORK, severity=Severity.HIGH, title="Keep UPnP off", why="Doors open."
    )
    practice.check(
        "off",
        per=Router,
        title="UPnP is off",
        needs=(Router.upnp, Router.natpmp),
        settled_by="a router backup",
        absent=absent,
    )(check)
    return practice


def off(router: Router, home: Home) -> Judgement:
    if router.upnp is None:
        return unknown()
    if router.upnp.value:
        return fails(router.upnp, because="UPnP is on.", fix=lambda thing, home: Fix(f"Turn it off on {thing.label}."))
    return passes(router.upnp, because="UPnP is off.")


def only(given: Home, check: Callable[[Router, Home], Judgement] = off) -> Finding:
    (finding,) = judge(given, [practice_of(check)])
    return finding


def test_a_failing_check_carries_its_evidence_and_its_tailored_fix() -> None:
    finding = only(home(make(Router, "r", upnp=True, name="box")))
    assert finding.verdict is Verdict.FAIL
    assert [fact.name for fact in finding.evidence] == ["upnp"]
    assert finding.fix == Fix("Turn it off on box.")
    assert (finding.severity, finding.weight) == (Severity.HIGH, 4)


def test_a_home_without_such_a_thing_is_unknown_and_says_so() -> None:
    finding = only(home())
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.summary == "No router is known, so this could not be checked."
    assert str(finding.subject) == "home"


def test_a_check_may_say_that_a_home_without_such_a_thing_is_fine() -> None:
    practice = practice_of(off, absent=lambda home: not_applicable(because="No router."))
    (finding,) = judge(home(), [practice])
    assert finding.verdict is Verdict.NOT_APPLICABLE
    assert finding.weight == 0


def test_an_unknown_names_what_nothing_tells_and_the_next_step() -> None:
    finding = only(home(make(Router, "r")))
    assert finding.summary == "Nothing tells whether UPnP-IGD is on and whether NAT-PMP or PCP is on."
    assert finding.settled_by == "a router backup"
    assert finding.fix is not None
    assert any("nightlatch answer router:r upnp VALUE" in step for step in finding.fix.steps)


def test_a_refusal_is_the_reason_and_what_lifts_it_the_step() -> None:
    gap = Gap(("router.upnp",), "The token is not an administrator's", "Make a token as an administrator.")
    finding = only(home(Router("r", gaps={"upnp": (gap,)})))
    assert finding.summary == "The token is not an administrator's."
    assert finding.fix is not None
    assert finding.fix.steps[0] == "Make a token as an administrator."


def test_a_stale_answer_is_the_reason_and_is_shown() -> None:
    old = Fact(make(Router, "r").ref, "upnp", False, Grade.DECLARED, "declared", NOW - timedelta(days=200))
    finding = only(home(Router("r", stale={"upnp": old})))
    assert finding.verdict is Verdict.UNKNOWN
    assert "older than 180 days" in finding.summary
    assert finding.stale == (old,)


def test_a_failed_source_that_would_tell_is_named() -> None:
    failed = SourceState("openwrt", "openwrt", "failed", 0, "the file is gone", "", frozenset({"router.upnp"}))
    other = SourceState("pihole", "pihole", "failed", 0, "not a database", "", frozenset({"device.contacts"}))
    finding = only(home(make(Router, "r"), sources=(failed, other)))
    assert finding.summary == "The source openwrt, which may tell, failed: the file is gone."


def test_many_subjects_share_one_weight_and_those_it_is_not_about_take_none() -> None:
    def some(router: Router, home: Home) -> Judgement:
        return off(router, home) if router.ref.key != "c" else not_applicable(because="It is a bridge.")

    routers = [make(Router, key, upnp=key == "a") for key in "abc"]
    findings = judge(home(*routers), [practice_of(some)])
    assert [finding.weight for finding in findings] == [2, 2, 0]


def test_a_loosened_threshold_says_so_on_the_finding() -> None:
    practice = practice_of(off)
    practice.threshold("age-days", 30, unit="days", doc="age at most")
    (finding,) = run(practice.checks[0], home(make(Router, "r", upnp=False), limits={"upnp.age-days": 60}))
    assert "looser than the guide: age at most 60 instead of 30 days" in finding.summary
    (finding,) = run(practice.checks[0], home(make(Router, "r", upnp=False), limits={"upnp.age-days": 7}))
    assert "looser" not in finding.summary


def test_a_home_without_hubs_is_asked_whether_there_is_one_and_believed() -> None:
    practice = Practice("hubs", number=1, section=Section.SETUP, severity=Severity.HIGH, title="Have hubs", why="So.")
    check = practice.check("any", per=Hub, title="There is a hub", needs=(Hub.tls,), settled_by="a hub")
    check(lambda hub, home: unknown())
    (asked,) = run(practice.checks[0], home())
    assert asked.verdict is Verdict.UNKNOWN and asked.fix is not None
    assert any("nightlatch answer home has_hub VALUE" in step for step in asked.fix.steps)
    assert any("[[hubs]]" in step for step in asked.fix.steps)
    (none,) = run(practice.checks[0], home(has_hub=(False, Grade.DECLARED)))
    assert none.verdict is Verdict.NOT_APPLICABLE and none.weight == 0 and none.evidence
    (some,) = run(practice.checks[0], home(has_hub=(True, Grade.DECLARED)))
    assert some.verdict is Verdict.UNKNOWN and some.fix is not None
    assert not any("has_hub" in step for step in some.fix.steps)


def test_a_reason_leaves_out_what_only_the_reference_needs() -> None:
    practice = Practice("locks", number=1, section=Section.SETUP, severity=Severity.HIGH, title="Lock", why="So.")
    needs = (Lock.can_keypad, Lock.wrong_code_limit)
    practice.check("any", per=Lock, title="It locks", needs=needs, settled_by="a lock")(lambda lock, home: unknown())
    (found,) = run(practice.checks[0], home(make(Lock, "front")))
    assert found.summary == "Nothing tells whether it has a keypad and after how many wrong codes the keypad locks out."
