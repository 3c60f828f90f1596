import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_cli.local.environment import (
    ConfigurationError,
    base_environment,
    command_line,
    container_environment,
    expand,
)
from mesh_core.resources import ConfigMap, Pod, Secret, decode_as

CONFIG = decode_as(ConfigMap, {"metadata": {"name": "c", "namespace": "n"}, "data": {"k": "v"}})
SECRET = decode_as(
    Secret, {"metadata": {"name": "s", "namespace": "n"}, "stringData": {"p": "geheim"}}
)


def lookup(kind, namespace, name):
    known = {(ConfigMap, "n", "c"): CONFIG, (Secret, "n", "s"): SECRET}
    return known.get((kind, namespace, name))


def variables(*env, env_from=(), **container):
    pod = decode_as(
        Pod,
        {
            "metadata": {"name": "p", "namespace": "n", "labels": {"app": "x"}},
            "spec": {
                "containers": [
                    {
                        "name": "a",
                        "command": ["c"],
                        "env": list(env),
                        "envFrom": list(env_from),
                        **container,
                    }
                ]
            },
            "status": {"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]},
        },
    )
    base = base_environment(pod, ())
    made = container_environment(pod.spec.containers[0], pod, base, lookup)
    return made, pod.spec.containers[0]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("$(A)", "1"),
        ("x$(A)y$(B)", "x1y$(B)"),
        ("$$(A)", "$(A)"),
        ("$A", "$A"),
        ("$(", "$("),
    ],
)
def test_references_are_expanded_as_kubernetes_does(text, expected):
    assert expand(text, {"A": "1"}) == expected


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_expansion_never_fails(text, known):
    expand(text, known)


def test_values_come_from_everywhere():
    made, container = variables(
        {"name": "PLAIN", "value": "1"},
        {"name": "AGAIN", "value": "$(PLAIN)$(FROM_k)"},
        {"name": "FIELD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "LABEL", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
        {"name": "IPS", "valueFrom": {"fieldRef": {"fieldPath": "status.podIPs"}}},
        {"name": "SECRET", "valueFrom": {"secretKeyRef": {"name": "s", "key": "p"}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        env_from=[{"prefix": "FROM_", "configMapRef": {"name": "c"}}],
        args=["--label=$(LABEL)"],
        resources={"limits": {"cpu": "2"}},
    )
    assert made["AGAIN"] == "1v"
    assert made["FIELD"] == "p"
    assert made["IPS"] == "10.0.0.1,fd00::1"
    assert made["SECRET"] == "geheim"
    assert made["CPU"] == "2"
    assert made["HOSTNAME"] == "p"
    assert command_line(container, made) == ["c", "--label=x"]


def test_what_is_missing_is_named_unless_optional():
    reference = {"name": "nowhere", "key": "k"}
    entry = {"name": "A", "valueFrom": {"configMapKeyRef": reference}}
    with pytest.raises(ConfigurationError, match="ConfigMap n/nowhere does not exist"):
        variables(entry)
    with pytest.raises(ConfigurationError, match="has no key 'other'"):
        variables({"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "other"}}})
    optional = {"name": "A", "valueFrom": {"configMapKeyRef": {**reference, "optional": True}}}
    assert "A" not in variables(optional)[0]
    with pytest.raises(ConfigurationError, match=r"fieldPath 'spec\.nothing'"):
        variables({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.nothing"}}})
