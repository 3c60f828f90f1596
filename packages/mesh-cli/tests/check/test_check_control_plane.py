"""The control plane's objects and pods: what is missing or broken, and how it reads."""

from datetime import timedelta
from ipaddress import ip_network

import pytest
from authorities import NOW

from mesh_cli.check import expected
from mesh_cli.check.categories import (
    control_plane_version,
    kubernetes_version,
    linkerd_config,
    pre_kubernetes_setup,
)
from mesh_cli.check.categories import linkerd_existence as existence
from mesh_cli.check.errors import UnusableConfiguration
from mesh_cli.check.finding import MAX_LINES, Level
from mesh_cli.check.installed import read_installed
from mesh_cli.check.kinds import (
    ClusterRole,
    ClusterRoleBinding,
    CustomResourceDefinition,
    CustomResourceDefinitionStatus,
    RoleReference,
    Subject,
)
from mesh_core.kubernetes import Access
from mesh_core.resources import (
    Condition,
    ConfigMap,
    Deployment,
    Lease,
    Namespace,
    Node,
    ObjectMeta,
    Pod,
    ReplicaSet,
    Secret,
    decode_as,
)
from mesh_injector import COMPONENT_LABEL

HERE = "linkerd"


def decoded(kind, name, **parts):
    meta = {"name": name, **({"namespace": HERE} if kind.namespaced else {})}
    meta |= parts.pop("metadata", {})
    return decode_as(
        kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta} | parts
    )


def deployments(replicas=1):
    return [decoded(Deployment, name, spec={"replicas": replicas}) for name in expected.DEPLOYMENTS]


def replica_sets(ready=1):
    return [
        decoded(
            ReplicaSet,
            f"{name}-1",
            metadata={
                "ownerReferences": [
                    {
                        "apiVersion": "apps/v1",
                        "kind": "Deployment",
                        "name": name,
                        "controller": True,
                    }
                ]
            },
            spec={"replicas": 1},
            status={"readyReplicas": ready},
        )
        for name in expected.DEPLOYMENTS
    ]


def pods(**status):
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    return [
        decoded(
            Pod,
            f"linkerd-{component}-1",
            metadata={"labels": {COMPONENT_LABEL: component}},
            status=status or ready,
        )
        for component in expected.COMPONENTS
    ]


def test_a_control_plane_that_runs():
    assert existence.judge_replica_sets(HERE, deployments(), replica_sets()) is None
    assert existence.judge_ready(HERE, pods()) is None
    assert existence.judge_schedulable(pods()) is None


def test_a_missing_deployment_and_pods_that_are_not_ready():
    found = existence.judge_replica_sets(HERE, deployments()[1:], replica_sets(ready=0)[1:])
    assert [line.split(";")[0] for line in found.lines] == [
        "Deployment linkerd/linkerd-destination does not exist",
        "ReplicaSet linkerd/linkerd-identity-1 has 0 of 1 pods ready",
        "ReplicaSet linkerd/linkerd-proxy-injector-1 has 0 of 1 pods ready",
    ]


def test_deployments_that_nobody_works_on():
    found = existence.judge_replica_sets(HERE, deployments(), [])
    assert len(found.lines) == 3
    assert found.lines[0].endswith("has no ReplicaSet; does the cluster's controller manager run?")


def test_who_was_scaled_to_nothing_is_only_missing_pods():
    assert existence.judge_replica_sets(HERE, deployments(replicas=0), []) is None
    assert "there is no pod of linkerd-destination" in str(existence.judge_ready(HERE, []))


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (
            {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such\n image"}}},
            "container destination of Pod linkerd/linkerd-destination-1 waits: ImagePullBackOff "
            "(no such image); see `kubectl -n linkerd describe pod linkerd-destination-1`",
        ),
        (
            {"state": {"terminated": {"exitCode": 64, "message": "starting\nbad flag\n"}}},
            "ended with code 64: bad flag; see `kubectl -n linkerd logs linkerd-destination-1 -c "
            "destination`",
        ),
        (
            {
                "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}},
                "lastState": {"terminated": {"exitCode": 137}},
            },
            "ended with code 137; "
            "see `kubectl -n linkerd logs linkerd-destination-1 -c "
            "destination --previous`",
        ),
        (
            {"state": {"running": {}}, "started": True, "restartCount": 3},
            "is not ready, after 3 restarts; see `kubectl -n linkerd logs linkerd-destination-1",
        ),
        (
            {"state": {"waiting": {"reason": "PodInitializing"}}},
            "Pod linkerd/linkerd-destination-1 is not ready: Pending",
        ),
    ],
    ids=["image", "exit code", "crashes", "not ready", "initializing"],
)
def test_a_container_tells_why_it_is_not_ready(status, said):
    found = existence.judge_ready(
        HERE,
        pods(
            phase="Pending", containerStatuses=[{"name": "destination", "ready": False, **status}]
        ),
    )
    assert found.level is Level.ERROR
    assert said in found.lines[0]


def test_a_pod_without_a_node_tells_what_the_scheduler_said():
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    found = existence.judge_schedulable(
        pods(conditions=[{**condition, "message": "0/1 nodes are available: taint"}])[:1]
    )
    assert found.level is Level.WARNING
    assert str(found) == (
        "Pod linkerd/linkerd-destination-1 has no node: 0/1 nodes are available: taint"
    )


@pytest.mark.parametrize(
    ("texts", "inside"),
    [
        (("10.1.0.0/16",), True),
        (("10.0.0.1",), True),
        (("10.0.0.1", "2001:db8::1"), False),
        (("0.0.0.0/0",), False),
        (("192.0.2.1",), False),
        (("",), True),
    ],
)
def test_addresses_outside_of_the_networks_are_named(texts, inside):
    networks = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    found = existence.judge_networks(networks, [("Node x", texts)])
    assert (found is None) is inside
    assert inside or f"Node x has {texts[-1]}" in str(found)


def test_many_findings_are_counted():
    networks = (ip_network("10.0.0.0/8"),)
    found = existence.judge_networks(networks, [(f"Pod {n}", ("192.0.2.1",)) for n in range(100)])
    assert len(found.lines) == MAX_LINES
    assert found.lines[-1] == f"and {100 - MAX_LINES + 1} more"


def test_no_control_plane_or_one_elsewhere():
    assert "helm install mesh deploy/mesh -n linkerd" in str(existence.absent(HERE, []))
    assert "but in a and in b; name it with -L a" in str(existence.absent(HERE, ["a", "b"]))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "there is no key values of ConfigMap linkerd/linkerd-config"),
        ({"values": "a: ["}, "key values of ConfigMap linkerd/linkerd-config cannot be used"),
        ({"values": "clusterNetworks: nowhere"}, "value clusterNetworks: expected"),
    ],
)
def test_settings_that_cannot_be_used(data, said):
    with pytest.raises(UnusableConfiguration, match=said):
        read_installed(ConfigMap(ObjectMeta("linkerd-config", HERE), data))


def test_settings_are_the_defaults_where_nothing_is_said():
    found = read_installed(ConfigMap(ObjectMeta("linkerd-config", HERE), {"values": ""}), "roots")
    assert found.issuer_scheme == "linkerd.io/tls"
    assert found.installation.trust_anchors == "roots"
    assert found.proxy_version == ""
    values = "linkerdVersion: 0.1.0\nproxy: {image: {name: localhost/p, version: 0.2.0}}"
    config = ConfigMap(ObjectMeta("linkerd-config", HERE), {"values": values})
    assert (read_installed(config).version, read_installed(config).proxy_version) == (
        "0.1.0",
        "0.2.0",
    )
    assert control_plane_version.judge_known(found.version).level is Level.ERROR


def test_missing_objects_are_named_one_by_one():
    found = [ClusterRole(ObjectMeta("linkerd-linkerd-identity"))]
    names = expected.cluster_roles(HERE)
    said = linkerd_config.judge_presence(ClusterRole, names, found, expected.UPGRADE)
    assert said.lines == (
        "ClusterRole linkerd-linkerd-destination does not exist; bring it back with `helm upgrade`",
        "ClusterRole linkerd-linkerd-proxy-injector does not exist; bring it back with "
        "`helm upgrade`",
    )


def test_a_binding_for_somebody_else_is_none():
    def binding(component, account):
        name = f"linkerd-linkerd-{component}"
        subjects = (Subject("ServiceAccount", account, HERE),)
        return ClusterRoleBinding(ObjectMeta(name), RoleReference("ClusterRole", name), subjects)

    good = [binding(component, f"linkerd-{component}") for component in expected.COMPONENTS]
    assert linkerd_config.judge_bindings(HERE, good) is None
    said = linkerd_config.judge_bindings(HERE, [*good[1:], binding("destination", "default")])
    assert "does not give ClusterRole linkerd-linkerd-destination to ServiceAccount" in str(said)
    assert "ClusterRoleBinding linkerd-linkerd-identity does not exist" in str(
        linkerd_config.judge_bindings(HERE, good[::2])
    )


def test_definitions_have_to_be_served():
    served = CustomResourceDefinitionStatus((Condition("Established", "True"),))
    good = [CustomResourceDefinition(ObjectMeta(name), served) for name in expected.DEFINITIONS]
    assert linkerd_config.judge_definitions(good) is None
    waiting = CustomResourceDefinition(ObjectMeta(expected.DEFINITIONS[0]))
    assert linkerd_config.judge_definitions([waiting]).lines == (
        "CustomResourceDefinition servers.policy.linkerd.io is not served yet; "
        "see `kubectl describe crd servers.policy.linkerd.io`",
        "CustomResourceDefinition serviceprofiles.linkerd.io does not exist; install it with "
        "`helm upgrade`, or with the chart deploy/mesh/charts/crds",
    )


@pytest.mark.parametrize(
    ("version", "well"),
    [
        ("v1.31.0", True),
        ("v1.34.4+k3s1", True),
        ("v2.0.0", True),
        ("v1.30.14-eks-1", False),
        ("rubbish", False),
        ("", False),
    ],
)
def test_the_api_servers_version(version, well):
    found = kubernetes_version.judge_version(version)
    assert (found is None) is well
    assert well or "1.31.0 or newer" in str(found)


def test_another_version_of_the_command_is_a_warning():
    assert control_plane_version.judge_match("1.0", "1.0") is None
    found = control_plane_version.judge_match("1.1", "1.0")
    assert found.level is Level.WARNING
    assert "pip install mesh-cli==1.1" in str(found)


def test_before_the_installation():
    judge = pre_kubernetes_setup.judge_namespace
    empty = Namespace(ObjectMeta(HERE))
    assert judge(HERE, None, installed=False) is None
    assert judge(HERE, empty, installed=False).level is Level.WARNING
    assert judge(HERE, empty, installed=True).level is Level.ERROR
    need = Access.to(Secret, "create", namespace=HERE)
    assert str(pre_kubernetes_setup.judge_permissions("eve", [need])) == (
        "eve may not create secrets in namespace linkerd; ask a cluster administrator"
    )


@pytest.mark.parametrize(
    ("ahead", "said"), [(0, None), (19, None), (-20, None), (90, "90 s ahead of"), (-30, "behind")]
)
def test_clocks_that_differ(ahead, said):
    found = pre_kubernetes_setup.judge_skew(ahead, NOW, [], [])
    assert (found is None) if said is None else (said in str(found))


@pytest.mark.parametrize(
    ("seconds", "ready", "said"),
    [
        (-5, "True", None),
        (-29, "True", None),
        (19, "True", None),
        (90, "True", "the clock of Node n is 90 s ahead of the API server's"),
        (-70, "True", "the clock of Node n is 60 s behind the API server's"),
        (-300, "Unknown", None),
    ],
)
def test_clocks_of_nodes_are_read_from_their_leases(seconds, ready, said):
    status = {"conditions": [{"type": "Ready", "status": ready}]}
    node = decoded(Node, "n", status=status)
    renewed = (NOW + timedelta(seconds=seconds)).isoformat()
    lease = decoded(Lease, "n", spec={"renewTime": renewed})
    found = pre_kubernetes_setup.judge_skew(0, NOW, [node], [lease])
    assert (found is None) if said is None else (said in str(found))
    assert pre_kubernetes_setup.judge_skew(0, NOW, [node], []) is None
