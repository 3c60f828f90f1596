"""The objects of one kind as the API server told of them. Pure."""

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

import msgspec

from mesh_core.kubernetes.list_pages import Decoded
from mesh_core.kubernetes.watch_lines import Change
from mesh_core.resources import Key, Resource
from mesh_core.store.live_objects import LiveObjects
from mesh_core.store.problem import ObjectProblem
from mesh_core.store.resource_store import Event

R = TypeVar("R", bound=Resource)


class KindObjects(Generic[R]):
    """Turns lists and changes into events: only real changes, nothing lost by an error.

    Objects go only when a watch says so or a complete list does not have them.
    """

    def __init__(self, kind: type[R], objects: LiveObjects) -> None:
        """Keep the objects of `kind` in `objects`, which tells of changes."""
        self._kind = kind
        self._objects = objects
        self._problems: dict[Key, ObjectProblem] = {}
        self._unsaid: list[ObjectProblem] = []

    @property
    def problems(self) -> Sequence[ObjectProblem]:
        """What cannot be decoded now; the previous state of such an object stays."""
        return tuple(self._problems.values())

    @property
    def problem_count(self) -> int:
        """How many those are."""
        return len(self._problems)

    def new_problems(self) -> Sequence[ObjectProblem]:
        """Give those that nobody was told of yet."""
        unsaid, self._unsaid = self._unsaid, []
        return unsaid

    def take(self, decoded: Decoded[R]) -> set[Key]:
        """Take in a part of a list and give the names that it holds."""
        for resource in decoded.objects:
            self._put(resource)
        for problem in decoded.problems:
            self._note(problem)
        keys = {resource.key for resource in decoded.objects}
        return keys | {problem.key for problem in decoded.problems if problem.key is not None}

    def keep_only(self, keys: set[Key]) -> None:
        """Take in that a list is complete: what is not in it does not exist."""
        for key in self._problems.keys() - keys:
            del self._problems[key]
        for key in self._objects.of(self._kind).keys() - keys:
            self._remove(key)

    def change(self, change: Change[R]) -> None:
        """Take in what a watch said."""
        if change.deleted:
            self._problems.pop(change.key, None)
            self._remove(change.key)
        elif change.new is not None:
            self._put(change.new)
        elif change.problem is not None:
            self._note(change.problem)

    def _note(self, problem: ObjectProblem) -> None:
        if problem.key is not None and self._problems.get(problem.key) != problem:
            self._problems[problem.key] = problem
            self._unsaid.append(problem)

    def _put(self, resource: R) -> None:
        self._problems.pop(resource.key, None)
        old = self._objects.of(self._kind).get(resource.key)
        if old is not None and _same(old, resource):
            # Such as a heartbeat in a field that the struct does not have.
            self._objects.replace(resource)
        else:
            self._objects.apply(Event(old, resource))

    def _remove(self, key: Key) -> None:
        old = self._objects.of(self._kind).get(key)
        if old is not None:
            self._objects.apply(Event(old, None))


def _same(old: Resource, new: Resource) -> bool:
    """Say whether nothing but the version differs."""
    if old.metadata.resource_version == new.metadata.resource_version:
        return old == new
    if any(getattr(old, field) != getattr(new, field) for field in _fields(new)):
        return False
    version = old.metadata.resource_version
    return old.metadata == msgspec.structs.replace(new.metadata, resource_version=version)


def _fields(resource: Resource) -> Iterable[str]:
    return (name for name in resource.__struct_fields__ if name != "metadata")
