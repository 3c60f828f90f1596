"""Labels of reviews: those that Linkerd has, and never more series than there is room for."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from reviews import INJECT, namespace, pod

from mesh_core.resources import Pod, decode_as
from mesh_injector.webhook.admission_counts import AdmissionCounts
from mesh_injector.webhook.admission_labels import admission_labels


def of(own: dict, inherited: dict, kind: str = "Deployment"):
    made = decode_as(Pod, pod("web-1", annotations=own))
    return dict(admission_labels(made, namespace("shop", **inherited), kind))


def test_there_is_a_label_for_each_configuration_annotation_that_is_set():
    labels = of(
        {
            "config.linkerd.io/proxy-cpu-limit": "1",
            "config.alpha.linkerd.io/proxy-wait-before-exit-seconds": "5",
            "config.linkerd.io/unknown": "x",
            "example.com/other": "y",
        },
        {INJECT: "enabled", "config.linkerd.io/opaque-ports": "25"},
    )
    assert labels == {
        "owner_kind": "deployment",
        "namespace": "shop",
        "annotation_at": "namespace",
        "opaque_ports": "true",
        "proxy_cpu_limit": "true",
        "proxy_wait_before_exit_seconds": "true",
    }


@pytest.mark.parametrize(
    ("own", "inherited", "place"),
    [
        ({}, {}, ""),
        ({INJECT: "enabled"}, {INJECT: "disabled"}, "workload"),
        ({}, {INJECT: "ingress"}, "namespace"),
    ],
)
def test_the_place_of_the_inject_annotation(own, inherited, place):
    assert of(own, inherited)["annotation_at"] == place


def test_an_owner_of_an_unknown_kind_is_another_one():
    assert of({}, {}, "Rollout")["owner_kind"] == "other"


def test_series_are_bounded_and_nothing_goes_uncounted():
    counts = AdmissionCounts("reviews", "Reviews.", max_series=2)
    registry = CollectorRegistry()
    registry.register(counts)
    for name in ("a", "b", "c", "d", "a"):
        counts.add((("namespace", name),))
    text = generate_latest(registry).decode()
    assert 'reviews_total{namespace="a"} 2.0' in text
    assert 'reviews_total{namespace="b"} 1.0' in text
    assert "reviews_total 2.0" in text
