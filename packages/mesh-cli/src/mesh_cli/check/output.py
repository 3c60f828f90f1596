"""How the result is printed."""

from enum import StrEnum


class Output(StrEnum):
    """The values of `-o`."""

    TABLE = "table"
    SHORT = "short"
    """Only what is wrong."""
    JSON = "json"
