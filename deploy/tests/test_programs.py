"""The chart starts programs that exist, with flags that they take."""

from importlib.metadata import version

import pytest
import yaml
from credentials import GIVEN
from helm import CHART, merged

import mesh_destination.main
import mesh_identity.main
import mesh_injector.webhook.main

JOB = {"identity": {"generate": "job"}}
OTHER = {
    "disableIPv6": False,
    "enableH2Upgrade": False,
    "controllerLogLevel": "trace",
    "controllerLogFormat": "json",
    "identityTrustDomain": "mesh.example.org",
    "identity": {"issuer": {"issuanceLifetime": "1h"}, "kubeAPI": {"clientQPS": 12.5}},
    "policyController": {"probeNetworks": ["10.0.0.1", "fd00::/8"]},
    "proxy": {"opaquePorts": "", "defaultInboundPolicy": "cluster-authenticated"},
}

PARSERS = {
    "identity": mesh_identity.main._parser,
    "provision": mesh_identity.main._parser,
    "destination": mesh_destination.main._parser,
    "proxy-injector": mesh_injector.webhook.main._parser,
}


@pytest.mark.parametrize("values", [{}, OTHER], ids=["defaults", "others"])
@pytest.mark.parametrize("program", PARSERS)
def test_a_program_takes_its_command_line(helm, program, values):
    arguments = container(helm.template(merged(JOB, values)), program)["args"]
    # Exits where a flag is unknown or a value is not allowed.
    PARSERS[program]().parse_args(arguments)


@pytest.mark.parametrize(
    "package", ["mesh-identity", "mesh-destination", "mesh-injector", "mesh-proxy"]
)
def test_images_are_those_of_the_packages_versions(package):
    """Tags are the packages' versions; one that goes on its own needs a default of its own."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == version(package)


@pytest.mark.parametrize(
    ("values", "image", "policy"),
    [
        ({}, "localhost/mesh-destination:0.1.0", "IfNotPresent"),
        ({"controllerImage": "registry:5000/m"}, "registry:5000/m-destination:0.1.0", None),
        ({"controllerImageVersion": "1.2"}, "localhost/mesh-destination:1.2", None),
        ({"imagePullPolicy": "Always"}, "localhost/mesh-destination:0.1.0", "Always"),
        (
            {
                "destinationController": {
                    "image": {"name": "a/b", "version": "3", "pullPolicy": "Never"}
                }
            },
            "a/b:3",
            "Never",
        ),
        (
            {"destinationController": {"image": {"version": "sha256:12"}}},
            "localhost/mesh-destination@sha256:12",
            None,
        ),
    ],
)
def test_images_can_be_chosen(helm, values, image, policy):
    chosen = container(helm.template(merged(GIVEN, values)), "destination")
    assert chosen["image"] == image
    assert policy in (None, chosen["imagePullPolicy"])


def test_where_pods_run_and_what_they_may_use(helm):
    values = {
        "nodeSelector": {"disk": "fast"},
        "tolerations": [{"key": "mesh", "operator": "Exists"}],
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}
        },
        "priorityClassName": "system-cluster-critical",
        "runtimeClassName": "sandboxed",
        "imagePullSecrets": [{"name": "registry"}],
        "podLabels": {"team": "mesh"},
        "podAnnotations": {"a": "general", "b": "general"},
        "destinationController": {"podAnnotations": {"a": "own"}},
        "commonLabels": {"cost": "shared"},
        "destinationResources": {"memory": {"request": "50Mi"}},
        "controllerReplicas": 2,
        "revisionHistoryLimit": 3,
        "controllerUID": 3000000,
        "controllerGID": 3000001,
    }
    rendered = helm.template(merged(GIVEN, values))
    deployment = rendered.get("Deployment", "linkerd-destination")
    template = deployment["spec"]["template"]
    spec = template["spec"]
    assert spec["nodeSelector"] == {"disk": "fast", "kubernetes.io/os": "linux"}
    assert spec["tolerations"] == values["tolerations"]
    assert spec["affinity"] == {"nodeAffinity": values["nodeAffinity"]}
    assert spec["priorityClassName"] == "system-cluster-critical"
    assert spec["runtimeClassName"] == "sandboxed"
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert template["metadata"]["labels"].items() >= {"team": "mesh", "cost": "shared"}.items()
    assert template["metadata"]["annotations"].items() >= {"a": "own", "b": "general"}.items()
    assert deployment["spec"]["replicas"] == 2
    assert deployment["spec"]["revisionHistoryLimit"] == 3
    program = container(rendered, "destination")
    assert program["resources"] == {"requests": {"memory": "50Mi"}}
    assert program["securityContext"]["runAsUser"] == 3000000
    assert program["securityContext"]["runAsGroup"] == 3000001


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("identity", "identity"),
        ("destinationController", "destination"),
        ("proxyInjector", "proxy-injector"),
    ],
)
def test_a_component_can_be_given_variables(helm, part, name):
    assert "env" not in container(helm.template(GIVEN), name)
    values = {
        "additionalEnv": [{"name": "B", "value": "1"}, {"name": "A", "value": "true"}],
        "experimentalEnv": [{"name": "B", "value": "2"}, {"name": "EMPTY"}],
    }
    program = container(helm.template(merged(GIVEN, {part: values})), name)
    assert program["env"] == [
        {"name": "A", "value": "true"},
        {"name": "B", "value": "2"},
        {"name": "EMPTY", "value": ""},
    ]


def container(rendered, name):
    [found] = (
        container
        for kind in ("Deployment", "Job")
        for workload in rendered.of_kind(kind).values()
        for container in workload["spec"]["template"]["spec"]["containers"]
        if container["name"] == name
    )
    return found
