"""The systemd unit: hardened, watched, and stopped in good order."""

from __future__ import annotations

from pathlib import Path

TEMPLATE = Path(__file__).with_name("nightlatch.service")


def unit(command: str, configuration: str) -> str:
    """The unit's text for an installed command and a configuration; both are absolute paths."""
    return TEMPLATE.read_text("utf-8").format(command=_quoted(command), configuration=_quoted(configuration))


def _quoted(path: str) -> str:
    """A path as systemd reads it: specifiers are doubled, blanks and quotes kept together."""
    text = path.replace("\\", "\\\\").replace("%", "%%").replace('"', '\\"').replace("$", "$$")
    return f'"{text}"' if any(sign in text for sign in " \t'\"\\") else text
