"""What the command lines that argparse reads have in common."""

import argparse
from collections.abc import Callable
from typing import NoReturn, TypeVar

from mesh_proxy.errors import UsageError

T = TypeVar("T")


class Parser(argparse.ArgumentParser):
    """Raises a UsageError in place of ending the process."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command line, and where to read more."""
        raise UsageError(f"{message.removeprefix('argument ')}; see {self.prog} --help")


def typed(read: Callable[[str], T]) -> Callable[[str], T]:
    """Turn a reader's ValueError into one that shows the value; argparse adds the flag."""

    def reading(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r}: {error}") from error

    return reading
