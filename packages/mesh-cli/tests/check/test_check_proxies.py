"""Proxies, and pods that have none."""

import subprocess
import sys

import msgspec
import pytest
from authorities import DAY, NOW

from mesh_cli.check import proxies
from mesh_cli.check.categories import linkerd_data_plane, unmeshed_pods
from mesh_cli.check.categories.linkerd_identity_data_plane import judge_anchors
from mesh_cli.check.control_plane import control_plane_pods
from mesh_cli.check.finding import Level
from mesh_cli.check.proxies import ProxyState
from mesh_cli.check.settings import Settings
from mesh_cli.check.who_am_i import read_who_am_i
from mesh_core.kubernetes import SilentError, TruncatedError
from mesh_core.resources import (
    Condition,
    Namespace,
    ObjectMeta,
    Pod,
    PodStatus,
    Service,
    decode_as,
)
from mesh_injector import COMPONENT_LABEL, Installation
from mesh_injector.pod_metadata import trust_root_fingerprint


def pod(name="web-1", *, ready=True, image="localhost/mesh-proxy:0.1.0", metadata=(), proxy=True):
    container = {
        "name": "linkerd-proxy",
        "image": image,
        "ports": [{"name": "linkerd-admin", "containerPort": 4999}],
    }
    document = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", **dict(metadata)},
        "spec": {"initContainers": [container] if proxy else [], "containers": [{"name": "app"}]},
        "status": {"initContainerStatuses": [{"name": "linkerd-proxy", "ready": ready}]},
    }
    return decode_as(Pod, document)


@pytest.mark.parametrize(
    ("state", "level", "said"),
    [
        (ProxyState(pod(), (NOW + DAY).timestamp()), None, ""),
        (
            ProxyState(pod(ready=False)),
            Level.ERROR,
            "the proxy of Pod shop/web-1 is not ready; see",
        ),
        (
            ProxyState(pod(), 0.0),
            Level.ERROR,
            "has no certificate; see `kubectl -n shop logs web-1",
        ),
        (
            ProxyState(pod(), (NOW - DAY).timestamp()),
            Level.ERROR,
            "the certificate of Pod shop/web-1 expired at 2026-05-31T00:00:00Z and was not renewed",
        ),
        (ProxyState(pod(), trouble="refused"), Level.WARNING, "1 of 1 proxies are ready, but"),
    ],
    ids=["well", "not ready", "uncertified", "expired", "silent"],
)
def test_what_is_said_about_a_proxy(state, level, said):
    found = proxies.judge_proxies([state], NOW)
    assert (found.level if found else None) is level
    assert said in str(found)


def test_a_broken_proxy_counts_more_than_a_silent_one():
    states = [ProxyState(pod(), trouble="refused"), ProxyState(pod("web-2", ready=False))]
    assert proxies.judge_proxies(states, NOW).lines[0].startswith("the proxy of Pod shop/web-2")


def test_the_certificates_end_is_read_from_the_metrics():
    name = "control_identity_cert_expiration_timestamp_seconds"
    page = f"# TYPE {name} gauge\n{name} 1.7e9\n{name}_other 3e9\n"
    assert proxies.read_expiry(page) == 1.7e9
    assert proxies.read_expiry("identity_cert_expiration_timestamp_seconds 5\n") == 5
    assert proxies.read_expiry("\x00garbage") == 0


def test_where_and_what_a_proxy_is():
    assert proxies.admin_port(pod()) == 4999
    assert proxies.admin_port(pod(proxy=False)) == 4191
    assert proxies.proxy_version(pod()) == "0.1.0"
    assert proxies.proxy_version(pod(image="r:5000/p@sha256:abc")) == "sha256:abc"
    assert proxies.proxy_version(pod(image="localhost/mesh-proxy")) == ""


def test_other_versions_are_warnings():
    old = pod(image="p:0.0.9")
    found = proxies.judge_versions([pod(), old], "0.1.0", restart="restart it")
    assert found.level is Level.WARNING
    assert str(found) == (
        "the proxy of Pod shop/web-1 is version 0.0.9, the control plane's proxies are 0.1.0; "
        "restart it"
    )
    asked = {"annotations": {"config.linkerd.io/proxy-version": "0.0.9"}}
    pinned = pod(image="p:0.0.9", metadata=asked)
    assert proxies.judge_versions([pinned], "0.1.0", restart="") is None
    assert proxies.judge_cli_versions([pod()], "0.1.0") is None
    assert "version 0.0.9, this command is 0.1.0" in str(proxies.judge_cli_versions([old], "0.1.0"))


def test_a_control_plane_that_is_not_meshed():
    assert proxies.judge_containers([pod()]) is None
    assert "Pod shop/web-1 has no proxy" in str(proxies.judge_containers([pod(proxy=False)]))
    assert proxies.judge_containers([]).level is Level.ERROR


def test_labels_that_were_meant_as_annotations():
    wrong = pod(metadata={"labels": {"app": "web", "linkerd.io/inject": "enabled"}})
    found = linkerd_data_plane.judge_labels([pod(), wrong])
    assert str(found).startswith("Pod shop/web-1 has the label linkerd.io/inject, which has no")
    service = Service(ObjectMeta("web", "shop", annotations={"linkerd.io/inject": "enabled"}))
    assert linkerd_data_plane.judge_labels([service]) is None
    assert "only pods and namespaces" in str(
        linkerd_data_plane.judge_service_annotations([service])
    )


def test_pods_that_trust_something_else():
    name = "linkerd.io/trust-root-sha256"
    same = pod(metadata={"annotations": {name: trust_root_fingerprint("new")}})
    other = pod("web-2", metadata={"annotations": {name: trust_root_fingerprint("old")}})
    found = judge_anchors([same, other, pod("web-3")], "new\n")
    assert found.level is Level.WARNING
    assert len(found.lines) == 1
    assert "Pod shop/web-2 was injected with other trust anchors" in str(found)


def namespaces(**annotations):
    return [Namespace(ObjectMeta("shop", annotations=annotations))]


def test_unmeshed_pods_are_found_without_the_injector():
    pods = [pod(), pod("web-2", proxy=False)]
    wanted = namespaces(**{"linkerd.io/inject": "enabled"})
    found = unmeshed_pods.report_of(pods, wanted, Installation())
    assert str(unmeshed_pods.judge_unmeshed(found, None)).startswith("Pod shop/web-2 should have")
    assert unmeshed_pods.judge_unmeshed(found, "other") is None
    found = unmeshed_pods.report_of(pods, namespaces(), Installation())
    assert unmeshed_pods.judge_unmeshed(found, None) is None


def test_what_the_injector_says_is_used_and_its_many_are_counted():
    listed = [{"namespace": "shop", "name": f"web-{n}", "message": "has none"} for n in range(20)]
    page = {"synced": True, "total": 600, "namespaces": {"shop": 599, "a": 1}, "pods": listed}
    found = unmeshed_pods.read_injector_report(msgspec.json.encode(page))
    said = unmeshed_pods.judge_unmeshed(found, None)
    assert said.level is Level.WARNING
    assert said.lines[0] == "Pod shop/web-0 has none"
    assert said.lines[-1] == "and 593 more; in all: 1 in a, 599 in shop"
    assert unmeshed_pods.judge_unmeshed(found, "a").lines == ("and 1 more; in all: 1 in a",)


@pytest.mark.parametrize("page", [b"", b"nonsense", b"[]", b"\xff", b'{"pods": 3}'])
def test_a_page_that_makes_no_sense_is_none(page):
    assert unmeshed_pods.read_injector_report(page) is None


@pytest.mark.parametrize(
    ("said", "asked", "answered", "ahead"),
    [
        ("2026-06-01T00:00:00Z", 0.2, 0.4, 0),
        ("2026-06-01T00:01:30Z", 0.0, 0.5, 89.5),
        ("2026-05-31T23:59:00Z", 0.0, 0.5, -59),
    ],
)
def test_a_clock_of_whole_seconds_is_compared_with_care(said, asked, answered, ahead):
    start = NOW.timestamp()
    body = msgspec.json.encode(
        {"metadata": {"creationTimestamp": said}, "status": {"userInfo": {"username": "eve"}}}
    )
    found = read_who_am_i(body, asked=start + asked, answered=start + answered)
    assert found.user == "eve"
    assert found.ahead_seconds == pytest.approx(ahead)


def test_an_answer_that_makes_no_sense_is_an_error():
    with pytest.raises(TruncatedError, match="makes no sense"):
        read_who_am_i(b"<html>", asked=0, answered=0)


class View:
    """What pods answer by their names; the rest is silent."""

    def __init__(self, answers, pods=()):
        self.settings = Settings()
        self._answers = answers
        self._pods = pods
        self.asked = []

    async def all(self, *_, **__):
        return self._pods

    async def ask_pod(self, pod, port, path):
        self.asked.append((pod.name, port, path))
        if pod.name not in self._answers:
            raise SilentError(f"{pod} does not answer")
        return self._answers[pod.name]


async def test_proxies_that_can_answer_are_asked():
    name = b"control_identity_cert_expiration_timestamp_seconds 5"
    view = View({"web-1": name})
    pods = [pod(), pod("web-2"), pod("web-3", ready=False)]
    first, second, third = await proxies.proxy_states(view, pods)
    assert (first.expires, first.trouble) == (5, "")
    assert (second.expires, second.trouble) == (None, "Pod shop/web-2 does not answer")
    assert (third.expires, third.trouble) == (None, "")
    assert view.asked == [("web-1", 4999, "/metrics"), ("web-2", 4999, "/metrics")]


async def test_pods_that_end_and_pods_of_jobs_need_not_answer():
    old = pod(metadata={"deletionTimestamp": "2026-06-01T00:00:00Z"})
    job = Pod(ObjectMeta("job", "linkerd", labels={COMPONENT_LABEL: "provision"}))
    labelled = injector("i-1")
    ending = msgspec.structs.replace(
        labelled, metadata=msgspec.structs.replace(labelled.metadata, deletion_timestamp=NOW)
    )
    assert await control_plane_pods(View({}, [job, ending, labelled])) == [labelled]
    assert await linkerd_data_plane.data_plane_pods(View({}, [old, pod("web-2")])) == [pod("web-2")]


def injector(name, *, ready=True):
    meta = ObjectMeta(name, "linkerd", labels={COMPONENT_LABEL: "proxy-injector"})
    status = PodStatus(conditions=(Condition("Ready", str(ready)),))
    return Pod(meta, status=status)


async def test_the_injectors_word_is_asked_of_one_that_answers():
    page = b'{"synced": true, "total": 1, "pods": [{"namespace": "a", "name": "b"}]}'
    injectors = [injector("i-1", ready=False), injector("i-2"), injector("i-3")]
    view = View({"i-3": page, "i-1": page}, injectors)
    finding = await unmeshed_pods.CATEGORY.checks[0].probe(view)
    assert str(finding) == "Pod a/b "
    assert view.asked == [(name, 9995, "/unmeshed.json") for name in ("i-2", "i-3")]


def test_the_command_needs_no_server_of_the_injector():
    code = (
        "import sys, mesh_cli.check.categories.all;"
        "heavy = ('fastapi', 'kubernetes', 'prometheus_client', 'uvicorn');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
