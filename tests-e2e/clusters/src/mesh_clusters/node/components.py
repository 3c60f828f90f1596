"""The processes of a node: their command lines, in the order in which they start."""

from mesh_clusters import flags
from mesh_clusters.node.settings import API_PORT, ETCD_PEER_PORT, ETCD_PORT, Settings
from mesh_clusters.pki import Pki

# The others need an API server that is ready; until then they would only log errors.
FIRST = ("containerd", "etcd", "kube-apiserver")


def commands(settings: Settings, pki: Pki) -> dict[str, list[str]]:
    """The command line of every component, by its name."""
    etc = settings.etc
    services = ",".join(str(family.services) for family in settings.families)
    pods = ",".join(str(family.pods) for family in settings.families)
    addresses = ",".join(str(family.node) for family in settings.families)
    return {
        "containerd": ["containerd", f"--config={etc}/containerd.toml"],
        "etcd": ["etcd", *flags.etcd(settings.state / "etcd", ETCD_PORT, ETCD_PEER_PORT)],
        "kube-apiserver": [
            "kube-apiserver",
            *flags.api_server(pki, ETCD_PORT, API_PORT, services),
            f"--advertise-address={settings.families[0].node}",
            "--enable-admission-plugins=NodeRestriction",
            f"--kubelet-certificate-authority={pki.authority.certificate}",
            f"--kubelet-client-certificate={pki.to_kubelet.certificate}",
            f"--kubelet-client-key={pki.to_kubelet.key}",
            "--kubelet-preferred-address-types=InternalIP",
        ],
        "kube-controller-manager": [
            "kube-controller-manager",
            f"--kubeconfig={etc}/kube-controller-manager.kubeconfig",
            "--use-service-account-credentials",
            f"--service-account-private-key-file={pki.tokens.key}",
            f"--root-ca-file={pki.authority.certificate}",
            f"--cluster-signing-cert-file={pki.authority.certificate}",
            f"--cluster-signing-key-file={pki.authority.key}",
            "--allocate-node-cidrs",
            f"--cluster-cidr={pods}",
            f"--service-cluster-ip-range={services}",
            "--leader-elect=false",
            # By default its forty controllers share twenty requests a second, and take 5 s.
            "--kube-api-qps=500",
            "--kube-api-burst=500",
            # By default below /usr, which is the machine's.
            "--flex-volume-plugin-dir=/var/lib/kubelet/volume-plugins",
        ],
        "kube-scheduler": [
            "kube-scheduler",
            f"--kubeconfig={etc}/kube-scheduler.kubeconfig",
            "--leader-elect=false",
        ],
        "kube-proxy": ["kube-proxy", f"--config={etc}/kube-proxy.json"],
        "kubelet": [
            "kubelet",
            f"--config={etc}/kubelet.json",
            f"--kubeconfig={etc}/kubelet.kubeconfig",
            f"--hostname-override={settings.node_name}",
            f"--node-ip={addresses}",
        ],
    }
