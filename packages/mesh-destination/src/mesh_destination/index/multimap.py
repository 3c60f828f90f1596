"""A map from one to many that forgets what has become empty."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V", bound=Hashable)


class Multimap(Generic[K, V]):
    """Several values for a key, each once, in the order in which they came."""

    def __init__(self) -> None:
        """Begin empty."""
        # Dictionaries for sets: their order is that of insertion, so iteration is repeatable.
        self._values: dict[K, dict[V, None]] = {}

    def __getitem__(self, key: K) -> Iterable[V]:
        """The values of `key`; none is no error."""
        return tuple(self._values.get(key, ()))

    def __len__(self) -> int:
        """How many keys have a value."""
        return len(self._values)

    def move(self, value: V, old: Iterable[K], new: Iterable[K]) -> None:
        """Take `value` away from the keys `old` and give it to the keys `new`."""
        for key in old:
            values = self._values.get(key, {})
            values.pop(value, None)
            if not values:
                self._values.pop(key, None)
        for key in new:
            self._values.setdefault(key, {})[value] = None
