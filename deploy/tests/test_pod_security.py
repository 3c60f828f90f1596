"""What the pods of the mesh may do, judged by Kubernetes' own Pod Security admission."""

import json

import pytest
from credentials import GIVEN
from helm import merged

from mesh_clusters.errors import CommandFailed

JOB = {"identity": {"generate": "job"}}
CNI = {"cniEnabled": True}


@pytest.fixture(scope="module")
def restricted(api_server):
    """A namespace in which pods may do nothing special."""
    name = "restricted-pods"
    api_server.kubectl("create", "namespace", name)
    api_server.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    return name


def test_with_a_cni_plugin_no_pod_needs_anything_special(api_server, helm, restricted):
    for pod in pods(helm.template(merged(JOB, CNI)), restricted):
        create(api_server, pod)


def test_otherwise_the_redirect_needs_its_capability_and_nothing_else(api_server, helm, restricted):
    rendered = helm.template(GIVEN)
    for pod in pods(rendered, restricted):
        with pytest.raises(CommandFailed) as refused:
            create(api_server, pod)
        reasons = str(refused.value).partition('violates PodSecurity "restricted:latest": ')[2]
        assert reasons == (
            'unrestricted capabilities (container "linkerd-init" must not include "NET_ADMIN" in '
            "securityContext.capabilities.add)"
        )


def test_the_namespace_says_what_its_pods_need(helm):
    labels = {
        cni: helm.template(merged(GIVEN, {"installNamespace": True, "cniEnabled": cni})).get(
            "Namespace", "linkerd"
        )["metadata"]["labels"]
        for cni in (False, True)
    }
    level = "pod-security.kubernetes.io/enforce"
    assert labels[False][level] == "privileged"
    assert labels[True][level] == "restricted"
    assert (
        labels[True].items()
        >= {
            "linkerd.io/is-control-plane": "true",
            "linkerd.io/control-plane-ns": "linkerd",
            "config.linkerd.io/admission-webhooks": "disabled",
        }.items()
    )


def test_the_namespace_is_not_rendered_for_an_install_which_makes_it(helm):
    assert not helm.template(GIVEN).of_kind("Namespace")


def pods(rendered, namespace):
    """All pods of the mesh, as if they were created one by one."""
    templates = [
        workload["spec"]["template"]
        for kind in ("Deployment", "Job")
        for workload in rendered.of_kind(kind).values()
    ]
    # What the injector adds to a pod is for that pod's namespace to allow.
    for pod in (*templates, rendered.get("Pod", "linkerd-test")):
        metadata = {**pod["metadata"], "namespace": namespace, "name": "judged"}
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod["spec"]}


def create(api_server, pod):
    api_server.kubectl("create", "--dry-run=server", "--filename=-", stdin=json.dumps(pod))
