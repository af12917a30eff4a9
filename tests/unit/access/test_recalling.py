"""How the ledger stood: told by its lines of today and by the journal since, as by the whole journal."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.access import ledger, recalling
from nightlatch.access.wanting import Want
from nightlatch.journal.journal import Journal
from nightlatch.model.access import OPENS, Entry
from nightlatch.model.command import Outcome, Slot
from nightlatch.model.event import Event
from nightlatch.secrets import Secret

CODE = Secret("402917")
LOCKS = frozenset(("lock:front", "lock:back"))

# What happens to the line of a credential on a lock, or to a slot that is foreign.
steps = st.tuples(
    st.sampled_from(sorted(LOCKS)),
    st.sampled_from(["c1", "c2", ""]),
    st.sampled_from(["want", "unwant", "set", "set unknown", "clear", "overdue", "keep", "vanish", "refuse", "drop"]),
    st.integers(0, 400),
)


def after(line: Entry | None, lock: str, credential: str, step: str, now: int) -> Entry | None:
    if not credential:
        if line is None or line.state == "absent":
            return ledger.foreign(lock, Slot(9, "used", "presence"), now, now) if step == "want" else line
        if step == "keep" and line.state == "foreign":
            return ledger.keep(line, "the cleaner's", "bo", kept=not line.kept)
        if step == "unwant":
            return ledger.removed(line, now, 5)
    want = Want(lock, credential, "ana", 0, 0, (), ())
    slot = {"c1": 1, "c2": 2, "": 9}[credential]
    if step in ("want", "unwant") and credential:
        return ledger.aim(line, want if step == "want" else None, now, 5)
    if line is None:
        return None
    if step.startswith("set") and line.state in ("planned", "setting", "changing"):
        line = ledger.sending(line, slot, (), now, now)
        read = (Slot(slot, "used", "value", CODE),) if step == "set" else ()
        ending = "evidence" if read else "unknown"
        return ledger.set_ended(line, Outcome(ending, "told", slots=read), CODE, now, 5)  # type: ignore[arg-type]
    if step == "refuse" and line.state in ("planned", "setting"):
        line = ledger.sending(line, slot, (), now, now)
        told = Outcome("refused", "it is full", why="full", slots=(Slot(slot, "empty", "value"),))
        return ledger.set_ended(line, told, CODE, now, 5)
    if step == "vanish" and line.slot:
        return ledger.read(line, Slot(slot, "empty", "value"), CODE, now, now)
    if step == "clear" and line.slot and line.state in ("removing", "exposed"):
        return ledger.clear_ended(line, Outcome("evidence", "", slots=(Slot(slot, "empty", "value"),)), CODE, now)
    return ledger.overdue(line, now) if step == "overdue" else line


@settings(max_examples=60)
@given(st.lists(steps, max_size=25), st.data())
def test_what_is_told_of_a_past_instant_is_what_stood_then(
    history: list[tuple[str, str, str, int]], data: st.DataObject
) -> None:
    lines: dict[ledger.Key, Entry] = {}
    stood: list[set[tuple[ledger.Key, str, bool]]] = [set()]
    with TemporaryDirectory() as folder:
        journal = Journal.open(Path(folder))
        try:
            now = 1000
            for lock, credential, step, others in history:
                now += 10
                key = (lock, credential, 0 if credential else 9)
                before = lines.get(key)
                if step == "drop" and before is not None and ledger.droppable(before):
                    del lines[key]
                elif (line := after(before, lock, credential, step, now)) is not None:
                    lines[key] = line
                    # Between two changes much else is heard: the journal's bundles hold 256 entries.
                    noise = [Event(now, "battery", lock, value=9)] * others
                    journal.append([*noise, *ledger.events(before, line, now)])
                stood.append({(at, line.state, line.kept) for at, line in lines.items() if line.state in OPENS})
            number = data.draw(st.integers(0, len(history)))
            instant = 1000 + 10 * number + data.draw(st.integers(0, 9))
            found = list(recalling.at(journal, lines.values(), instant, LOCKS))
            assert {(ledger.key(one.entry), one.entry.state, one.entry.kept) for one in found} == stood[number]
            assert len(found) == len(stood[number])
            front = recalling.at(journal, lines.values(), instant, frozenset(("lock:front",)))
            assert {ledger.key(one.entry) for one in front} == {
                at for at, _, _ in stood[number] if at[0] == "lock:front"
            }
        finally:
            journal.close()


def test_an_erased_person_is_shown_as_erased(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    present = Entry("lock:front", "c1", 3, "present", person="ana", proof="value", present=True)
    gone = Entry("lock:front", "c1", 0, "absent", person="ana", proof="value", present=False)
    journal.append([*ledger.events(None, present, 10), *ledger.events(present, gone, 20)])
    (told,) = recalling.at(journal, [], 15, frozenset(("lock:front",)))
    assert (told.entry.person, told.evidence, told.erased) == ("ana", "the code was read back", False)
    journal.sealer.forget("ana", "front/3")
    (told,) = recalling.at(journal, [], 15, frozenset(("lock:front",)))
    assert (told.entry.person, told.entry.state, told.erased) == ("", "present", True)
    journal.close()
