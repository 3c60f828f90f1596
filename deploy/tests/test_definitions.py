"""The CustomResourceDefinitions, judged by a real API server."""

import json

import pytest
from credentials import GIVEN
from helm import CHART, Helm, merged

from mesh_clusters.errors import CommandFailed

CRDS = CHART / "charts/crds"
NAMES = {"servers.policy.linkerd.io", "serviceprofiles.linkerd.io"}


@pytest.fixture(scope="module")
def create(api_server, helm_program, tmp_path_factory):
    """Creates an object of a kind, and gives what was stored."""
    helm = Helm(helm_program, tmp_path_factory.mktemp("crds"), api_server.kubeconfig)
    where = ("--namespace=linkerd", "--create-namespace")
    # With the name and namespace of the mesh, so that either may find the definitions there.
    helm.run("upgrade", "--install", "mesh", str(CRDS), *where)
    for name in NAMES:
        api_server.kubectl("wait", "--for=condition=Established", f"crd/{name}")

    def make(document):
        metadata = {"name": "tried", "namespace": "default"}
        text = json.dumps({"metadata": metadata, **document})
        flags = ("--dry-run=server", "--validate=strict", "--output=json", "--filename=-")
        return json.loads(api_server.kubectl("create", *flags, stdin=text))

    yield make
    helm.run("uninstall", "mesh", "--namespace=linkerd")


SERVER = {"podSelector": {"matchLabels": {"app": "web"}}, "port": "http"}


@pytest.mark.parametrize("version", ["v1beta1", "v1beta2", "v1beta3"])
def test_a_server_of_each_version(create, version):
    made = create(server(SERVER, version))
    assert made["spec"]["proxyProtocol"] == "unknown"
    assert made["spec"].get("accessPolicy") == ("deny" if version == "v1beta3" else None)


@pytest.mark.parametrize(
    "spec",
    [
        {**SERVER, "port": 8080},
        {"externalWorkloadSelector": {"matchLabels": {"app": "vm"}}, "port": 80},
        {**SERVER, "podSelector": {}},
        {
            "podSelector": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]},
            "port": "http",
        },
        *({**SERVER, "proxyProtocol": p} for p in ("HTTP/1", "HTTP/2", "gRPC", "opaque", "TLS")),
        *({**SERVER, "accessPolicy": p} for p in ("audit", "all-authenticated")),
    ],
)
def test_servers_that_are_allowed(create, spec):
    assert create(server(spec))["spec"].items() >= spec.items()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"podSelector": {}}, "spec.port: Required"),
        ({"port": 80}, "must validate one and only one schema"),
        ({**SERVER, "externalWorkloadSelector": {}}, "must validate one and only one schema"),
        ({**SERVER, "port": 0}, "greater than or equal to 1"),
        ({**SERVER, "port": 65536}, "less than or equal to 65535"),
        ({**SERVER, "port": ""}, "at least 1 chars"),
        ({**SERVER, "proxyProtocol": "http"}, 'Unsupported value: "http"'),
        ({**SERVER, "accessPolicy": "allow"}, 'Unsupported value: "allow"'),
        ({**SERVER, "prot": 80}, 'unknown field "spec.prot"'),
    ],
)
def test_servers_that_are_refused(create, spec, message):
    with pytest.raises(CommandFailed) as refused:
        create(server(spec))
    assert message in str(refused.value)


PROFILE = {
    "routes": [
        {
            "name": "GET /books/{id}",
            "condition": {"method": "GET", "pathRegex": "/books/[^/]*"},
            "responseClasses": [
                {"condition": {"status": {"min": 500, "max": 599}}, "isFailure": True},
                {"condition": {"not": {"status": {"min": 200}}}, "isFailure": True},
            ],
            "isRetryable": True,
            "timeout": "300ms",
        },
        {
            "name": "deep",
            "condition": {"all": [{"any": [{"not": {"method": "PUT"}}]}, {"pathRegex": "/.*"}]},
        },
    ],
    "retryBudget": {"retryRatio": 0.2, "minRetriesPerSecond": 10, "ttl": "10s"},
    "dstOverrides": [
        {"authority": "a.shop.svc.cluster.local:80", "weight": "500m"},
        {"authority": "b.shop.svc.cluster.local:80", "weight": 1},
    ],
    "opaquePorts": ["25", "4000-5000"],
}


@pytest.mark.parametrize("version", ["v1alpha1", "v1alpha2"])
def test_a_profile_is_stored_as_it_is(create, version):
    assert create(profile(PROFILE, version))["spec"] == PROFILE


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"routes": [{"name": "a"}]}, "spec.routes[0].condition: Required"),
        ({"routes": [{"condition": {"method": "GET"}}]}, "spec.routes[0].name: Required"),
        ({"routes": [{"name": "a", "condition": {}}]}, "at least 1 properties"),
        (
            {"routes": [{"name": "a", "conditions": {}}]},
            'unknown field "spec.routes[0].conditions"',
        ),
        ({"dstOverrides": [{"authority": "a"}]}, "spec.dstOverrides[0].weight: Required"),
        ({"dstOverrides": [{"authority": "a", "weight": "much"}]}, "should match"),
        ({"retryBudget": {"ttl": "10s"}}, "spec.retryBudget.retryRatio: Required"),
    ],
)
def test_profiles_that_are_refused(create, spec, message):
    with pytest.raises(CommandFailed) as refused:
        create(profile(spec))
    assert message in str(refused.value)


def test_definitions_are_kept_unless_told_otherwise(helm):
    for values, policy in (({}, "keep"), ({"crds": {"keep": False}}, None)):
        definitions = helm.template(merged(GIVEN, values)).of_kind("CustomResourceDefinition")
        assert definitions.keys() == NAMES
        for definition in definitions.values():
            annotations = definition["metadata"]["annotations"]
            assert annotations.get("helm.sh/resource-policy") == policy


def test_definitions_may_be_somebody_elses(helm):
    rendered = helm.template(merged(GIVEN, {"crds": {"enabled": False}}))
    assert not rendered.of_kind("CustomResourceDefinition")


def server(spec, version="v1beta3"):
    return {"apiVersion": f"policy.linkerd.io/{version}", "kind": "Server", "spec": spec}


def profile(spec, version="v1alpha2"):
    return {"apiVersion": f"linkerd.io/{version}", "kind": "ServiceProfile", "spec": spec}
