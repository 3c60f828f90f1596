"""Documents to structs and back."""

import contextlib
import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_core.resources import (
    KINDS,
    ConfigMap,
    DecodeError,
    Deployment,
    EndpointSlice,
    Namespace,
    Pod,
    Registry,
    Resource,
    Secret,
    Service,
    UnknownKindError,
    decode,
    decode_as,
    decode_json,
    encode,
    qualified_name,
    render,
    to_document,
    unknown_fields,
)

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
    "spec": {
        "replicas": 3,
        "strategy": {"rollingUpdate": {"maxSurge": "50%", "maxUnavailable": 0}},
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "env": [
                            {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
                        ],
                        "ports": [{"containerPort": 80, "name": "http"}],
                        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}},
                    }
                ]
            }
        },
    },
}


def test_a_target_port_of_zero_means_none_as_for_kubernetes():
    (port,) = decode_as(
        Service, {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80, "targetPort": 0}]}}
    ).spec.ports
    assert port.target_port == 0


def probe(**action: object) -> dict[str, object]:
    return {"spec": {"containers": [{"name": "a", "readinessProbe": action}]}}


def service(**spec: object) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": spec,
    }


def test_a_document_becomes_a_typed_object():
    web = decode(DEPLOYMENT)
    assert isinstance(web, Deployment)
    container = web.spec.template.spec.containers[0]
    assert (web.namespace, web.name, web.spec.replicas) == ("shop", "web", 3)
    assert container.env[0].value_from.field_ref.field_path == "status.podIP"
    assert container.readiness_probe.http_get.port == "http"
    assert web.spec.strategy.rolling_update.max_unavailable == 0
    assert str(web) == "Deployment shop/web"


@pytest.mark.parametrize("kind", list(KINDS), ids=lambda kind: kind.kind)
def test_every_kind_survives_json(kind: type[Resource]):
    metadata = {"name": "x", "creationTimestamp": "2026-11-23T05:00:00Z"}
    resource = decode_as(kind, {"metadata": metadata})
    assert decode_json(kind, encode(resource)) == resource
    assert decode(to_document(resource)) == resource
    assert resource.metadata.creation_timestamp == dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC)


def test_encoded_objects_say_their_kind():
    assert encode(decode(service())).startswith(b'{"apiVersion":"v1","kind":"Service",')


def test_acronyms_are_spelled_as_kubernetes_does():
    spec = {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "fd00::1"]}
    web = decode_as(Service, service(**spec))
    assert web.cluster_addresses == ("10.0.0.1", "fd00::1")
    pod = {"metadata": {"name": "p"}, "status": {"podIP": "1.1.1.1", "hostIP": "2.2.2.2"}}
    assert decode_as(Pod, pod).status.addresses == ("1.1.1.1",)
    assert decode_as(Pod, pod).status.host_ip == "2.2.2.2"


def test_headless_and_external_services_have_no_cluster_address():
    assert decode_as(Service, service(clusterIP="None")).headless
    assert decode_as(Service, service(clusterIP="None")).cluster_addresses == ()
    assert decode_as(Service, service(type="ExternalName", externalName="x.test")).external


def test_nulls_count_as_absent_as_api_servers_write_them():
    data = b'{"metadata":{"name":"s"},"addressType":"IPv4","endpoints":null,"ports":null}'
    assert decode_json(EndpointSlice, data).endpoints == ()
    assert decode_as(Pod, {"metadata": {"name": "p", "labels": None}}).metadata.labels == {}


def test_secrets_are_base64_and_plain_strings_win():
    document = {"metadata": {"name": "s"}, "data": {"a": "aGk=", "b": "eA=="}}
    secret = decode_as(Secret, document | {"stringData": {"b": "plain"}})
    assert secret.values() == {"a": b"hi", "b": b"plain"}


def test_namespaced_objects_default_to_default():
    assert decode_as(Pod, {"metadata": {"name": "p"}}).namespace == "default"
    assert decode_as(Namespace, {"metadata": {"name": "n"}}).namespace == ""


@pytest.mark.parametrize(
    "document, text",
    [
        (service(ports=[{"port": "x"}]), "spec.ports[0].port: expected int, got str"),
        (service(ports=[{}]), "spec.ports[0].port: is missing"),
        (service(ports=[{"port": 0}]), "spec.ports[0].port: must be from 1 to 65535"),
        (
            service(ports=[{"port": 80, "targetPort": 65536}]),
            "spec.ports[0].targetPort: must be from 1 to 65535",
        ),
        (
            service(selector={"a": 1.5}),
            "spec.selector.a: expected str, got float; put it in quotes",
        ),
        (
            service(selector={"b.c/d": True}),
            'spec.selector["b.c/d"]: expected str, got bool; put it in quotes',
        ),
        ({"kind": "Pod"}, "apiVersion: is missing"),
        ({"apiVersion": "v1", "kind": 5}, "kind: expected a text"),
        ({"apiVersion": "v1", "kind": "Pod"}, "metadata: is missing"),
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {}}, "metadata.name: is missing"),
        ({"apiVersion": "v1", "kind": "Deployment"}, "apiVersion: Deployment is in apps/v1"),
        ({"apiVersion": "v1", "kind": "Servce"}, "kind: unknown kind 'Servce' of 'v1'; known are"),
    ],
)
def test_errors_name_the_field(document, text):
    with pytest.raises(DecodeError) as caught:
        decode(document)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize("document", [None, [], "text", 5])
def test_a_document_must_be_an_object(document):
    with pytest.raises(DecodeError, match="expected an object with apiVersion and kind"):
        decode(document)


@pytest.mark.parametrize("name", ["../../etc/passwd", "Web", "a_b", "-a", "a..b", "a" * 254, "a/b"])
def test_names_that_could_leave_a_folder_are_refused(name):
    with pytest.raises(DecodeError, match="not a valid name"):
        decode_as(ConfigMap, {"metadata": {"name": name}})


def test_a_namespace_is_one_label():
    with pytest.raises(DecodeError, match=r"metadata\.namespace"):
        decode_as(Pod, {"metadata": {"name": "p", "namespace": "a.b"}})
    with pytest.raises(DecodeError, match="not in a namespace"):
        decode_as(Namespace, {"metadata": {"name": "n", "namespace": "x"}})


@pytest.mark.parametrize("kind", [Namespace, Service])
def test_a_name_that_becomes_a_part_of_other_names_is_one_label(kind: type[Resource]):
    with pytest.raises(DecodeError, match=r"metadata\.name: 'a\.b' is not a valid name"):
        decode_as(kind, {"metadata": {"name": "a.b"}})


@pytest.mark.parametrize(
    "kind, document",
    [
        (EndpointSlice, {"ports": [{"port": -1}]}),
        (Pod, {"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 65536}]}]}}),
        (Pod, probe(httpGet={"port": 0})),
        (Pod, probe(tcpSocket={"port": 70000})),
        (Pod, probe(grpc={"port": 0})),
    ],
)
def test_every_port_is_within_bounds(kind: type[Resource], document: dict[str, object]):
    body = {"metadata": {"name": "a"}, **document}
    with pytest.raises(DecodeError, match=r"[pP]ort: must be from 1 to 65535$"):
        decode_as(kind, body)
    with pytest.raises(DecodeError, match=r"[pP]ort: must be from 1 to 65535$"):
        decode_json(kind, msgspec.json.encode(body))


@pytest.mark.parametrize(
    "data",
    [
        b'{"metadata":',
        b"\xff",
        b'{"metadata":{"name":"\xff"}}',
        b'{"metadata":{"name":"x"},"other":' + b"[" * 100_000,
        b'{"metadata":{"name":"x"},"spec":null,"other":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"[]",
        b"",
    ],
    ids=len,
)
def test_broken_json_is_an_error_of_ours(data):
    with pytest.raises(DecodeError):
        decode_json(Pod, data)


@given(st.binary(max_size=40) | st.text('{}[]":,metadta1 ', max_size=60).map(str.encode))
def test_any_octets_are_an_object_or_an_error_of_ours(data):
    with contextlib.suppress(DecodeError):
        decode_json(Pod, data)


@given(
    st.dictionaries(
        st.sampled_from(["apiVersion", "kind", "metadata", "spec", "status"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.sampled_from(["v1", "Pod", "a b"]),
            lambda inner: st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["name", "containers", "ports", "labels", "env", "podIP"]),
                inner,
                max_size=4,
            ),
            max_leaves=15,
        ),
    )
)
def test_any_document_is_an_object_or_an_error_that_names_a_field(document):
    document = {**document, "apiVersion": "v1", "kind": "Pod"}
    unknown_fields(Pod, document)
    try:
        decode(document)
    except DecodeError as error:
        assert error.field  # noqa: PT017 - not every document has one


def test_unknown_kinds_are_told_apart_from_broken_ones():
    with pytest.raises(UnknownKindError):
        decode({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "x"}})


def test_fields_that_would_change_nothing_are_found():
    document = msgspec.json.decode(msgspec.json.encode(DEPLOYMENT))
    pod = document["spec"]["template"]["spec"]
    pod["dnsPolicy"] = "None"
    pod["containers"][0]["ports"][0]["hostPorts"] = 1
    pod["volumes"] = [{"name": "v", "hostPath": {"path": "/"}}, {"name": "w", "emptyDir": {}}]
    document["spec"]["nothing"] = None
    assert sorted(map(render, unknown_fields(Deployment, document))) == [
        "spec.template.spec.containers[0].ports[0].hostPorts",
        "spec.template.spec.dnsPolicy",
        "spec.template.spec.volumes[0].hostPath",
    ]


def test_labels_and_annotations_are_never_unknown_fields():
    metadata = {"name": "p", "labels": {"a": "b"}, "annotations": {"c/d": "e"}}
    assert unknown_fields(Pod, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}) == ()


def test_unknown_fields_below_a_wrong_type_are_no_crash():
    assert unknown_fields(Pod, {"metadata": "text", "spec": {"containers": {"a": 1}}}) == ()


def test_a_registry_refuses_two_structs_of_one_kind():
    class Other(Resource, frozen=True):
        api_version = "v1"
        kind = "Pod"
        plural = "pods"

    with pytest.raises(ValueError, match="two structs for v1 Pod"):
        Registry((Pod, Other))


def test_qualified_names_tell_groups_apart():
    assert qualified_name(Pod) == "pod"
    assert qualified_name(Deployment) == "deployment.apps"
    assert qualified_name(EndpointSlice) == "endpointslice.discovery.k8s.io"


def test_objects_cannot_be_changed_by_one_of_their_readers():
    with pytest.raises(AttributeError):
        decode(DEPLOYMENT).spec.replicas = 5
