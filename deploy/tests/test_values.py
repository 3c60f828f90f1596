"""The values: documented, checked, and no others."""

import json

import jsonschema
import pytest
import yaml
from credentials import GIVEN
from helm import CHART, HelmError, merged

CRDS = CHART / "charts/crds"


@pytest.mark.parametrize("chart", [CHART, CRDS], ids=["mesh", "crds"])
def test_lint_finds_nothing(helm, chart):
    values = GIVEN if chart == CHART else {}
    helm.run("lint", "--strict", str(chart), values=values)


@pytest.mark.parametrize(
    ("values", "path", "name"),
    [
        ({"proxi": {}}, "", "proxi"),
        ({"proxy": {"logLevl": "debug"}}, "/proxy", "logLevl"),
        ({"proxy": {"image": {"tag": "1"}}}, "/proxy/image", "tag"),
        ({"proxy": {"resources": {"cpu": {"limits": "1"}}}}, "/proxy/resources/cpu", "limits"),
        ({"identity": {"issuer": {"crtPEM": ""}}}, "/identity/issuer", "crtPEM"),
        ({"proxyInit": {"ignoreInboundPort": ""}}, "/proxyInit", "ignoreInboundPort"),
        ({"proxyInjector": {"timeout": 1}}, "/proxyInjector", "timeout"),
        ({"crds": {"keeep": True}}, "/crds", "keeep"),
    ],
)
def test_a_misspelt_value_is_named_with_its_path(helm, values, path, name):
    with pytest.raises(HelmError, match=f"at '{path}': additional properties '{name}' not allowed"):
        helm.template(merged(GIVEN, values))


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"webhookFailurePolicy": "ignore"}, "/webhookFailurePolicy"),
        ({"controllerReplicas": 0}, "/controllerReplicas"),
        ({"clusterDomain": "Cluster_Local"}, "/clusterDomain"),
        ({"clusterNetworks": "ten"}, "/clusterNetworks"),
        ({"identityTrustAnchorsPEM": "ca.crt"}, "/identityTrustAnchorsPEM"),
        ({"proxy": {"opaquePorts": "http"}}, "/proxy/opaquePorts"),
        ({"proxy": {"ports": {"admin": 65536}}}, "/proxy/ports/admin"),
        ({"proxy": {"inboundConnectTimeout": "1.5s"}}, "/proxy/inboundConnectTimeout"),
        ({"proxy": {"additionalEnv": [{"name": "A=B"}]}}, "/proxy/additionalEnv/0/name"),
        ({"proxyInjector": {"injectCaFrom": "name"}}, "/proxyInjector/injectCaFrom"),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_its_path(helm, values, path):
    with pytest.raises(HelmError, match=f"at '{path}'"):
        helm.template(merged(GIVEN, values))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"proxy": {"ports": {"admin": 4143}}},
            "proxy.ports: admin, control, inbound and outbound",
        ),
        ({"proxy": {"waitBeforeExitSeconds": 1}}, "or proxy.nativeSidecar to false"),
        ({"proxyInit": {"closeWaitTimeoutSecs": 1}}, "or proxyInit.runAsRoot to true"),
        (
            {"cniEnabled": True, "proxyInit": {"closeWaitTimeoutSecs": 1, "runAsRoot": True}},
            "which pods do not have with cniEnabled",
        ),
        ({"proxy": {"opaquePorts": "90-80"}}, "90-80 is not a range of ports"),
    ],
)
def test_values_that_cannot_hold_together_are_refused_with_the_fix(helm, values, message):
    with pytest.raises(HelmError, match=message):
        helm.template(merged(GIVEN, values))


def test_a_number_that_is_not_set_is_no_text(helm):
    """Linkerd's own tools read the settings into numbers, and refuse all of them otherwise."""
    text = helm.template(GIVEN).get("ConfigMap", "linkerd-config")["data"]["values"]
    assert yaml.safe_load(text)["proxy"]["runtime"]["workers"].get("maximumCPURatio") is None


@pytest.mark.parametrize("chart", [CHART, CRDS], ids=["mesh", "crds"])
def test_every_value_has_a_default_and_every_default_is_allowed(chart):
    schema = json.loads((chart / "values.schema.json").read_text())
    defaults = yaml.safe_load((chart / "values.yaml").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(defaults, schema)
    # Helm's own, and those with which a chart tells its part whether it is wanted.
    own = {"global", "enabled", "crds.global", "crds.commonLabels", "crds.commonAnnotations"}
    probes = {f"proxy.{probe}Probe" for probe in ("liveness", "readiness", "startup")}
    missing = set(declared(schema, schema)) - set(present(defaults)) - own
    assert {path for path in missing if path.rpartition(".")[0] not in probes} == set()


def declared(schema, root, path=""):
    """The paths of all values that a schema names."""
    if "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rpartition("/")[2]]
    for name, part in schema.get("properties", {}).items():
        here = f"{path}.{name}".removeprefix(".")
        yield here
        if "labelSelector" not in part.get("$ref", ""):
            yield from declared(part, root, here)


def present(values, path=""):
    if isinstance(values, dict):
        for name, value in values.items():
            here = f"{path}.{name}".removeprefix(".")
            yield here
            yield from present(value, here)
