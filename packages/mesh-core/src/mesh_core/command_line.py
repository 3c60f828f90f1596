"""Command lines of services: one line for what is wrong, exit code 64, versions, common flags."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

from mesh_core.errors import CoreError
from mesh_core.kubernetes_names import is_dns_name, is_label

USAGE = 64
"""The exit code for a wrong command line (sysexits.h, EX_USAGE)."""

T = TypeVar("T")


class CommandLine(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, without the whole usage."""

    def error(self, message: str) -> NoReturn:
        """End the process with the line and exit code 64."""
        self.exit(USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")

    def add_version(self, package: str) -> None:
        """Let `--version` print the version of an installed package."""
        self.add_argument("--version", action=_PrintVersion, const=package, nargs=0)

    def add_log_options(self) -> None:
        """Let the user choose what is logged, and how."""
        levels = ("trace", "debug", "info", "warn", "error")
        self.add_argument("--log-level", choices=levels, default="info")
        self.add_argument("--log-format", choices=("plain", "json"), default="plain")


class _PrintVersion(argparse.Action):
    """Looks the version up only when it is asked for: that costs more than parsing all flags."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002 - argparse's signature
        values: str | Sequence[Any] | None,  # noqa: ARG002
        option_string: str | None = None,  # noqa: ARG002
    ) -> NoReturn:
        from importlib.metadata import version  # noqa: PLC0415

        print(f"{parser.prog} {version(str(self.const))}")
        parser.exit()


def value(what: str, parse: Callable[[str], T]) -> Callable[[str], T]:
    """Read a flag's value; what is wrong with it becomes part of the one line.

    A ValueError without a text of its own becomes "X is not `what`".
    """

    def read(text: str) -> T:
        try:
            return parse(text)
        except CoreError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}") from error

    return read


def _name(accept: Callable[[str], bool]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not accept(text):
            raise ValueError(text)
        return text

    return parse


dns_name = value("a DNS name in lower case", _name(is_dns_name))
"""Read a domain."""

namespace = value("the name of a namespace", _name(is_label))
"""Read a namespace."""
