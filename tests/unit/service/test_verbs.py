"""What may be asked of a running service."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nightlatch.configuration.read import load
from nightlatch.errors import ConfigurationError
from nightlatch.service.verbs import verbs


async def test_a_reload_begins_only_with_a_configuration_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "nightlatch.toml"
    path.write_text('[home]\nname = "Elm"\n')
    begun = asyncio.Event()
    service: Any = SimpleNamespace(
        configuration=load(path), reload=begun.set, autolock=SimpleNamespace(), alerts=None, auditor=None, reporter=None
    )
    reload = verbs(service)["reload"]
    path.write_text("[home]\nnmae = 1\n")
    with pytest.raises(ConfigurationError, match="nmae"):
        await reload({})
    await asyncio.sleep(0.15)
    assert not begun.is_set()
    path.write_text("[home]\n")
    await reload({})
    await asyncio.wait_for(begun.wait(), 5)
