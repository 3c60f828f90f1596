"""The command line of `mesh-proxy await`: its own flags, then a program and that one's."""

from collections.abc import Mapping, Sequence

from mesh_proxy.durations import parse_duration
from mesh_proxy.errors import UsageError

HELP = """\
usage: mesh-proxy await [OPTIONS] [--] [COMMAND [ARGUMENT...]]

Waits until the proxy of this pod is ready, then becomes COMMAND; without one, ends with 0.

  -p, --port PORT          the proxy's admin port on 127.0.0.1 (default 4191)
  -b, --backoff DURATION   time between two questions (default: 10ms, growing to 200ms)
  -t, --timeout DURATION   give up after this time, such as 2m (default: wait for ever)
      --timeout-fatal[=true|false]
                           whether giving up fails (69) or runs COMMAND nevertheless (default true)
  -S, --shutdown           run COMMAND as a child, and shut the proxy down when it has ended
  -v, --verbose            say that waiting is disabled, if it is [env: LINKERD_AWAIT_VERBOSE]
  -h, --help               print this
  -V, --version            print the version

LINKERD_AWAIT_DISABLED or LINKERD_DISABLED, set to anything, disables it: COMMAND runs at once,
and no proxy is asked or shut down.
"""

DEFAULT_PORT = 4191


class Options:
    """What to wait for, how long, and what to run then."""

    __slots__ = (
        "backoff",
        "command",
        "port",
        "show",
        "shutdown",
        "timeout",
        "timeout_fatal",
        "verbose",
    )

    def __init__(self) -> None:
        self.port = DEFAULT_PORT
        # Seconds; None: growing.
        self.backoff: float | None = None
        # Seconds; None: for ever.
        self.timeout: float | None = None
        self.timeout_fatal = True
        self.shutdown = False
        self.verbose = False
        # `help` or `version` when that is all that was asked for.
        self.show = ""
        self.command: list[str] = []


def parse(arguments: Sequence[str]) -> Options:
    """Read the flags up to the first word that is none (UsageError)."""
    options = Options()
    rest = list(arguments)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            _long(options, word, rest)
        else:
            _short(options, word, rest)
    options.command = rest
    return options


def disabled(environment: Mapping[str, str]) -> str | None:
    """Return the variable that disables waiting, with its value."""
    for name in ("LINKERD_AWAIT_DISABLED", "LINKERD_DISABLED"):
        if environment.get(name):
            return f"{name}={environment[name]}"
    return None


def _long(options: Options, word: str, rest: list[str]) -> None:
    flag, has_value, value = word.partition("=")
    if flag == "--timeout-fatal":
        # Its value is optional and therefore never the next word, which may be the command.
        _set_value(options, flag, value if has_value else "true")
    elif flag in _VALUES:
        _set_value(options, flag, value if has_value else _next(flag, rest))
    elif flag in _SWITCHES:
        if has_value:
            raise UsageError(f"{flag} takes no value, but {value!r} was given; {_SEE}")
        _set_switch(options, flag)
    else:
        raise UsageError(f"there is no flag {flag}; {_SEE}")


def _short(options: Options, word: str, rest: list[str]) -> None:
    """Read `-S`, `-t 2m`, `-t2m` or several switches in one word: `-Sv`."""
    for index, letter in enumerate(word[1:], start=2):
        flag = _SHORT.get(letter)
        if flag is None:
            raise UsageError(f"there is no flag -{letter}; {_SEE}")
        if flag in _VALUES:
            _set_value(options, flag, word[index:].removeprefix("=") or _next(flag, rest))
            return
        _set_switch(options, flag)


def _set_value(options: Options, flag: str, value: str) -> None:
    try:
        if flag == "--port":
            options.port = _port(value)
        elif flag == "--backoff":
            options.backoff = parse_duration(value)
        elif flag == "--timeout":
            options.timeout = parse_duration(value)
        else:
            options.timeout_fatal = _boolean(value)
    except ValueError as error:
        raise UsageError(f"{flag}: {value!r}: {error}; {_SEE}") from error


def _set_switch(options: Options, flag: str) -> None:
    if flag == "--shutdown":
        options.shutdown = True
    elif flag == "--verbose":
        options.verbose = True
    else:
        options.show = options.show or flag.removeprefix("--")


def _next(flag: str, rest: list[str]) -> str:
    if not rest:
        raise UsageError(f"{flag} needs a value; {_SEE}")
    return rest.pop(0)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise ValueError("a port is a number from 1 to 65535")
    return int(text)


def _boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("expected true or false")
    return text == "true"


_SEE = "see mesh-proxy await --help"
_VALUES = frozenset({"--port", "--backoff", "--timeout"})
_SWITCHES = frozenset({"--shutdown", "--verbose", "--help", "--version"})
_SHORT = {
    "p": "--port",
    "b": "--backoff",
    "t": "--timeout",
    "S": "--shutdown",
    "v": "--verbose",
    "h": "--help",
    "V": "--version",
}
