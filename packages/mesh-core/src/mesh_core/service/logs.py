"""Log lines of a service: for people, or one JSON object a line."""

import json
import logging
import sys
import time
import traceback
from typing import Any, TextIO

from mesh_core.service.errors import ServiceError

LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "panic": logging.CRITICAL,
    "fatal": logging.CRITICAL,
}
"""Names of levels; some only because existing configuration uses them."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure(level: str = "info", style: str = "plain", *, stream: TextIO | None = None) -> None:
    """Send all log records to `stream`, which is standard error unless given."""
    if level not in LEVELS:
        msg = f"unknown log level {level!r}; known are {', '.join(LEVELS)}"
        raise ServiceError(msg)
    if style not in {"plain", "json"}:
        msg = f"unknown log format {style!r}; known are plain and json"
        raise ServiceError(msg)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else PlainFormatter())
    logging.basicConfig(level=LEVELS[level], handlers=[handler], force=True)
    # A full disk or a closed pipe must not fill the log with reports about the log.
    logging.raiseExceptions = False


class PlainFormatter(logging.Formatter):
    """`2026-11-23T05:00:00Z  INFO mesh_core.store: text key=value`."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record; only a traceback takes more than its line."""
        fields = "".join(f" {name}={value}" for name, value in _extra(record).items())
        text = _one_line(record.getMessage())
        line = f"{_timestamp(record)} {_level(record):>5} {record.name}: {text}{fields}"
        return f"{line}\n{_traceback(record)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """`{"timestamp": …, "level": "INFO", "target": …, "fields": {"message": …}}`."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record as one line."""
        fields = {"message": record.getMessage(), **_extra(record)}
        if record.exc_info:
            fields["error"] = _traceback(record)
        entry = {
            "timestamp": _timestamp(record),
            "level": _level(record),
            "target": record.name,
            "fields": fields,
        }
        return json.dumps(entry, default=str, ensure_ascii=False)


def _timestamp(record: logging.LogRecord) -> str:
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{seconds}.{int(record.msecs):03d}Z"


def _level(record: logging.LogRecord) -> str:
    return "WARN" if record.levelno == logging.WARNING else record.levelname


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    """Find what the caller passed as `extra`."""
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _one_line(text: str) -> str:
    """Keep a hostile value from writing lines of its own."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _traceback(record: logging.LogRecord) -> str:
    return "".join(traceback.format_exception(record.exc_info[1])) if record.exc_info else ""
