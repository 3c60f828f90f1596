"""Log lines."""

import io
import json
import logging

import pytest

from mesh_core.service import ServiceError, configure_logs
from mesh_core.service.logs import JsonFormatter, PlainFormatter


def record(message: str, *args: object, **changes: object) -> logging.LogRecord:
    made = logging.LogRecord("mesh.x", logging.WARNING, "f.py", 1, message, args, None)
    made.created, made.msecs = 1795410000.25, 250.0
    vars(made).update(changes)
    return made


def failure() -> tuple[object, ...]:
    error = ValueError("x")
    return (type(error), error, error.__traceback__)


def test_plain_lines_are_for_people():
    line = PlainFormatter().format(record("hello %s", "you", pod="web"))
    assert line == "2026-11-23T05:00:00.250Z  WARN mesh.x: hello you pod=web"


def test_a_hostile_value_writes_no_line_of_its_own():
    line = PlainFormatter().format(record("name %s", "a\n2026 ERROR forged\r"))
    assert "\n" not in line
    assert "\r" not in line


def test_a_traceback_follows_its_line():
    text = PlainFormatter().format(record("failed", exc_info=failure()))
    assert text.splitlines()[1:] == ["ValueError: x"]


def test_json_lines_are_objects():
    entry = json.loads(JsonFormatter().format(record("hello\n%s", "you", pod="wéb")))
    assert entry == {
        "timestamp": "2026-11-23T05:00:00.250Z",
        "level": "WARN",
        "target": "mesh.x",
        "fields": {"message": "hello\nyou", "pod": "wéb"},
    }
    assert "\n" not in JsonFormatter().format(record("a\nb"))


def test_json_carries_the_traceback_and_whatever_was_passed():
    line = JsonFormatter().format(record("failed", exc_info=failure(), thing=object))
    fields = json.loads(line)["fields"]
    assert fields["error"] == "ValueError: x\n"
    assert fields["thing"] == "<class 'object'>"


@pytest.fixture
def root_logger():
    root = logging.getLogger()
    before = (root.level, root.handlers[:], logging.raiseExceptions)
    root.handlers[:] = []
    yield root
    root.handlers[:] = before[1]
    root.setLevel(before[0])
    logging.raiseExceptions = before[2]


def test_configuration_sets_level_and_form(root_logger):
    stream = io.StringIO()
    configure_logs("warn", "json", stream=stream)
    logging.getLogger("x").info("quiet")
    logging.getLogger("x").error("loud")
    assert json.loads(stream.getvalue())["fields"] == {"message": "loud"}


def test_a_closed_log_hurts_nobody(root_logger, capfd):
    stream = io.StringIO()
    configure_logs(stream=stream)
    stream.close()
    logging.getLogger("x").error("nobody reads this")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("level, style", [("loud", "plain"), ("info", "xml")])
def test_unknown_words_are_refused_with_the_known_ones(level, style):
    with pytest.raises(ServiceError, match="known are"):
        configure_logs(level, style)
