"""What the server writes about itself, to standard error: text for people, JSON for programs.

Log calls pass `%s` arguments and never the words of a message; whatever they pass, no control
character reaches a terminal.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Literal, TextIO

import msgspec
from typing_extensions import override


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object on one line."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`."""
        fields: dict[str, str] = {
            "time": _utc(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _encodable(record.getMessage()),
        }
        if record.exc_info:
            fields["traceback"] = _encodable(self.formatException(record.exc_info))
        return msgspec.json.encode(fields).decode()


class TextFormatter(logging.Formatter):
    """Writes a record as a line for people; control characters are shown, not sent."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`, and its traceback if it has one."""
        time = _utc(record).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        line = f"{time} {record.levelname.lower():7} {_printable(record.getMessage())}"
        if record.exc_info:
            traceback = self.formatException(record.exc_info)
            line = "\n".join((line, *map(_printable, traceback.splitlines())))
        return line


def start_logging(level: str, style: Literal["text", "json"], stream: TextIO) -> None:
    """Write all logs of this process to `stream` from here on, and nowhere else."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    root = logging.getLogger()
    for other in list(root.handlers):
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)


def _utc(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _encodable(text: str) -> str:
    """Return `text` without half characters, such as a file's name can hold."""
    return text.encode(errors="backslashreplace").decode()


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )
