"""The demo's configuration: a simulated home on a busy day, with everything that can go wrong in two minutes.

Its router, password manager and DNS log are the sample home's files.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path

from nightlatch.configuration.read import Configuration, load
from nightlatch.errors import UsageError
from nightlatch.model.event import instant
from nightlatch.plugs import wall
from nightlatch.sample import FOLDER, moved
from nightlatch.writing import replace

PORT = 5625
TEMPLATE = Path(__file__).parent / "nightlatch.toml"


def configuration(folder: Path, *, pace: float | None = None, clock: Callable[[], int] = wall) -> Configuration:
    """The demo's configuration, written beside the demo's state folder (DEMO.toml), where it can be looked at.

    `pace` is how many times faster than ours the home's day goes; None: as the demo has it. UsageError
    when it cannot be written. Where the usual port is taken, the demo takes any.
    """
    text = moved(TEMPLATE.read_text("utf-8"), instant(clock()).date())
    text = text.replace('"SAMPLE/', json.dumps(f"{FOLDER.as_posix()}/", ensure_ascii=False)[:-1])
    if not _free(PORT):
        text = text.replace(f"port = {PORT}\n", "port = 0\n")
    if pace is not None:
        text = re.sub(r"(?m)^pace = .*$", f"pace = {pace:g}", text)
    path = folder.with_name(f"{folder.name}.toml")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace(path, text.encode())
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(path)) from None
    return load(path)


def _free(port: int) -> bool:
    """Whether nobody listens there: the owner's own Nightlatch may."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
