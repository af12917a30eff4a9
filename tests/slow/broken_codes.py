"""`nightlatch`, with a simulated home that has a defect: storing the first code breaks, and the error tells it."""

from __future__ import annotations

from typing import Any

from nightlatch.cli import main
from nightlatch.ecosystems._simulated import coding

_store = coding.do
_broken: list[str] = []


def broken(house: Any, command: Any, lock: Any) -> None:
    """Break once, with the code in the error and in a variable of the frame."""
    if isinstance(command, coding.SetCode) and not _broken:
        _broken.append(pin := command.code.reveal())
        raise RuntimeError(f"slot {command.slot} cannot hold {pin}")
    _store(house, command, lock)


if __name__ == "__main__":
    coding.do = broken
    main()
