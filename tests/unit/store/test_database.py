"""Where the state is kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nightlatch.errors import StoreError
from nightlatch.store.database import state_folder


def test_a_folder_that_is_not_there_yet_is_named_all_the_same(tmp_path: Path) -> None:
    assert state_folder({"NIGHTLATCH_STATE": str(tmp_path / "new")}) == tmp_path / "new"


def test_another_users_folder_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Not by its mode: whoever runs the tests may be root, to whom every folder is open.
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(StoreError, match="another user's") as told:
        state_folder({"NIGHTLATCH_STATE": str(tmp_path)})
    assert str(tmp_path) in str(told.value)


def test_a_folder_below_one_that_cannot_be_entered_is_another_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(StoreError, match="another user's"):
        state_folder({"NIGHTLATCH_STATE": str(tmp_path)})
