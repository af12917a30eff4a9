"""What the owner says of a thing that a source shows counts while the source shows it."""

from __future__ import annotations

from datetime import UTC, datetime

from nightlatch.audit.collect import Collected
from nightlatch.audit.named import shown
from nightlatch.model.evidence import Claim, Gap, Item, Ref, Same
from nightlatch.model.home import SourceState

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CODE = Ref("credential", "zwavejs:3/1")
ENDS = Claim(CODE, "ends", NOW, source="declared")
FRONT = Ref("lock", "front")


def collected(kind: str, *items: Item, status: str = "ok") -> Collected:
    return Collected(SourceState(kind, kind, status, len(items)), list(items))  # type: ignore[arg-type]


def test_an_answer_counts_while_a_source_tells_of_its_thing() -> None:
    declared = collected("declared", ENDS)
    assert shown(declared, [collected("zwavejs", Claim(CODE, "slot", 1))]) is declared


def test_an_answer_about_a_code_that_is_gone_makes_no_code() -> None:
    found = shown(collected("declared", ENDS), [collected("zwavejs", Claim(Ref("lock", "zwavejs:3"), "name", "x"))])
    assert found.items == []
    assert found.state.status == "partial"
    assert "credential:zwavejs:3/1" in found.state.reason


def test_an_answer_about_what_a_failed_source_would_show_waits_for_it() -> None:
    found = shown(collected("declared", ENDS), [collected("zwavejs", status="failed")])
    assert found.items == []
    assert "only away" in found.state.todo


def test_a_gap_alone_does_not_show_a_thing() -> None:
    gap = Gap(("credential.length",), "r", "s", CODE)
    assert shown(collected("declared", ENDS), [collected("zwavejs", gap)]).items == []


def test_an_answer_may_name_an_own_thing_by_the_key_it_is_bound_to() -> None:
    items = [Same(FRONT, "zwavejs:3"), Claim(Ref("lock", "zwavejs:3"), "tamper_alarm", True)]
    assert shown(collected("declared", *items), []).items == items


def test_a_binding_to_what_an_answering_source_does_not_tell_of_is_named() -> None:
    declared = collected("declared", Same(FRONT, "zwavejs:33"))
    there = collected("zwavejs", Claim(Ref("lock", "zwavejs:3"), "name", "x"))
    found = shown(declared, [there])
    assert found.items == declared.items
    assert "lock:front to zwavejs:33" in found.state.reason
    assert shown(declared, [collected("zwavejs", status="failed")]) is declared
    assert shown(collected("declared", Same(FRONT, "zwavejs:3")), [there]).state.status == "ok"


def test_many_names_are_cut_short() -> None:
    claims = [Claim(Ref("credential", f"zwavejs:3/{slot}"), "role", "guest") for slot in range(9)]
    assert "and 4 more" in shown(collected("declared", *claims), []).state.reason
