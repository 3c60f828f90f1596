"""A real etcd and kube-apiserver, and nothing else of a cluster: no root, no containers.

Whatever a controller would do does not happen: a deleted namespace stays Terminating, owned
objects are not collected, Deployments make no pods, EndpointSlices appear only when written,
and there is no `default` ServiceAccount (the admission plugin that asks for one is off).
"""

import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from mesh_clusters import flags, kubeconfig, kubectl
from mesh_clusters.api_access import ApiAccess
from mesh_clusters.binaries import Binaries
from mesh_clusters.daemons import Daemon
from mesh_clusters.deadline import wait_for
from mesh_clusters.pki import Pki
from mesh_clusters.ports import LOOPBACK, ReservedPort

_START_SECONDS = 60.0
_SERVICES = "10.96.0.0/16,fd00:10:96::/112"
_KUBECONFIG_TOKEN_SECONDS = 24 * 3600


class ApiServer:
    """An API server on a loopback port, with its data in a folder of its own."""

    def __init__(self, binaries: Binaries, folder: Path) -> None:
        self._binaries = binaries
        self._folder = folder
        self._ports = [ReservedPort() for _ in range(3)]
        port, etcd_client, etcd_peer = (each.number for each in self._ports)
        self._pki = Pki(folder / "pki")
        self._pki.create()
        self.url = f"https://{LOOPBACK}:{port}"
        self.ca_file = self._pki.authority.certificate
        self.kubeconfig = kubeconfig.write(
            folder / "kubeconfig",
            server=self.url,
            authority=self.ca_file,
            user=kubeconfig.certificate_user(self._pki.admin),
        )
        self._api = ApiAccess(self.url, self._pki)
        self._etcd = Daemon(
            "etcd",
            [
                binaries.path("etcd"),
                *flags.etcd(folder / "etcd", etcd_client, etcd_peer),
                "--socket-reuse-port",
            ],
            folder / "etcd.log",
        )
        self._server = Daemon(
            "kube-apiserver",
            [
                binaries.path("kube-apiserver"),
                *flags.api_server(self._pki, etcd_client, port, _SERVICES),
                f"--bind-address={LOOPBACK}",
                "--permit-port-sharing",
                # Nobody reaches it by the `kubernetes` Service, and a loopback address would
                # be refused there.
                "--endpoint-reconciler-type=none",
                f"--advertise-address={LOOPBACK}",
                "--disable-admission-plugins=ServiceAccount",
            ],
            folder / "kube-apiserver.log",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start, or start again with the same port and data; returns when it is ready.

        Raises StartFailed with the end of the log.
        """
        self._etcd.start()
        self._server.start()
        wait_for("the API server's becoming ready", self._is_ready, _START_SECONDS)

    def _is_ready(self) -> bool:
        self._etcd.check()
        self._server.check()
        return self._api.ready()

    def stop(self) -> None:
        """End the API server at once, as when its machine fails; etcd keeps the data."""
        self._server.stop(patience=0)

    def pause(self) -> None:
        """Freeze the API server: connections stay open and nothing answers."""
        self._server.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen API server go on."""
        self._server.signal(signal.SIGCONT)

    def close(self) -> None:
        """End everything and remove the data; logs stay."""
        self._server.stop(patience=0)
        self._etcd.stop(patience=0)
        for port in self._ports:
            port.release()
        shutil.rmtree(self._folder / "etcd", ignore_errors=True)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl as the administrator and give what it prints; raises CommandFailed."""
        return kubectl.run(self._binaries, self.kubeconfig, arguments, stdin)

    def token(
        self,
        namespace: str,
        service_account: str,
        audiences: Sequence[str] = (),
        seconds: int = 3600,
    ) -> str:
        """A token of a ServiceAccount, which is made if need be, with its namespace.

        Without audiences it is for the API server. The API allows no less than 600 seconds.
        """
        self._ensure_account(namespace, service_account)
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{service_account}/token"
        spec: dict[str, object] = {"expirationSeconds": seconds}
        if audiences:
            spec["audiences"] = list(audiences)
        kind = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
        return str(self._api.create(path, {**kind, "spec": spec})["status"]["token"])

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """A kubeconfig of a ServiceAccount, which may do only what RBAC grants it."""
        token = self.token(namespace, name, seconds=_KUBECONFIG_TOKEN_SECONDS)
        return kubeconfig.write(
            self._folder / f"{namespace}.{name}.kubeconfig",
            server=self.url,
            authority=self.ca_file,
            user=kubeconfig.token_user(token),
            namespace=namespace,
        )

    def _ensure_account(self, namespace: str, name: str) -> None:
        of_kind = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        self._api.ensure("/api/v1/namespaces", of_kind)
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
        self._api.ensure(f"/api/v1/namespaces/{namespace}/serviceaccounts", account)
