from pathlib import Path

import pytest

from nightlatch.errors import JournalError
from nightlatch.journal.aside import open_anyway
from nightlatch.journal.journal import FILE, Journal
from nightlatch.journal.verify import verify
from tests.unit.journal.making import AT, event, filled


def test_a_sound_journal_is_opened_as_it_is(tmp_path: Path) -> None:
    filled(tmp_path, 300).close()
    journal = open_anyway(tmp_path, AT)
    assert journal.size == 300
    journal.close()
    assert not list(tmp_path.glob("journal-damaged-*"))


@pytest.mark.parametrize("damage", [b"\0" * 4_096, b"no database " * 400])
def test_a_broken_file_is_set_aside_untouched_and_another_journal_begins_that_says_so(
    tmp_path: Path, damage: bytes
) -> None:
    former = filled(tmp_path, 300)
    verify(former)
    (origin,) = [one.name for one in former.verifiers]
    former.close()
    broken = damage + (tmp_path / FILE).read_bytes()[len(damage) :]
    (tmp_path / FILE).write_bytes(broken)
    journal = open_anyway(tmp_path, AT)
    (entry,) = journal.entries()
    assert entry.event is not None
    assert (entry.event.kind, entry.event.name) == ("restored", "journal-damaged-20260528T202640Z")
    assert f"300 entries of {origin} were verified before" in entry.event.detail
    assert journal.verifiers[0].name != origin
    assert journal.append([event(1)]) == range(1, 2)
    assert verify(journal).sound
    journal.close()
    aside = tmp_path / entry.event.name
    assert aside.stat().st_mode & 0o777 == 0o700
    assert (aside / FILE).read_bytes() == broken
    assert {path.name for path in aside.iterdir()} >= {FILE, "journal.key", "journal.verified"}


def test_trouble_that_may_pass_sets_nothing_aside(tmp_path: Path) -> None:
    filled(tmp_path, 3).close()
    (tmp_path / "journal.key").chmod(0o644)
    with pytest.raises(JournalError, match="can be read by other users"):
        open_anyway(tmp_path, AT)
    (tmp_path / "journal.key").chmod(0o600)
    journal = Journal.open(tmp_path)
    assert journal.size == 3
    journal.close()
