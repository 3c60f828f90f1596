"""Roles grant what the programs declare that they need, and nothing else."""

import pytest
from credentials import GIVEN
from helm import NAMESPACE, merged

import mesh_destination.access
import mesh_identity.access
import mesh_injector.webhook.access

JOB = {"identity": {"generate": "job"}}

PROGRAMS = {
    "linkerd-identity": mesh_identity.access.ACCESS,
    "linkerd-destination": mesh_destination.access.ACCESS,
    "linkerd-proxy-injector": mesh_injector.webhook.access.ACCESS,
    "linkerd-provision": mesh_identity.access.PROVISION_ACCESS,
}


@pytest.mark.parametrize("account", PROGRAMS)
def test_a_program_may_do_exactly_what_it_declares(helm, account):
    rendered = helm.template(JOB)
    needed = {
        (need.group, need.target, verb, need.name, need.namespace)
        for need in PROGRAMS[account]
        for verb in need.verbs
    }
    assert granted(rendered, account) == needed


def test_nobody_else_may_do_anything(helm):
    rendered = helm.template(JOB)
    accounts = {
        subject["name"]
        for kind in ("ClusterRoleBinding", "RoleBinding")
        for binding in rendered.of_kind(kind).values()
        for subject in binding["subjects"]
    }
    assert accounts == PROGRAMS.keys() == rendered.of_kind("ServiceAccount").keys()


def test_the_accounts_are_those_that_the_pods_run_as(helm):
    rendered = helm.template(JOB)
    templates = [
        *rendered.of_kind("Deployment").values(),
        *rendered.of_kind("Job").values(),
    ]
    assert {t["spec"]["template"]["spec"]["serviceAccountName"] for t in templates} == set(PROGRAMS)


def test_only_the_program_itself_gets_the_token_for_the_api(helm):
    rendered = helm.template(merged(GIVEN))
    for deployment in rendered.of_kind("Deployment").values():
        pod = deployment["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        holders = [
            container["name"]
            for container in (*pod["initContainers"], *pod["containers"])
            for mount in container.get("volumeMounts", ())
            if mount["name"] == "kube-api-access"
        ]
        assert holders == [deployment["metadata"]["name"].removeprefix("linkerd-")]


def granted(rendered, account):
    """What an account may do: group, resource, verb, name and namespace."""
    result = set()
    for kind, namespace in (("ClusterRole", ""), ("Role", NAMESPACE)):
        for binding in rendered.of_kind(f"{kind}Binding").values():
            [subject] = binding["subjects"]
            if subject["name"] != account:
                continue
            role = rendered.get(kind, binding["roleRef"]["name"])
            assert role["metadata"].get("namespace", "") == namespace
            for rule in role["rules"]:
                result |= set(permissions(rule, namespace))
    return result


def permissions(rule, namespace):
    for group in rule["apiGroups"]:
        for resource in rule["resources"]:
            for verb in rule["verbs"]:
                for name in rule.get("resourceNames", [""]):
                    yield group, resource, verb, name, namespace
