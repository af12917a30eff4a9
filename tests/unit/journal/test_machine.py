"""The journal against a plain list: whatever is done to it, in whatever order."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from nightlatch.journal import notes, tree
from nightlatch.journal.journal import Journal
from nightlatch.journal.verify import verify
from nightlatch.model.event import Event
from tests.unit.journal.making import AT, event

PEOPLE = ["", "ana", "ben"]


class Machine(RuleBasedStateMachine):
    """`model` holds what each entry must read as; `known` the checkpoints that were ever signed."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.model: list[Event | None] = []
        self.owner: list[str] = []
        self.known: list[notes.Checkpoint] = []

    @initialize()
    def begin(self) -> None:
        self.journal = Journal.open(self.folder)

    def _wrote(self, events: list[Event], owners: list[str]) -> None:
        self.model += events
        self.owner += owners
        self.known.append(notes.verified(self.journal.checkpoint(), self.journal.verifiers))

    @rule(count=st.sampled_from([1, 2, 30, 255, 256, 300]), person=st.sampled_from(PEOPLE), slot=st.integers(0, 2))
    def append(self, count: int, person: str, slot: int) -> None:
        start = len(self.model)
        events = [event(start + k, kind="locked", person=person, slot=slot, detail="x") for k in range(count)]
        owner = person or (f"front/{slot}" if slot else "")
        assert self.journal.append(events) == range(start, start + count)
        self._wrote(events, [owner] * count)

    @rule()
    def fail(self) -> None:
        try:
            self.journal.append([event(1, person="carl"), event(2, at=2**70)])
        except OverflowError:
            return
        raise AssertionError("it was written")

    @rule()
    def reopen(self) -> None:
        self.journal.close()
        self.journal = Journal.open(self.folder)

    @rule()
    def rotate(self) -> None:
        (old, *_), new = self.journal.verifiers, self.journal.rotate(AT)
        self._wrote([Event(AT, "key_rotated", "home", value=new.text, name=old.text)], [""])

    @rule(person=st.sampled_from(["ana", "ben", "front/1", "front/2"]))
    def erase(self, person: str) -> None:
        self.journal.sealer.forget(person)
        for index, (one, owner) in enumerate(zip(self.model, self.owner, strict=True)):
            if owner == person and one is not None:
                self.model[index] = event(index, kind="locked", slot=0, person="", detail="", raw="")

    @rule(before=st.integers(0, 3_000))
    def retain(self, before: int) -> None:
        full = min(before, len(self.model) // 256 * 256)
        wanted = sum(one is not None for one in self.model[:full])
        assert self.journal.drop_contents(before, at=AT, days=7) == wanted
        if wanted:
            self.model[:full] = [None] * full
            self._wrote([Event(AT, "retained", "home", value=7, name=f"before entry {full}")], [""])

    @rule(full=st.booleans())
    def verify(self, full: bool) -> None:
        report = verify(self.journal, full=full, processes=1)
        assert report.sound, report.faults
        assert report.size == len(self.model)
        assert report.unproven_keys == ()

    @rule(data=st.data())
    def prove(self, data: st.DataObject) -> None:
        if not self.known:
            return
        old, new = data.draw(st.sampled_from(self.known)), self.known[-1]
        with self.journal.view() as view:
            path = tree.consistency(old.size, new.size, view.node)
        assert tree.consistent(old.size, old.root, new.size, new.root, path)

    @invariant()
    def reads_as_the_model(self) -> None:
        assert self.journal.size == len(self.model)
        assert [entry.event and entry.event for entry in self.journal.entries()] == self.model

    def teardown(self) -> None:
        self.journal.close()
        shutil.rmtree(self.folder)


TestTheJournalDoesWhatAListWouldDo = Machine.TestCase
TestTheJournalDoesWhatAListWouldDo.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
