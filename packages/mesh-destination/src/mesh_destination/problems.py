"""Annotations that cannot be read: said once, counted while they last."""

from __future__ import annotations

import logging
from typing import Any

from mesh_core.annotations import AnnotationError
from mesh_core.resources import Key as ObjectKey
from mesh_core.resources import Resource
from mesh_core.store import Event
from mesh_destination.views.pod_facts import ANNOTATIONS

_LOG = logging.getLogger("mesh_destination")


def annotation_problems(resource: Resource) -> frozenset[str]:
    """What is wrong with the annotations of one object; each text names annotation and object."""
    problems = set()
    for annotation in ANNOTATIONS:
        try:
            annotation.read(resource.metadata.annotations, str(resource))
        except AnnotationError as error:
            problems.add(str(error))
    return frozenset(problems)


class AnnotationProblems:
    """Follows the objects' annotations and reports what views have to do without."""

    def __init__(self) -> None:
        """Begin without any."""
        self._problems: dict[tuple[str, ObjectKey], frozenset[str]] = {}

    def __len__(self) -> int:
        """How many there are now."""
        return sum(map(len, self._problems.values()))

    def apply(self, event: Event[Any]) -> None:
        """Look at a changed object; log what is new and what is solved."""
        resource: Resource = event.resource
        place = (resource.kind, resource.key)
        before = self._problems.pop(place, frozenset())
        after = frozenset() if event.new is None else annotation_problems(event.new)
        if after:
            self._problems[place] = after
        for problem in sorted(after - before):
            _LOG.warning("%s; it has no effect, or the strictest", problem)
        for problem in sorted(before - after):
            _LOG.info("solved: %s", problem)
