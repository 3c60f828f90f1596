"""The Prometheus text format, as far as a proxy writes it: samples with labels."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_SAMPLE = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
    r"(?:\{(?P<labels>(?:[^\"}]|\"(?:[^\"\\]|\\.)*\")*)\})?"
    r"\s+(?P<value>\S+)(?:\s+-?[0-9]+)?\s*"
)
_LABEL = re.compile(
    r"\s*(?P<name>[a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*\"(?P<value>(?:[^\"\\]|\\.)*)\"\s*,?"
)
_ESCAPE = re.compile(r"\\(.)")
_MEANING = {"n": "\n"}

Labels = frozenset[tuple[str, str]]
Key = tuple[str, Labels]


@dataclass(frozen=True, slots=True)
class Sample:
    """One series at one moment."""

    name: str
    labels: Mapping[str, str]
    value: float


def parse(text: str, names: Iterable[str] | None = None) -> Iterator[Sample]:
    """Yield the samples, only those of `names` when given; skip lines that are none.

    A scrape may be cut short; what can be read is worth more than an error.
    """
    wanted = None if names is None else frozenset(names)
    # Not splitlines(): a label may hold what only Unicode calls a line break.
    for line in text.split("\n"):
        if not line or line.startswith("#"):
            continue
        # Most lines are of no interest, and cheap to tell by their first word.
        if wanted is not None and line.split("{", 1)[0].split(" ", 1)[0] not in wanted:
            continue
        sample = _sample(line)
        if sample is not None:
            yield sample


def _sample(line: str) -> Sample | None:
    match = _SAMPLE.fullmatch(line)
    if match is None:
        return None
    labels: dict[str, str] = {}
    written = match["labels"] or ""
    offset = 0
    while offset < len(written):
        label = _LABEL.match(written, offset)
        if label is None:
            return None
        labels[label["name"]] = _ESCAPE.sub(
            lambda escape: _MEANING.get(escape[1], escape[1]), label["value"]
        )
        offset = label.end()
    try:
        return Sample(match["name"], labels, float(match["value"]))
    except ValueError:
        return None
