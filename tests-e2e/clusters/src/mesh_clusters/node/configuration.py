"""What the node's components are configured with; pure, but for `write`."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mesh_clusters import kubeconfig
from mesh_clusters.certificates import Authority, KeyPair
from mesh_clusters.node.images import PAUSE
from mesh_clusters.node.programs import CNI_PLUGINS, NodePrograms
from mesh_clusters.node.settings import Settings
from mesh_clusters.pki import Pki

CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
_POD_LINK_MTU = 1500

_CONTAINERD = f"""\
# Version 2 of the format: containerd 1.x and 2.x read it.
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"

[grpc]
  address = "{CONTAINERD_SOCKET}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  # Where root lacks CAP_SYS_RESOURCE (some virtual machines), no process can be made less
  # likely to be killed for memory, and without this no pod starts.
  restrict_oom_score_adj = true

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"
"""


_CLIENTS = ("kube-controller-manager", "kube-scheduler", "kube-proxy")


def write(settings: Settings, programs: NodePrograms) -> None:
    """Make the certificates, and write every file that a component reads."""
    addresses = [str(family.node) for family in settings.families]
    services = [str(family.kubernetes) for family in settings.families]
    pki = Pki(settings.pki)
    authority = pki.create([*addresses, *services])
    settings.etc.mkdir()
    for name in _CLIENTS:
        _issue_client(settings, authority, name, f"system:{name}")
    node = settings.node_name
    _issue_client(settings, authority, "kubelet", f"system:node:{node}", "system:nodes")
    serving = KeyPair.at(settings.pki, "kubelet-server")
    authority.issue(serving, common_name=node, hosts=[node, *addresses])
    _kubeconfig(settings, pki.admin, settings.kubeconfig)

    (settings.etc / "containerd.toml").write_text(_CONTAINERD)
    (settings.etc / "resolv.conf").write_text("")
    _json(settings.etc / "kubelet.json", kubelet(settings, pki.authority.certificate, serving))
    _json(settings.etc / "kube-proxy.json", kube_proxy(settings))
    plugins, chain = settings.private / "cni-plugins", settings.private / "cni-chain"
    plugins.mkdir(parents=True)
    chain.mkdir()
    for name in CNI_PLUGINS:
        shutil.copy2(programs.cni / name, plugins)
    bridges = Path("/proc/sys/net/bridge").exists()
    _json(chain / "10-pods.conflist", pod_network(settings, bridges=bridges))


def kubelet(settings: Settings, authority: Path, serving: KeyPair) -> dict[str, Any]:
    """The kubelet's configuration."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(authority)},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(serving.certificate),
        "tlsPrivateKeyFile": str(serving.key),
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "clusterDNS": [str(settings.families[0].dns)],
        "clusterDomain": "cluster.local",
        # The machine's servers cannot be reached from pods; the cluster's DNS answers for all.
        "resolvConf": str(settings.etc / "resolv.conf"),
        # No systemd, and either version of control groups.
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": settings.control_group,
        "failCgroupV1": False,
        "failSwapOn": False,
        # The disk of a developer's machine may be nearly full, and is not ours to tidy up.
        "evictionHard": dict.fromkeys(
            ("imagefs.available", "nodefs.available", "nodefs.inodesFree"), "0%"
        ),
        "imageGCHighThresholdPercent": 100,
        # By default below /usr, which is the machine's.
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",
        # Mounted ConfigMaps and Secrets follow their objects soon, and so does the node's state.
        "syncFrequency": "10s",
        "nodeStatusUpdateFrequency": "5s",
    }


def kube_proxy(settings: Settings) -> dict[str, Any]:
    """The service proxy's configuration."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": settings.proxy_mode,
        "clientConnection": {"kubeconfig": str(settings.etc / "kube-proxy.kubeconfig")},
        "clusterCIDR": ",".join(str(family.pods) for family in settings.families),
        "hostnameOverride": settings.node_name,
        # Limits of the machine's connection table, which a network namespace may not set.
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
        },
    }


def pod_network(settings: Settings, *, bridges: bool) -> dict[str, Any]:
    """The CNI chain: a pod's link, then its host ports.

    A bridge carries packets between two pods past the service rules, unless the kernel has
    br_netfilter (`bridges`). Without it every pod gets a routed link of its own, which costs
    it 1.5 s at its start, until its IPv6 address has been checked for duplicates.
    """
    link: dict[str, Any] = {"type": "ptp"}
    if bridges:
        link = {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True}
    default = {4: "0.0.0.0/0", 6: "::/0"}
    addresses = {
        "type": "host-local",
        "dataDir": "/run/cni-addresses",
        "ranges": [[{"subnet": str(family.node_pods)}] for family in settings.families],
        "routes": [{"dst": default[family.node.version]} for family in settings.families],
    }
    return {
        "cniVersion": "0.4.0",
        "name": "pods",
        "plugins": [
            {**link, "mtu": _POD_LINK_MTU, "ipam": addresses},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def _issue_client(
    settings: Settings, authority: Authority, name: str, user: str, group: str = ""
) -> None:
    certificate = KeyPair.at(settings.pki, name)
    authority.issue(certificate, common_name=user, organization=group)
    _kubeconfig(settings, certificate, settings.etc / f"{name}.kubeconfig")


def _kubeconfig(settings: Settings, user: KeyPair, path: Path) -> None:
    kubeconfig.write(
        path,
        server=settings.server,
        authority=Pki(settings.pki).authority.certificate,
        user=kubeconfig.certificate_user(user),
        name=settings.name,
    )


def _json(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n")
