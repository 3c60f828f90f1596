"""The control plane's own proxies are what the injector gives to any other pod."""

from copy import deepcopy

import jsonpatch
import msgspec
import pytest
import yaml
from credentials import CERTIFICATE, GIVEN
from helm import NAMESPACE, merged

from mesh_core.resources import Namespace, ObjectMeta, Pod
from mesh_injector import DecidedBy, Inject, Owner
from mesh_injector.patch import patch_pod
from mesh_injector.values import installation

DEPLOYMENTS = ("linkerd-identity", "linkerd-destination", "linkerd-proxy-injector")
CREATED_BY = "linkerd.io/created-by"
SAFE = "kubectl.kubernetes.io/default-container"
ADDED_ANNOTATIONS = {
    CREATED_BY,
    SAFE,
    "linkerd.io/proxy-version",
    "linkerd.io/trust-root-sha256",
    "config.linkerd.io/pod-inbound-ports",
}
ADDED_LABELS = {"linkerd.io/workload-ns", "linkerd.io/proxy-deployment"}

SETS = {
    "defaults": {},
    "another domain": {
        "clusterDomain": "example.org",
        "identityTrustDomain": "mesh.example.org",
        "clusterNetworks": "10.0.0.0/8, fd00::/8",
    },
    "IPv6": {"disableIPv6": False},
    "classic": {"proxy": {"nativeSidecar": False, "waitBeforeExitSeconds": 5}},
    "classic, without waiting": {"proxy": {"nativeSidecar": False, "await": False}},
    "classic, waiting at the end for longer than a pod may": {
        "proxy": {"nativeSidecar": False, "waitBeforeExitSeconds": 90}
    },
    "native, without waiting": {"proxy": {"await": False}},
    "CNI": {"cniEnabled": True},
    "CNI with another user of the redirect": {
        "cniEnabled": True,
        "proxyInit": {"runAsUser": 0, "runAsGroup": 0},
    },
    "CNI with settings": {
        "cniEnabled": True,
        "disableIPv6": False,
        "networkValidator": {
            "logLevel": "info",
            "logFormat": "json",
            "connectAddr": "1.2.3.4:5",
            "listenAddr": "0.0.0.0:4140",
            "timeout": "90s",
            "enableSecurityContext": False,
        },
    },
    "no projected tokens": {"identity": {"serviceAccountTokenProjection": False}},
    "images": {
        "imagePullPolicy": "Always",
        "proxy": {"image": {"name": "registry:5000/proxy", "version": f"sha256:{64 * '0'}"}},
    },
    "an image with a tag": {
        "proxy": {"image": {"name": "registry/proxy:1.2", "pullPolicy": "Never"}}
    },
    "an image of Linkerd's own": {
        "proxy": {"image": {"name": "cr.l5d.io/linkerd/proxy", "version": "edge-26.6.3"}}
    },
    "logs": {
        "proxy": {
            "logLevel": "debug",
            "logFormat": "json",
            "logHTTPHeaders": "insecure",
            "accessLog": "apache",
        },
        "proxyInit": {"logLevel": "debug", "logFormat": "json"},
    },
    "ports": {
        "proxy": {
            "ports": {"admin": 5191, "control": 5190, "inbound": 5143, "outbound": 5140},
            "opaquePorts": "9000-9010,25,9005-9020",
            "requireIdentityOnInboundPorts": "8090,8086",
            "requireTLSOnInboundPorts": "9996",
        },
        "proxyInit": {
            "ignoreInboundPorts": "22, 5189-5192",
            "ignoreOutboundPorts": "",
            "kubeAPIServerPorts": "6443,443,444",
            "skipSubnets": "192.168.0.0/16, 10.1.0.0/16",
        },
    },
    "no opaque and no skipped ports": {
        "proxy": {"opaquePorts": ""},
        "proxyInit": {
            "ignoreInboundPorts": "",
            "ignoreOutboundPorts": "",
            "kubeAPIServerPorts": "",
        },
    },
    "timeouts": {
        "proxy": {
            "inboundConnectTimeout": "1s",
            "outboundConnectTimeout": "1m30s",
            "inboundDiscoveryCacheUnusedTimeout": "120s",
            "outboundDiscoveryCacheUnusedTimeout": "1500ms",
            "disableInboundProtocolDetectTimeout": True,
            "disableOutboundProtocolDetectTimeout": True,
            "shutdownGracePeriod": "0h2m",
            "inbound": {"server": {"http2": {"keepAliveInterval": "60s"}}},
            "outbound": {"server": {"http2": {"keepAliveTimeout": "48h"}}},
            "control": {"streams": {"initialTimeout": "1s", "idleTimeout": "1h60m"}},
        }
    },
    "user and group": {"proxy": {"uid": 1000000, "gid": 4242}},
    "a group of none": {"proxy": {"gid": 0}},
    "resources": {
        "proxy": {
            "resources": {
                "cpu": {"request": "100m", "limit": "1500m"},
                "memory": {"request": "20Mi", "limit": "250Mi"},
                "ephemeral-storage": {"limit": "1Gi"},
            }
        }
    },
    "a whole core": {"proxy": {"resources": {"cpu": {"limit": 2}}}},
    "less than a core": {"proxy": {"resources": {"cpu": {"limit": "0.5"}}}},
    "cores": {"proxy": {"cores": 3}},
    "cores beside a limit": {"proxy": {"cores": 3, "resources": {"cpu": {"limit": "1"}}}},
    "a share of the node": {
        "proxy": {
            "runtime": {"workers": {"minimum": 2, "maximumCPURatio": 0.25}},
            "resources": {"cpu": {"limit": "4"}},
        }
    },
    "switches": {
        "proxy": {
            "defaultInboundPolicy": "deny",
            "enableExternalProfiles": True,
            "enableShutdownEndpoint": True,
            "metrics": {"hostnameLabels": True},
        }
    },
    "probes": {
        "proxy": {
            "livenessProbe": {"initialDelaySeconds": 0, "failureThreshold": 5},
            "readinessProbe": {"timeoutSeconds": 3},
            "startupProbe": {"initialDelaySeconds": 1, "periodSeconds": 2, "timeoutSeconds": 4},
        }
    },
    "variables": {
        "proxy": {
            "additionalEnv": [
                {"name": "LINKERD2_PROXY_LOG", "value": "trace"},
                {"name": "MINE", "value": "$(_pod_name)"},
                {"name": "EMPTY"},
            ],
            "experimentalEnv": [{"name": "MINE", "value": "b"}, {"name": "TRIED", "value": "1"}],
        }
    },
    "security context": {"proxy": {"securityContext": {"runAsGroup": 7, "procMount": "Default"}}},
    "a security context that allows more": {
        "proxy": {
            "securityContext": {
                "readOnlyRootFilesystem": False,
                "capabilities": {"add": ["SYS_PTRACE"]},
            }
        }
    },
    "a privileged redirect": {
        "proxyInit": {"privileged": True, "runAsRoot": True, "xtMountPath": {"mountPath": "/lock"}}
    },
    "close-wait": {"proxyInit": {"runAsRoot": True, "closeWaitTimeoutSecs": 30}},
    "close-wait of user 0": {"proxyInit": {"runAsUser": 0, "closeWaitTimeoutSecs": 30}},
    "another iptables": {"proxyInit": {"iptablesMode": "legacy"}},
    "another user of the redirect": {"proxyInit": {"runAsUser": 65533, "runAsGroup": 65532}},
}


@pytest.mark.parametrize("values", SETS.values(), ids=SETS)
def test_a_rendered_pod_is_what_the_injector_would_make_of_it(helm, values):
    rendered = helm.template(merged(GIVEN, values))
    settings = rendered.get("ConfigMap", "linkerd-config")["data"]["values"]
    for name in DEPLOYMENTS:
        pod = rendered.get("Deployment", name)["spec"]["template"]
        assert injected(bare(pod), name, settings) == without(pod, CREATED_BY)


def test_a_components_own_resources_are_laid_over_the_general_ones(helm):
    values = {
        "proxy": {"resources": {"cpu": {"limit": "1"}, "memory": {"limit": "100Mi"}}},
        "destinationProxyResources": {"cpu": {"limit": "2"}},
    }
    rendered = helm.template(merged(GIVEN, values))
    pod = rendered.get("Deployment", "linkerd-destination")["spec"]["template"]
    settings = yaml.safe_load(rendered.get("ConfigMap", "linkerd-config")["data"]["values"])
    settings["proxy"]["resources"]["cpu"]["limit"] = "2"
    expected = injected(bare(pod), "linkerd-destination", yaml.safe_dump(settings))
    assert expected == without(pod, CREATED_BY)


def test_another_namespace(helm):
    rendered = helm.template(GIVEN, namespace="mesh-system")
    settings = rendered.get("ConfigMap", "linkerd-config")["data"]["values"]
    for name in DEPLOYMENTS:
        pod = rendered.get("Deployment", name)["spec"]["template"]
        assert injected(bare(pod), name, settings, "mesh-system") == without(pod, CREATED_BY)


@pytest.mark.parametrize(
    "values", [{}, SETS["ports"], SETS["CNI"]], ids=["defaults", "ports", "CNI"]
)
def test_the_pod_of_helm_test_is_like_any_member_of_the_mesh(helm, values):
    rendered = helm.template(merged(GIVEN, values))
    settings = rendered.get("ConfigMap", "linkerd-config")["data"]["values"]
    pod = rendered.get("Pod", "linkerd-test")
    [application] = (c for c in pod["spec"]["containers"] if not c["name"].startswith("linkerd-"))
    spec = {"serviceAccountName": "default", "containers": [application]}
    alone = {"metadata": {"annotations": {CREATED_BY: ""}}, "spec": spec}
    expected = injected(alone, "none", settings)["spec"]
    members = {c["name"]: c for c in pod["spec"]["initContainers"]}
    for container in expected["initContainers"]:
        assert by_reference(members[container["name"]]) == by_reference(container)
    assert pod["spec"]["volumes"] == expected["volumes"]


def by_reference(container):
    """A container that takes the roots from where the control plane has them."""
    anchors = {"name": "LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS"}
    env = [
        anchors if item["name"] == anchors["name"] else item for item in container.get("env", ())
    ]
    return {**container, "env": env}


def injected(document, deployment, settings, namespace=NAMESPACE):
    """What the injector makes of a pod."""
    document["metadata"] = {**document["metadata"], "name": "", "namespace": namespace}
    pod = msgspec.convert(msgspec.json.decode(msgspec.json.encode(document)), Pod)
    operations = patch_pod(
        document,
        pod,
        Namespace(metadata=ObjectMeta(name=namespace)),
        installation(settings, CERTIFICATE.strip(), control_plane_namespace=namespace),
        Owner("Deployment", deployment),
        Inject(DecidedBy.WORKLOAD),
    )
    result = jsonpatch.JsonPatch(msgspec.to_builtins(operations)).apply(document)
    for made_up in ("name", "namespace"):
        del result["metadata"][made_up]
    return without(result, CREATED_BY)


def bare(template):
    """A pod without what makes it a member of the mesh."""
    pod = deepcopy(template)
    for kind in ("initContainers", "containers", "volumes"):
        kept = [item for item in pod["spec"][kind] if not item["name"].startswith("linkerd-")]
        pod["spec"][kind] = kept
    for added in ADDED_ANNOTATIONS:
        pod["metadata"]["annotations"].pop(added, None)
    for added in ADDED_LABELS:
        del pod["metadata"]["labels"][added]
    return pod


def without(template, annotation):
    """A pod does not say that the injector made it when it did not."""
    result = deepcopy(template)
    del result["metadata"]["annotations"][annotation]
    return result
