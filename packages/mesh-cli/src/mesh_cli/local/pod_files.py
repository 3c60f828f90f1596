"""The files that every pod sees at the paths it would have in a cluster."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mesh_cli.local import mounts
from mesh_cli.local.links import Address
from mesh_cli.local.mounts import Bind, Tmpfs
from mesh_cli.local.node import Node, python_paths
from mesh_cli.local.pod_order import PodOrder
from mesh_cli.local.settings import CLUSTER_DOMAIN, PROXY_UID, UNPRIVILEGED_UID
from mesh_cli.local.tokens import AUDIENCE, write_token
from mesh_cli.local.volumes import make_volumes
from mesh_core.resources import Pod

TOKEN_DIRECTORY = Path("/var/run/secrets/tokens")
TOKEN_NAME = "linkerd-identity-token"  # noqa: S105 - a file's name
END_ENTITY_DIRECTORY = Path("/var/run/linkerd/identity/end-entity")


@dataclass(frozen=True, slots=True)
class PodFiles:
    """A pod's files on the supervisor's side, and the mounts that show them."""

    directory: Path
    steps: tuple[mounts.Step, ...]

    def renew_token(self, node: Node, pod: Pod) -> None:
        """Write a fresh identity token; proxies read it again at each certification."""
        token = node.signer.sign(pod.namespace, pod.spec.service_account, time.time())
        write_token(self.directory / "tokens" / TOKEN_NAME, token, PROXY_UID)


def make_files(node: Node, order: PodOrder, pod: Pod, addresses: Sequence[Address]) -> PodFiles:
    """Write resolv.conf, hosts, volumes and token, and plan the pod's mounts."""
    meshed = order.sidecar is not None
    directory = node.pod_directory(pod.namespace, pod.name)
    (directory / "tokens").mkdir(parents=True)
    (directory / "end-entity").mkdir(mode=0o700)
    files = {
        "resolv.conf": resolv_conf(pod.namespace, node.dns),
        "hosts": hosts(pod, addresses),
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    }
    for name, content in files.items():
        (directory / name).write_text(content)
        (directory / name).chmod(0o644)

    def sign(audience: str, seconds: int) -> str:
        account = pod.spec.service_account
        return node.signer.sign(pod.namespace, account, time.time(), audience or AUDIENCE, seconds)

    binds: list[Bind | Tmpfs] = [Bind(directory / name, Path("/etc", name)) for name in files]
    binds += make_volumes(pod, directory / "volumes", node.lookup, sign)
    if meshed:
        _own(directory / "end-entity", PROXY_UID)
        binds.append(Bind(directory / "tokens", TOKEN_DIRECTORY))
        binds.append(Bind(directory / "end-entity", END_ENTITY_DIRECTORY, read_only=False))
    binds += order.binds
    needed = [*python_paths(), *_with_libraries(order.search_path)]
    if order.working_directory != "/":
        needed.append(Path(order.working_directory))
    made = PodFiles(directory, mounts.plan(needed, binds))
    if meshed:
        made.renew_token(node, pod)
    return made


def _with_libraries(directories: Sequence[Path]) -> list[Path]:
    """Directories of programs; of an environment's `bin`, the whole environment."""
    return [path.parent if path.name == "bin" else path for path in directories]


def _own(path: Path, uid: int) -> None:
    os.chown(path, uid, uid)


def resolv_conf(namespace: str, servers: Sequence[Address]) -> str:
    """The resolver configuration of a cluster's pods (ndots:5)."""
    search = f"{namespace}.svc.{CLUSTER_DOMAIN} svc.{CLUSTER_DOMAIN} {CLUSTER_DOMAIN}"
    lines = [f"nameserver {server}" for server in servers]
    return "\n".join([f"search {search}", *lines, "options ndots:5", ""])


def hosts(pod: Pod, addresses: Sequence[Address]) -> str:
    """The pod's hosts file: itself, localhost, and what `hostAliases` adds."""
    name = pod.spec.hostname or pod.name
    names = name
    if pod.spec.hostname and pod.spec.subdomain:
        domain = f"{pod.spec.subdomain}.{pod.namespace}.svc.{CLUSTER_DOMAIN}"
        names = f"{name}.{domain} {name}"
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
    lines += [f"{address} {names}" for address in addresses]
    lines += [f"{alias.ip} {' '.join(alias.hostnames)}" for alias in pod.spec.host_aliases]
    return "\n".join([*lines, ""])


def user_of(pod: Pod, container_user: int | None, container_group: int | None) -> tuple[int, int]:
    """Uid and gid of a container: its own setting, the pod's, else nobody; never root unasked."""
    context = pod.spec.security_context
    uid = container_user
    if uid is None and context is not None:
        uid = context.run_as_user
    gid = container_group
    if gid is None and context is not None:
        gid = context.run_as_group
    if uid is None:
        uid = UNPRIVILEGED_UID
    return uid, uid if gid is None else gid
