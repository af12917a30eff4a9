from pathlib import Path

import pytest

from nightlatch.errors import JournalError
from nightlatch.journal import keys, notes
from nightlatch.journal.journal import Journal
from nightlatch.journal.verify import verify
from tests.unit.journal.making import AT, event, filled


def test_a_key_that_another_process_is_about_to_give_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = filled(tmp_path, 3), Journal.open(tmp_path)
    settle = keys.settle
    rotated: list[str] = []

    def between(folder: Path, current: str) -> None:
        # Right after the first rotation was written, and before its key is put in place.
        if (folder / keys.NEXT).exists() and not rotated and not one._storage.depth:
            rotated.append("begun")
            with other._storage.writing():
                other.rotate(AT)
                settle(folder, current)
            return
        settle(folder, current)

    monkeypatch.setattr(keys, "settle", between)
    one.rotate(AT)
    other.rotate(AT)
    assert one.append([event(1)]) and other.append([event(2)])
    one.close()
    other.close()


def test_the_origin_says_nothing_of_the_home_and_tells_journals_apart(tmp_path: Path) -> None:
    one, other = Journal.open(tmp_path / "one"), Journal.open(tmp_path / "other")
    names = {one.verifiers[0].name, other.verifiers[0].name}
    assert len(names) == 2
    assert all(name.startswith("nightlatch/") and len(name) == len("nightlatch/") + 16 for name in names)
    one.close()
    other.close()


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    filled(tmp_path, 1).close()
    (tmp_path / keys.FILE).chmod(0o640)
    with pytest.raises(JournalError, match="can be read by other users") as caught:
        Journal.open(tmp_path)
    assert "chmod 600" in caught.value.todo and "rotate" in caught.value.todo


@pytest.mark.parametrize(
    ("content", "what"),
    [("", "is no key"), ("PRIVATE+KEY+a+b+c", "is no key"), ("PRIVATE+KEY+x+00000000+AQID", "is no key")],
)
def test_a_file_that_is_no_key_is_named_with_what_to_do(tmp_path: Path, content: str, what: str) -> None:
    filled(tmp_path, 1).close()
    (tmp_path / keys.FILE).write_text(content)
    with pytest.raises(JournalError, match=what) as caught:
        Journal.open(tmp_path)
    assert "rotate --lost" in caught.value.todo


def test_another_journals_key_is_refused(tmp_path: Path) -> None:
    filled(tmp_path / "one", 1).close()
    filled(tmp_path / "other", 1).close()
    (tmp_path / "one" / keys.FILE).write_bytes((tmp_path / "other" / keys.FILE).read_bytes())
    with pytest.raises(JournalError, match="is not the key that this journal is signed with"):
        Journal.open(tmp_path / "one")


def test_the_private_key_is_in_no_text_about_it(tmp_path: Path) -> None:
    signer = keys.make(tmp_path, "nightlatch/test")
    secret = (tmp_path / keys.NEXT).read_text().strip().split("+", 4)[4]
    assert secret not in repr(signer) and secret not in signer.verifier.text


def test_a_rotation_is_an_entry_under_a_checkpoint_that_both_keys_signed(tmp_path: Path) -> None:
    journal = filled(tmp_path, 10)
    (old,) = journal.verifiers
    new = journal.rotate(AT, reason="the owner asked")
    both = notes.parse(journal.checkpoint())
    assert both.size == 11
    assert both.signed_by([old]) is old and both.signed_by([new]) is new
    (entry,) = journal.entries(10)
    assert entry.event is not None
    assert (entry.event.kind, entry.event.value, entry.event.name) == ("key_rotated", new.text, old.text)
    journal.append([event(11)])
    after = notes.parse(journal.checkpoint())
    assert after.signed_by([old]) is None and after.signed_by([new]) is new
    journal.close()
    journal = Journal.open(tmp_path)
    assert [one.text for one in journal.verifiers] == [new.text, old.text]
    journal.append([event(12)])
    assert verify(journal).sound
    journal.close()


def test_a_key_rotated_by_another_process_is_taken_up(tmp_path: Path) -> None:
    one, other = filled(tmp_path, 3), Journal.open(tmp_path)
    new = other.rotate(AT)
    one.append([event(9)])
    assert notes.parse(one.checkpoint()).signed_by([new]) is new
    assert one.changed is None and verify(one).sound
    one.close()
    other.close()


def test_a_crash_between_commit_and_the_new_keys_taking_over_is_finished_when_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = filled(tmp_path, 3)
    with monkeypatch.context() as patched:
        patched.setattr(keys, "settle", lambda *_: None)
        new = journal.rotate(AT)
    journal.close()
    assert (tmp_path / keys.NEXT).exists()
    journal = Journal.open(tmp_path)
    assert not (tmp_path / keys.NEXT).exists()
    assert journal.verifiers[0].text == new.text
    journal.append([event(4)])
    assert verify(journal).sound
    journal.close()


def test_a_new_key_of_a_rotation_that_was_not_committed_is_dropped_when_opened(tmp_path: Path) -> None:
    journal = filled(tmp_path, 3)
    (old,) = journal.verifiers
    journal.close()
    keys.make(tmp_path, old.name)
    journal = Journal.open(tmp_path)
    assert not (tmp_path / keys.NEXT).exists()
    journal.append([event(4)])
    assert [one.text for one in journal.verifiers] == [old.text]
    journal.close()


def test_a_lost_key_is_replaced_by_one_that_the_former_did_not_sign_for_and_verify_says_so(tmp_path: Path) -> None:
    filled(tmp_path, 5).close()
    (tmp_path / keys.FILE).unlink()
    with pytest.raises(JournalError, match="cannot be read"):
        Journal.open(tmp_path)
    journal = Journal.open(tmp_path, key_lost=True)
    with pytest.raises(JournalError, match="has no key to sign with"):
        journal.append([event(1)])
    journal.rotate(AT, reason="the former key was lost")
    journal.append([event(2)])
    report = verify(journal)
    assert report.sound and report.unproven_keys == (6,)
    journal.close()
    Journal.open(tmp_path).close()
