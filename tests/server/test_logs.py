"""Tests of `tertulia.server.logs`: what a line of the log looks like."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from tertulia.server.logs import JsonFormatter, TextFormatter, start_logging


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def logger(stream: io.StringIO) -> Iterator[logging.Logger]:
    logger = logging.getLogger("tertulia.test_logs")
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    yield logger
    logger.removeHandler(handler)


def use(logger: logging.Logger, formatter: logging.Formatter) -> None:
    logger.handlers[0].setFormatter(formatter)


def test_json_is_one_object_on_a_line(logger: logging.Logger, stream: io.StringIO) -> None:
    use(logger, JsonFormatter())
    logger.warning("door=%s takes\nnobody in", "line")
    [line] = stream.getvalue().splitlines()
    record = json.loads(line)
    assert record.pop("time").endswith("Z")
    assert record == {
        "level": "warning",
        "logger": "tertulia.test_logs",
        "message": "door=line takes\nnobody in",
    }


def test_json_holds_a_traceback_in_one_line(logger: logging.Logger, stream: io.StringIO) -> None:
    use(logger, JsonFormatter())
    try:
        raise ValueError("broken")
    except ValueError:
        logger.exception("it failed")
    [line] = stream.getvalue().splitlines()
    assert json.loads(line)["traceback"].endswith("ValueError: broken")


def test_json_can_hold_any_file_name(logger: logging.Logger, stream: io.StringIO) -> None:
    use(logger, JsonFormatter())
    logger.info("%s", "caf\udce9")
    assert json.loads(stream.getvalue())["message"] == "caf\\udce9"


def test_text_begins_with_time_and_level(logger: logging.Logger, stream: io.StringIO) -> None:
    use(logger, TextFormatter())
    logger.info("erased %s messages", 3)
    line = stream.getvalue()
    assert line[4] == line[7] == "-"
    assert line[19:] == " info    erased 3 messages\n"


def test_text_never_sends_control_characters(logger: logging.Logger, stream: io.StringIO) -> None:
    use(logger, TextFormatter())
    logger.info("%s", "a\x1b[31mred\r\nb é")
    assert stream.getvalue()[28:] == "a\\x1b[31mred\\r\\nb é\n"


def test_text_shows_a_traceback(logger: logging.Logger, stream: io.StringIO) -> None:
    use(logger, TextFormatter())
    try:
        raise ValueError("broken \x1b[31m")
    except ValueError:
        logger.exception("it failed")
    assert stream.getvalue().endswith("ValueError: broken \\x1b[31m\n")


def test_logging_goes_to_one_stream_from_its_level_on(stream: io.StringIO) -> None:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        start_logging("warning", "text", stream)
        logging.getLogger("tertulia.anything").info("too little")
        logging.getLogger("asyncio").warning("enough")
    finally:
        for handler in list(root.handlers):
            root.removeHandler(handler)
        for handler in handlers:
            root.addHandler(handler)
        root.setLevel(level)
        logging.captureWarnings(capture=False)
    assert [line[20:] for line in stream.getvalue().splitlines()] == ["warning enough"]
