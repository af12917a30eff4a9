from __future__ import annotations

from pathlib import Path

from nightlatch.store.database import connect
from nightlatch.store.snapshots import Snapshot, Snapshots


def test_a_part_finds_the_state_that_it_kept_last(tmp_path: Path) -> None:
    engine = connect(tmp_path)
    snapshots = Snapshots(engine)
    assert snapshots.get("detections") is None
    snapshots.put("detections", Snapshot(3, b"old"))
    snapshots.put("detections", Snapshot(5, b"new"))
    snapshots.put("autolock", Snapshot(1, b"other"))
    assert snapshots.get("detections") == Snapshot(5, b"new")
    engine.dispose()
    again = connect(tmp_path)
    assert Snapshots(again).get("detections") == Snapshot(5, b"new")
    again.dispose()
