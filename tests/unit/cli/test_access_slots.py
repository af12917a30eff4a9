from pathlib import Path

import pytest

from nightlatch.cli.access import meant
from nightlatch.configuration.read import parse
from nightlatch.ecosystems._zwavejs.credentials import number_of
from nightlatch.errors import UsageError

HOME = parse('[[doors]]\nid = "front"\n[[locks]]\nid = "front"\ndoor = "front"\n', Path("nightlatch.toml"))


@pytest.mark.parametrize("slot", [1, 65_535, number_of(5, 7), number_of(12, 65_535)])
def test_a_tag_is_named_by_its_number_as_a_code_is(slot: int) -> None:
    assert meant(HOME, f"front/{slot}") == (["lock:front"], slot)


@pytest.mark.parametrize("slot", ["0", "-1", "x", "", "9" * 5_000])
def test_what_is_no_slot_is_told(slot: str) -> None:
    with pytest.raises(UsageError, match="names no slot"):
        meant(HOME, f"front/{slot}")
