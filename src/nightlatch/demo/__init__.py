"""The demo's configuration: a simulated home on a busy day, with everything that can go wrong in two minutes."""

from __future__ import annotations

import re
from pathlib import Path

from nightlatch.configuration.read import Configuration, load
from nightlatch.writing import replace

TEMPLATE = Path(__file__).parent / "nightlatch.toml"


def configuration(folder: Path, *, pace: float | None = None) -> Configuration:
    """The demo's configuration, written into the demo's own state folder, where it can be looked at and changed.

    `pace` is how many times faster than ours the home's day goes; None: as the demo has it. OSError
    when the folder cannot be written.
    """
    text = TEMPLATE.read_text("utf-8")
    if pace is not None:
        text = re.sub(r"(?m)^pace = .*$", f"pace = {pace:g}", text)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "nightlatch.toml"
    replace(path, text.encode())
    return load(path)
