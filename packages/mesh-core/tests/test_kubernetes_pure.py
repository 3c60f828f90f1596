"""What needs no API server: waits, lines, paths, needs, refusals, and writing back."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_core.kubernetes import (
    READ,
    Access,
    ForbiddenError,
    GoneError,
    KindNotServedError,
    OverloadedError,
    RejectedError,
    ServerFailedError,
    TruncatedError,
    UnauthorizedError,
    read_access,
)
from mesh_core.kubernetes.backoff import Backoff
from mesh_core.kubernetes.list_pages import decode_slices, read_page
from mesh_core.kubernetes.overlay import overlay
from mesh_core.kubernetes.paths import collection_path, object_path
from mesh_core.kubernetes.rate_limit import RateLimit
from mesh_core.kubernetes.status import Status, StatusCause, StatusDetails, error_of, read_status
from mesh_core.kubernetes.versions import reached
from mesh_core.kubernetes.watch_lines import Bookmark, Change, LineSplitter, read_line
from mesh_core.resources import KINDS, ConfigMap, Deployment, Key, Node, Pod, Service
from mesh_core.store import AlreadyExistsError, ConflictError, NotFoundError


def test_the_wait_doubles_to_a_limit_and_jitter_takes_at_most_half():
    longest = Backoff(0.5, 10, chance=lambda: 0.0)
    assert [longest.failed() for _ in range(6)] == [0.5, 1, 2, 4, 8, 10]
    shortest = Backoff(0.5, 10, chance=lambda: 1.0)
    assert [shortest.failed() for _ in range(6)] == [0.25, 0.5, 1, 2, 4, 5]
    longest.succeeded()
    assert longest.failed() == 0.5
    assert longest.failed(at_least=30) == 30
    assert [longest.failed() for _ in range(2000)][-1] == 10


def test_a_burst_goes_at_once_and_the_rest_at_the_rate():
    limit = RateLimit(10, 3, now=100)
    assert [limit.take(100) for _ in range(3)] == [0, 0, 0]
    assert [round(limit.take(100), 3) for _ in range(3)] == [0.1, 0.2, 0.3]
    assert limit.take(101) == 0
    assert [limit.take(200) for _ in range(3)] == [0, 0, 0]
    assert limit.take(200) > 0
    with pytest.raises(ValueError, match="lets nothing through"):
        RateLimit(0, 1, now=0)


@pytest.mark.parametrize(
    ("seen", "version", "is_reached"),
    [("9", "10", False), ("10", "10", True), ("11", "10", True), ("", "1", True), ("a", "b", True)],
)
def test_versions_are_compared_as_numbers_where_they_are_numbers(seen, version, is_reached):
    assert reached(seen, version) is is_reached


@given(st.lists(st.binary(min_size=1).filter(lambda line: b"\n" not in line)), st.data())
def test_lines_are_the_same_however_they_are_cut(lines, data):
    text = b"".join(line + b"\n" for line in lines)
    splitter = LineSplitter()
    found = []
    while text:
        size = data.draw(st.integers(1, len(text)))
        found += splitter.feed(text[:size])
        text = text[size:]
    assert found == lines
    assert not splitter.unfinished


def test_an_unfinished_line_is_noticed_and_bounded(monkeypatch):
    monkeypatch.setattr("mesh_core.kubernetes.watch_lines.MAX_LINE", 10)
    splitter = LineSplitter()
    assert splitter.feed(b"\n\n12345") == []
    assert splitter.unfinished
    with pytest.raises(TruncatedError, match="more than 10 octets"):
        splitter.feed(b"678901")


def event(kind, document):
    return json.dumps({"type": kind, "object": document}).encode()


METADATA = {"name": "web", "namespace": "shop", "resourceVersion": "7"}


def test_lines_of_a_watch_become_changes():
    changed = read_line(Service, event("MODIFIED", {"metadata": METADATA}), "watch")
    assert isinstance(changed, Change)
    assert (changed.key, changed.version, changed.deleted) == (Key("shop", "web"), "7", False)
    gone = read_line(Service, event("DELETED", {"metadata": METADATA, "spec": 1}), "watch")
    assert gone == Change(Key("shop", "web"), None, "7", deleted=True)
    bookmark = event("BOOKMARK", {"kind": "Service", "metadata": {"resourceVersion": "9"}})
    assert read_line(Service, bookmark, "watch") == Bookmark("9")
    nulls = event("ADDED", {"metadata": METADATA, "spec": {"ports": None}})
    assert read_line(Service, nulls, "watch").new.spec.ports == ()
    wrong = event("ADDED", {"metadata": METADATA, "spec": {"ports": [{"port": "http"}]}})
    problem = read_line(Service, wrong, "watch").problem
    assert str(problem) == "Service shop/web: spec.ports[0].port: expected int, got str"


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"null", b'{"type": 1}', b'{"type": "ADDED"}', b'{"object": {}}', b"\xff"],
)
def test_what_is_no_line_of_a_watch_is_told(line):
    with pytest.raises(TruncatedError, match="cannot watch pods"):
        read_line(Pod, line, "watch pods")
    with pytest.raises(TruncatedError, match="'RENAMED'"):
        read_line(Pod, event("RENAMED", {}), "watch pods")


@given(st.binary())
def test_no_octets_crash_the_readers(data):
    for read in (
        lambda: read_line(Pod, data, "watch"),
        lambda: list(decode_slices(Pod, read_page(data, "list"))),
        lambda: read_status(500, data),
    ):
        try:
            read()
        except TruncatedError as error:
            assert str(error).startswith("cannot ")  # noqa: PT017 - it need not be raised


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(json_values)
def test_any_json_as_an_object_is_an_object_or_a_problem(value):
    body = json.dumps({"metadata": {"resourceVersion": "1"}, "items": [value, value]}).encode()
    (decoded,) = decode_slices(Pod, read_page(body, "list"))
    assert len(decoded.objects) + len(decoded.problems) == 2


def test_a_page_of_a_list():
    items = [{"metadata": METADATA}, {"metadata": {"name": "Bad"}}, {"metadata": None}]
    metadata = {"resourceVersion": "5", "continue": "next"}
    page = read_page(json.dumps({"metadata": metadata, "items": items}).encode(), "list")
    assert (page.resource_version, page.next) == ("5", "next")
    (decoded,) = decode_slices(Service, page)
    assert [item.name for item in decoded.objects] == ["web"]
    first, second = decoded.problems
    assert str(first).startswith("Service Bad: metadata.name: 'Bad' is not a valid name")
    assert str(second) == "Service ?: metadata: is missing"
    empty = read_page(b'{"metadata": {"resourceVersion": "5"}, "items": null}', "list")
    assert list(decode_slices(Service, empty)) == []


def test_paths():
    assert collection_path(Pod) == "/api/v1/pods"
    assert collection_path(Pod, "shop") == "/api/v1/namespaces/shop/pods"
    assert collection_path(Node, "shop") == "/api/v1/nodes"
    path = "/apis/apps/v1/namespaces/shop/deployments/web"
    assert object_path(Deployment, "shop", "web") == path
    assert object_path(Deployment, "shop", "web", "status") == f"{path}/status"
    assert object_path(Node, "", "a/b") == "/api/v1/nodes/a%2Fb"
    with pytest.raises(ValueError, match="without a namespace"):
        object_path(Pod, "", "web")
    with pytest.raises(ValueError, match="without a name"):
        object_path(Pod, "shop", "")


def test_needs_are_rules_of_a_role():
    pods, nodes = read_access((Pod, Node), namespace="shop")
    assert pods == Access("", "pods", READ, namespace="shop")
    assert nodes == Access("", "nodes", READ)
    assert pods.rule == {"apiGroups": [""], "resources": ["pods"], "verbs": [*READ]}
    status = Access.to(Deployment, "patch", subresource="status", name="web")
    assert status.rule == {
        "apiGroups": ["apps"],
        "resources": ["deployments/status"],
        "verbs": ["patch"],
        "resourceNames": ["web"],
    }
    assert str(status) == "patch deployments/status.apps web in the whole cluster"
    assert [each.verbs for each in pods.each()] == [("get",), ("list",), ("watch",)]


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (Status(code=401, message="Unauthorized"), UnauthorizedError, "has not expired"),
        (Status(code=409, reason="AlreadyExists"), AlreadyExistsError, "AlreadyExists"),
        (Status(code=409, reason="Conflict"), ConflictError, "read it again"),
        (Status(code=410, reason="Expired"), GoneError, "Expired"),
        (Status(code=422, message="spec: wrong"), RejectedError, "spec: wrong"),
        (Status(code=404, details=StatusDetails(name="web")), NotFoundError, "status 404"),
        (Status(code=404, message="404 page not found"), KindNotServedError, "helm upgrade"),
        (Status(code=403, message="quota exceeded"), RejectedError, "quota exceeded"),
        (Status(code=503, message="etcd"), ServerFailedError, "etcd (503)"),
        (
            Status(
                code=504,
                details=StatusDetails(causes=(StatusCause(reason="ResourceVersionTooLarge"),)),
            ),
            GoneError,
            "status 504",
        ),
    ],
)
def test_refusals_are_errors_with_a_next_step(status, error, said):
    found = error_of(status, "list pods")
    assert type(found) is error
    assert str(found).startswith("cannot list pods")
    assert said in str(found)


def test_a_missing_permission_names_the_rule_that_grants_it():
    message = (
        'pods "web" is forbidden: User "system:serviceaccount:a:b" cannot patch resource '
        '"pods/status" in API group "" in the namespace "shop"'
    )
    error = error_of(Status(code=403, message=message), "update Pod shop/web")
    assert isinstance(error, ForbiddenError)
    assert error.access == Access("", "pods", ("patch",), "shop", "", "status")
    assert 'a Role or ClusterRole with the rule {apiGroups: [""], ' in str(error)
    assert 'resources: ["pods/status"], verbs: ["patch"]}' in str(error)


def test_the_servers_wish_to_be_left_alone_is_kept():
    details = StatusDetails(retry_after_seconds=7)
    error = error_of(Status(code=429, details=details), "list pods")
    assert isinstance(error, OverloadedError)
    assert error.retry_after == 7
    assert error_of(Status(code=429, details=details), "list pods", 3).retry_after == 3


def test_a_refusal_that_a_proxy_wrote_is_still_one():
    status = read_status(502, b"<html>Bad Gateway</html>")
    assert str(error_of(status, "list pods")) == (
        "cannot list pods: the API server failed: <html>Bad Gateway</html> (502)"
    )


def test_fields_that_the_struct_does_not_have_are_written_back():
    stored = {
        "kind": "Pod",
        "spec": {
            "tolerations": ["kept"],
            "containers": [
                {"name": "a", "image": "1", "resources": {"kept": 1}},
                {"name": "b", "image": "2", "tty": True},
            ],
            "hostname": "old",
        },
    }
    known = {"spec": {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "2"}]}}
    known["spec"]["hostname"] = "old"
    wanted = {
        "spec": {
            "containers": [
                {"name": "new", "image": "3"},
                {"name": "b", "image": "4"},
            ]
        },
        "metadata": {"labels": {"x": "y"}},
    }
    assert overlay(stored, known, wanted) == {
        "kind": "Pod",
        "spec": {
            "tolerations": ["kept"],
            "containers": [
                {"name": "new", "image": "3"},
                {"name": "b", "image": "4", "tty": True},
            ],
        },
        "metadata": {"labels": {"x": "y"}},
    }


@given(json_values, json_values)
def test_an_overlay_of_all_that_is_known_is_what_was_wanted(stored, wanted):
    assert overlay(stored, stored, wanted) == wanted


@given(json_values, json_values)
def test_an_overlay_without_a_change_is_what_was_stored(stored, known):
    assert overlay(stored, known, known) == stored


def test_every_kind_has_a_path_of_its_own():
    paths = [collection_path(kind) for kind in KINDS]
    assert len(set(paths)) == len(paths)
    assert msgspec.json.decode(b"{}", type=Status) == Status()
    assert collection_path(ConfigMap) == "/api/v1/configmaps"
