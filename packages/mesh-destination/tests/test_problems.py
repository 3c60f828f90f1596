"""Annotations that cannot be read are said once and counted while they last."""

from __future__ import annotations

import logging

from mesh_core.store import Event
from mesh_destination.problems import AnnotationProblems, annotation_problems
from mesh_destination.testing import make_namespace, make_pod

BAD = make_pod(
    annotations={
        "config.linkerd.io/default-inbound-policy": "all-authentcated",
        "config.linkerd.io/opaque-ports": "80,everything!",
        "config.linkerd.io/skip-inbound-ports": "4567",
        "example.test/anything": "goes",
    }
)


def test_each_problem_names_annotation_object_and_what_is_allowed():
    policy, ports = sorted(annotation_problems(BAD))
    assert "config.linkerd.io/default-inbound-policy of Pod shop/web-1" in policy
    assert "all-authenticated" in policy
    assert "config.linkerd.io/opaque-ports of Pod shop/web-1" in ports
    assert annotation_problems(make_namespace(inbound_port="x"))
    assert not annotation_problems(make_pod())


def test_problems_are_said_once_and_solved_once(caplog):
    caplog.set_level(logging.INFO)
    problems = AnnotationProblems()
    problems.apply(Event(None, BAD))
    problems.apply(Event(BAD, BAD))
    assert (len(problems), len(caplog.records)) == (2, 2)
    problems.apply(Event(BAD, make_pod()))
    assert (len(problems), len(caplog.records)) == (0, 4)
    problems.apply(Event(None, BAD))
    problems.apply(Event(BAD, None))
    assert len(problems) == 0
