import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.errors import JournalError
from nightlatch.journal.checking import entries_of
from nightlatch.journal.leaves import decode, encode, pack, unpack
from nightlatch.model.event import KINDS, Event


class Glass:
    """A sealer that one can see through."""

    def seal(self, person: str, data: bytes) -> str:
        return f"{person.encode().hex()}.{data.hex()}"

    def open(self, text: str) -> bytes | None:
        return bytes.fromhex(text.partition(".")[2])


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
events = st.builds(
    Event,
    at=st.integers(0, 2**53),
    kind=st.sampled_from(sorted(KINDS)),
    about=texts,
    source=texts,
    by=st.sampled_from(["", "code", "remote"]),
    slot=st.integers(0, 300),
    person=texts,
    value=st.integers(-(2**53), 2**53) | texts,
    name=texts,
    since=st.integers(0, 2**53),
    told=st.integers(0, 2**53),
    resync=st.booleans(),
    detail=texts,
    raw=texts,
)


@given(st.lists(events, max_size=5))
def test_what_is_written_is_read_again(given_events: list[Event]) -> None:
    sealer = Glass()
    leaves = encode(given_events, sealer)  # type: ignore[arg-type]
    assert [decode(0, leaf, sealer).event for leaf in leaves] == given_events  # type: ignore[arg-type]


@given(events)
def test_the_same_event_makes_the_same_entry(event: Event) -> None:
    first, second = encode([event, msgspec.structs.replace(event)], Glass())  # type: ignore[arg-type]
    assert first == second


@given(events.filter(lambda event: event.person or event.slot))
def test_an_event_about_somebody_shows_none_of_its_personal_fields(event: Event) -> None:
    (leaf,) = encode([event], Glass())  # type: ignore[arg-type]
    assert not {"person", "slot", "told", "detail", "raw"} & set(msgspec.json.decode(leaf))


@pytest.mark.parametrize("personal", [{"person": ""}, {"slot": 0}])
def test_a_mark_of_sealing_within_a_text_is_not_taken_for_one(personal: dict[str, object]) -> None:
    event = Event(1, "locked", "lock:x", detail='"sealed":"abc"', raw='{"sealed":"x.y"}', **personal)  # type: ignore[arg-type]
    (leaf,) = encode([event], Glass())  # type: ignore[arg-type]
    assert decode(0, leaf, Glass()).event == event  # type: ignore[arg-type]


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_packed_entries_unpack(leaves: list[bytes]) -> None:
    assert unpack(pack(leaves)) == leaves
    assert entries_of(pack(leaves)) == leaves


@given(st.binary(max_size=200))
def test_any_bytes_unpack_or_are_refused_by_both_readers(data: bytes) -> None:
    try:
        found = unpack(data)
    except ValueError:
        assert entries_of(data) is None
    else:
        assert entries_of(data) == found and pack(found) == data


@given(
    st.binary(min_size=1, max_size=100) | st.just(b'{"sealed":"x.zz"}') | st.just(b'{"at":1,"kind":"no","about":""}')
)
def test_an_entry_that_is_no_event_is_named(leaf: bytes) -> None:
    with pytest.raises(JournalError) as caught:
        decode(7, leaf, Glass())  # type: ignore[arg-type]
    assert caught.value.where == "entry 7" and "nightlatch journal verify" in caught.value.todo


def test_a_sealed_part_that_was_changed_is_named_with_its_entry() -> None:
    class Torn(Glass):
        def open(self, text: str) -> bytes | None:
            raise JournalError("a sealed text was changed")

    (leaf,) = encode([Event(1, "locked", "lock:x", slot=1)], Glass())  # type: ignore[arg-type]
    with pytest.raises(JournalError, match="a sealed text was changed") as caught:
        decode(7, leaf, Torn())  # type: ignore[arg-type]
    assert caught.value.where == "entry 7"
