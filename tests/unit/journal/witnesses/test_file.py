"""A witness that is a file: it only grows, and tells a journal that was rolled back, cut off or forked."""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightlatch.errors import NightlatchError, ReadError, SourceError
from nightlatch.journal import notes
from nightlatch.journal.journal import Journal
from nightlatch.journal.witnesses import file as module
from nightlatch.journal.witnesses.file import File, FileSettings
from nightlatch.journal.witnesses.interface import Contradicted
from tests.unit.journal.making import event, filled
from tests.unit.journal.witnesses.logs import ATTACKS, Attack, published


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = published(tmp_path / "log")
    yield journal
    journal.close()


@pytest.fixture
def witness(tmp_path: Path) -> File:
    (tmp_path / "disk").mkdir()
    return File(FileSettings(path=tmp_path / "disk" / "checkpoints"), "disk")


async def test_every_checkpoint_is_added_at_the_end_once(witness: File, journal: Journal) -> None:
    assert await witness.compare(journal) == 0
    first = await witness.publish(journal)
    assert (first.size, first.note) == (300, journal.checkpoint())
    await witness.publish(journal)
    journal.append([event(1)])
    await witness.publish(journal)
    assert witness.settings.path.read_text() == first.note + journal.checkpoint()
    assert stat.S_IMODE(witness.settings.path.stat().st_mode) == 0o600
    assert await witness.compare(journal) == await witness.compare(journal, every=True) == 301


@pytest.mark.parametrize(("attack", "told"), ATTACKS)
async def test_a_journal_that_is_not_the_one_it_saw_is_told(
    witness: File, journal: Journal, tmp_path: Path, attack: Attack, told: str
) -> None:
    await witness.publish(journal)
    journal.close()
    held = witness.settings.path.read_bytes()
    other = attack(tmp_path / "log")
    for every in (False, True):
        with pytest.raises(Contradicted, match=told):
            await witness.compare(other, every=every)
    with pytest.raises(Contradicted, match=told):
        await witness.publish(other)
    assert witness.settings.path.read_bytes() == held, "the evidence must stay"
    other.close()


async def test_a_journal_put_back_to_before_its_key_changed_is_told(
    witness: File, journal: Journal, tmp_path: Path
) -> None:
    journal.rotate(1)
    journal.append([event(1)])
    await witness.publish(journal)
    journal.close()
    (tmp_path / "log" / "journal.key").write_bytes((tmp_path / "earlier" / "journal.key").read_bytes())
    older = ATTACKS[0][0](tmp_path / "log")
    with pytest.raises(Contradicted, match="a key this journal does not know"):
        await witness.compare(older)
    older.close()


async def test_an_older_line_that_was_changed_is_found_when_every_one_is_compared(
    witness: File, journal: Journal
) -> None:
    await witness.publish(journal)
    journal.append([event(1)])
    await witness.publish(journal)
    text = witness.settings.path.read_text()
    witness.settings.path.write_text(text.replace("\n300\n", "\n299\n"))
    assert await witness.compare(journal) == 301
    with pytest.raises(Contradicted):
        await witness.compare(journal, every=True)


async def test_a_write_that_a_power_cut_tore_is_passed_by_and_the_next_is_whole(
    witness: File, journal: Journal
) -> None:
    await witness.publish(journal)
    path = witness.settings.path
    journal.append([event(1)])
    with path.open("a") as file:
        file.write(journal.checkpoint()[:40])
    assert await witness.compare(journal) == 300
    assert (await witness.publish(journal)).size == 301
    assert await witness.compare(journal, every=True) == 301
    assert path.read_text().endswith(f"\n{journal.checkpoint()}")


async def test_only_the_end_of_a_long_file_is_read_to_compare_the_newest(witness: File, journal: Journal) -> None:
    note = journal.checkpoint()
    witness.settings.path.write_text(note * 5_000)
    assert witness.settings.path.stat().st_size > 4 * notes.LARGEST
    assert await witness.compare(journal) == 300
    journal.append([event(1)])
    assert (await witness.publish(journal)).size == 301
    assert await witness.compare(journal) == 301


async def test_another_journals_file_is_not_touched(witness: File, journal: Journal, tmp_path: Path) -> None:
    stranger = filled(tmp_path / "stranger", 3)
    await witness.publish(stranger)
    with pytest.raises(ReadError, match="no checkpoint of this journal"):
        await witness.publish(journal)
    assert await witness.compare(stranger) == 3
    stranger.close()


async def test_a_disk_that_is_not_there_or_full_is_no_contradiction(
    journal: Journal, tmp_path: Path, witness: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = File(FileSettings(path=tmp_path / "not-mounted" / "checkpoints"), "away")
    with pytest.raises(SourceError, match="No such file"):
        await away.publish(journal)
    with pytest.raises(SourceError, match="No such file"):
        await away.compare(journal)
    device = File(FileSettings(path=Path("/dev/zero")), "device")
    with pytest.raises(ReadError, match="not a file"):
        await device.publish(journal)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(SourceError, match="No space left"):
        await witness.publish(journal)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
async def test_no_content_of_the_file_breaks_it(witness: File, journal: Journal, data: st.DataObject) -> None:
    text = bytearray(journal.checkpoint().encode() * 2)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    witness.settings.path.write_bytes(bytes(text))
    try:
        assert await witness.compare(journal, every=True) in (0, 300)
    except NightlatchError as error:
        assert error.where.startswith(str(witness.settings.path))
