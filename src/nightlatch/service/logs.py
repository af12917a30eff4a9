"""What the service logs: one line each, for a terminal or, as JSON, for a journal; never a name, code or token."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

log = logging.getLogger(__name__)

FIELDS = "fields"


class LogFormat(StrEnum):
    """How log lines look."""

    TEXT = "text"
    JSON = "json"


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """`13:04:05 warning  zwavejs: lost (…)`."""
        at = datetime.fromtimestamp(record.created, UTC)
        fields = "".join(f" {name}={value}" for name, value in getattr(record, FIELDS, {}).items())
        return f"{at:%H:%M:%S} {record.levelname.lower():<8} {record.getMessage()}{fields}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One JSON object: at, level, logger, message, and the line's own fields."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, FIELDS, {}),
        }
        return msgspec.json.encode(line, enc_hook=str).decode()


class _Library(logging.Handler):
    """Says that a library had something to say, and not what: it may quote what it sent, received or was called with.

    Without a handler of the root, Python would print all of it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Called by the library."""
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else record.levelname.lower()
        log.debug("the library %s reports: %s", record.name, error)


def start(form: LogFormat, *, debug: bool) -> None:
    """Log to standard error. Our own words only: libraries would log what they send and receive."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form is LogFormat.JSON else _Text())
    logger = logging.getLogger("nightlatch")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.DEBUG if debug else logging.INFO)
    logger.propagate = False
    logging.getLogger().handlers[:] = [_Library(logging.WARNING)]


def extra(**fields: object) -> dict[str, dict[str, object]]:
    """Fields of one line: `log.info("connected", extra=extra(ecosystem="zwavejs"))`."""
    return {FIELDS: fields}
