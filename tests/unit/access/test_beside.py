"""Ways that the ledger cannot show, from the last audit's facts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from nightlatch.access.beside import Beside
from nightlatch.access.who import Opener
from nightlatch.model.command import Rules
from nightlatch.model.document import Evidence, ThingDocument
from nightlatch.model.event import micros
from nightlatch.model.evidence import Grade

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FRONT = "lock:front"
NAMES = {FRONT: "Front lock", "lock:shed": "Shed"}


def thing(subject: str, label: str, **facts: Any) -> ThingDocument:
    told = tuple(
        Evidence(subject, name, "", value, Grade.OBSERVED, "homeassistant", AT) for name, value in facts.items()
    )
    return ThingDocument(subject, subject.partition(":")[0], label, (), told)


def beside(
    *things: ThingDocument,
    declared: dict[tuple[str, int], str] | None = None,
    rules: dict[str, Rules] | None = None,
    lock: str = FRONT,
) -> tuple[tuple[Opener, ...], tuple[str, ...]]:
    return Beside(things, declared or {}, NAMES, {"ana": "Ana"}, rules or {})(lock)


LOCK = thing(FRONT, "Front lock", hub="hub:ha", can_cylinder=False)
HUB = thing("hub:ha", "Home Assistant", locks=[FRONT])


def test_accounts_of_its_hub_open_a_lock_and_say_how_that_is_known() -> None:
    account = thing("account:ana", "Home Assistant: Ana", hub="hub:ha", opens_door=True)
    other = thing("account:bo", "Home Assistant: Bo", hub="hub:ha", opens_door=False)
    (one,), _ = beside(LOCK, HUB, account, other)
    assert (one.who, one.means, one.state, one.seen) == ("Home Assistant: Ana", "account", "known", micros(AT))
    assert one.evidence == "it can command the lock's hub (observed by homeassistant)"
    assert beside(LOCK, HUB, account, lock="lock:shed")[0] == ()


def test_an_account_of_which_it_is_not_known_whether_it_opens_is_said_to_be_unknown() -> None:
    _, unknown = beside(LOCK, HUB, thing("account:ana", "Home Assistant: Ana", hub="hub:ha"))
    assert "Whether these accounts can open it is not known: Home Assistant: Ana." in unknown


def test_a_vendor_s_account_is_told_at_every_lock_as_nobody_tells_which_it_opens() -> None:
    vendor = thing("account:nuki", "Nuki account", opens_door=True)
    for lock in NAMES:
        (one,), _ = beside(LOCK, vendor, lock=lock)
        assert "which one is not told" in one.evidence


def test_a_key_opens_it_too_and_where_the_spare_one_is() -> None:
    lock = thing(FRONT, "Front lock", can_cylinder=True, door="door:front")
    (one,), unknown = beside(lock, thing("door:front", "Front door", backup_key="key_safe"))
    assert (one.who, one.means, one.note) == ("whoever has a key", "key", "the spare one is in a key safe")
    assert not any("key" in sentence for sentence in unknown)


def test_a_lock_whose_keyhole_is_not_known_of_says_so_and_how_to_answer() -> None:
    _, unknown = beside(thing(FRONT, "Front lock"))
    assert "Whether a key opens Front lock is not known: nightlatch answer lock:front can_cylinder true" in unknown


def test_phones_and_the_maker_s_app_open_it() -> None:
    openers, _ = beside(thing(FRONT, "Front lock", opens_by_phone=True, remote_access=True))
    assert [one.means for one in openers] == ["app", "app"]


def test_codes_of_a_lock_that_was_never_read_are_told_from_the_audit_and_the_configuration() -> None:
    code = thing("credential:x", "Code 3", lock=FRONT, slot=3, form="pin")
    off = thing("credential:y", "Code 5", lock=FRONT, slot=5, form="pin", enabled=False)
    declared = {(FRONT, 3): "ana", (FRONT, 4): "ana", ("lock:shed", 1): "ana"}
    openers, unknown = beside(LOCK, code, off, declared=declared)
    assert [(one.who, one.slot) for one in openers] == [("Ana", 3), ("Ana", 4)]
    assert openers[0].evidence == "the audit found it: Code 3 (observed by homeassistant)"
    assert openers[1].evidence == "the configuration says so; the slot was never read"
    assert "Front lock was never read: codes on it that are not listed here may open it." in unknown


def test_once_a_lock_was_read_its_slots_are_the_ledger_s() -> None:
    code = thing("credential:x", "Code 3", lock=FRONT, slot=3, form="pin")
    master = thing("credential:m", "Master code", lock=FRONT, form="master")
    openers, unknown = beside(LOCK, code, master, declared={(FRONT, 4): "ana"}, rules={FRONT: Rules(30)})
    assert [one.means for one in openers] == ["master code"]
    assert unknown == ()


def test_a_master_code_that_nobody_read_is_said() -> None:
    _, unknown = beside(LOCK, rules={FRONT: Rules(30, master=True)})
    assert unknown == ("Front lock has a master code beside its slots, and who knows it is not known.",)


def test_without_an_audit_it_is_said_what_is_missing() -> None:
    openers, unknown = Beside(None, {}, NAMES, {}, {FRONT: Rules(30)})(FRONT)
    assert openers == ()
    assert unknown == ("No audit was made: accounts, apps and keys are not known. Run: nightlatch audit",)
