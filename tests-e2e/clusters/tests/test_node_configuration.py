"""What a node's components are told."""

import json
from pathlib import Path

import pytest
import yaml

from mesh_clusters.certificates import KeyPair
from mesh_clusters.errors import NotRunning, Unsupported
from mesh_clusters.node import components, configuration, dns, iptables
from mesh_clusters.node.cluster import Cluster
from mesh_clusters.node.images import DNS, PAUSE, image
from mesh_clusters.node.settings import Settings
from mesh_clusters.pki import Pki

_DUAL = Settings("east", 3)
_SINGLE = Settings("west", 4, "iptables", ipv6=False)


def test_settings_reach_another_process() -> None:
    assert Settings.from_json(_SINGLE.to_json()) == _SINGLE


@pytest.mark.parametrize("name", ["", "East", "-a", "a-", "elevenchars", "a/b", "a b"])
def test_a_name_that_cannot_be(name: str) -> None:
    with pytest.raises(Unsupported, match=r"--name .* 1 to 10 small letters"):
        Settings(name).check()


def test_names_fit_into_a_link_and_meet_nowhere() -> None:
    assert len(Settings("tencharact").link) <= 15
    assert _DUAL.state != _SINGLE.state
    assert _DUAL.control_group != _SINGLE.control_group


def test_the_kubelet_runs_on_either_version_of_control_groups() -> None:
    serving = KeyPair.at(Path("/pki"), "kubelet-server")
    said = configuration.kubelet(_DUAL, Path("/pki/ca.crt"), serving)
    assert said["failCgroupV1"] is False
    assert said["cgroupRoot"] == "/mesh-cluster-east"
    assert said["clusterDNS"] == ["10.153.0.10"]
    assert said["authorization"] == {"mode": "Webhook"}
    assert said["authentication"]["anonymous"] == {"enabled": False}
    # Nothing of ours below a folder of the machine that no layer covers.
    assert said["volumePluginDir"].startswith("/var/lib/kubelet/")


def test_services_and_pods_have_both_families_where_there_are_both() -> None:
    commands = components.commands(_DUAL, Pki(_DUAL.pki))
    services = "--service-cluster-ip-range=10.153.0.0/16,fd00:10:153::/112"
    assert services in commands["kube-apiserver"]
    assert services in commands["kube-controller-manager"]
    assert "--node-ip=10.90.3.2,fd00:10:90:3::2" in commands["kubelet"]
    proxy = configuration.kube_proxy(_DUAL)
    assert proxy["clusterCIDR"] == "10.103.0.0/16,fd00:10:103::/56"

    single = components.commands(_SINGLE, Pki(_SINGLE.pki))
    assert "--node-ip=10.90.4.2" in single["kubelet"]
    assert configuration.kube_proxy(_SINGLE)["mode"] == "iptables"


def test_the_first_components_are_among_all() -> None:
    assert list(components.commands(_DUAL, Pki(_DUAL.pki)))[:3] == list(components.FIRST)


def test_pods_share_a_bridge_only_where_its_packets_meet_the_service_rules() -> None:
    bridged = configuration.pod_network(_DUAL, bridges=True)["plugins"][0]
    assert (bridged["type"], bridged["hairpinMode"]) == ("bridge", True)
    routed = configuration.pod_network(_SINGLE, bridges=False)["plugins"][0]
    assert routed["type"] == "ptp"
    assert routed["ipam"]["ranges"] == [[{"subnet": "10.104.0.0/24"}]]
    assert routed["ipam"]["routes"] == [{"dst": "0.0.0.0/0"}]


def test_dns_manifests_are_whole() -> None:
    text = dns.manifests(_DUAL)
    documents = {each["kind"]: each for each in yaml.safe_load_all(text)}
    container = documents["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == DNS
    service = documents["Service"]["spec"]
    assert service["clusterIPs"] == ["10.153.0.10", "fd00:10:153::a"]
    assert service["clusterIP"] == service["clusterIPs"][0]
    assert "$" not in text


def test_containerd_takes_the_image_that_is_loaded() -> None:
    assert f'sandbox_image = "{PAUSE}"' in configuration._CONTAINERD


def test_system_images_run_their_program_alone(tmp_path: Path) -> None:
    (tmp_path / "pause").write_text("program")
    made = json.loads(image("pause", tmp_path / "pause").configuration())["config"]
    assert made["Entrypoint"] == ["/pause"]
    assert made["User"] == "65535:65535"
    renamed = image("pause", tmp_path / "pause", "registry.k8s.io/pause:3.10")
    assert renamed.names == ("registry.k8s.io/pause:3.10",)


def test_an_unpacked_iptables_finds_its_extensions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "root/usr/lib/x86_64-linux-gnu/xtables").mkdir(parents=True)
    monkeypatch.setattr(iptables, "installed", lambda _name: None)
    monkeypatch.setattr(iptables, "find_program", lambda *_, **__: tmp_path / "iptables-nft")
    monkeypatch.setenv("MESH_CACHE", str(tmp_path / "cache"))
    folder = iptables.folder(print)
    script = (folder / "ip6tables-restore").read_text()
    assert f"XTABLES_LIBDIR={tmp_path}/root/usr/lib/x86_64-linux-gnu/xtables\n" in script
    assert f"exec {tmp_path}/ip6tables-nft-restore" in script


def test_a_cluster_that_is_down_says_how_to_start_it() -> None:
    cluster = Cluster(Settings("neverup", 48))
    assert not cluster.running
    with pytest.raises(NotRunning, match=r"neverup is down; start it: .* up --name neverup"):
        cluster.node_command("true")
    with pytest.raises(NotRunning, match="none, because it is down"):
        cluster.log("kubelet")
