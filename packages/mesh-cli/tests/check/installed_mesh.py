"""The chart, installed by Helm on a real API server, and what tests do to it."""

import contextlib
import json
import os
import subprocess
from pathlib import Path

import yaml

from mesh_cli.check.categories.all import Purpose
from mesh_cli.check.printed import Silent
from mesh_cli.check.session import check_cluster
from mesh_cli.check.settings import Settings

CHART = Path(__file__).resolve().parents[4] / "deploy" / "mesh"
NAMESPACE = "linkerd"
VERSION = "0.1.0"


def look(kubeconfig, purpose=Purpose.CONTROL_PLANE, *, wait=0.0, context=None, **settings):
    """What `mesh check` finds, without what is well: levels and texts by description."""
    report = check_cluster(
        Settings(**{"cli_version": VERSION, **settings}),
        purpose,
        Silent(),
        kubeconfig=kubeconfig,
        context=context,
        wait=wait,
    )
    return {
        result.check.description: (str(result.level), str(result.finding))
        for category in report.categories
        for result in category.results
        if result.finding is not None
    }


class InstalledMesh:
    """An installation, its API server's kubectl, and Helm."""

    def __init__(self, api_server, helm, folder, values):
        self.api_server = api_server
        self.kubectl = api_server.kubectl
        self.kubeconfig = api_server.kubeconfig
        self._helm = helm
        self._values = folder / "values.yaml"
        self._values.write_text(yaml.safe_dump(values))
        self._folder = folder

    def helm(self, *arguments):
        environment = {**os.environ, "HOME": str(self._folder), "KUBECONFIG": str(self.kubeconfig)}
        where = ("mesh", str(CHART), f"--namespace={NAMESPACE}", f"--values={self._values}")
        subprocess.run(
            [self._helm, *arguments, *where], check=True, capture_output=True, env=environment
        )

    def install(self):
        self.helm("install", "--create-namespace")

    def uninstall(self):
        environment = {**os.environ, "HOME": str(self._folder), "KUBECONFIG": str(self.kubeconfig)}
        command = [self._helm, "uninstall", "mesh", f"--namespace={NAMESPACE}", "--wait=false"]
        subprocess.run(command, check=True, capture_output=True, env=environment)

    def get(self, kind, name):
        text = self.kubectl("get", kind, name, f"--namespace={NAMESPACE}", "--output=json")
        return json.loads(text)

    @contextlib.contextmanager
    def changed(self, kind, name, **parts):
        """An object with other parts, as it was before afterwards."""
        before = self.get(kind, name)
        self._patch(kind, name, parts)
        try:
            yield
        finally:
            self._patch(kind, name, {part: before.get(part) for part in parts})

    @contextlib.contextmanager
    def without(self, kind, name):
        """No such object; the same one afterwards."""
        before = self.get(kind, name)
        for field in ("uid", "resourceVersion", "creationTimestamp", "generation"):
            before["metadata"].pop(field, None)
        self.kubectl("delete", kind, name, f"--namespace={NAMESPACE}")
        try:
            yield
        finally:
            self.kubectl("create", "--filename=-", stdin=json.dumps(before))

    @contextlib.contextmanager
    def granted(self, name, rules):
        """A kubeconfig of somebody who may do this, everywhere, and nothing else."""
        account = f"check-{name}:{name}"
        kubeconfig = self.api_server.service_account_kubeconfig(f"check-{name}", name)
        role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"}
        document = {**role, "metadata": {"name": f"check-{name}"}, "rules": rules}
        self.kubectl("create", "--filename=-", stdin=json.dumps(document))
        binding = ("create", "clusterrolebinding", f"check-{name}", f"--clusterrole=check-{name}")
        self.kubectl(*binding, f"--serviceaccount={account}")
        try:
            yield kubeconfig
        finally:
            self.kubectl("delete", "clusterrolebinding,clusterrole", f"check-{name}")

    def look(self, purpose=Purpose.CONTROL_PLANE, **settings):
        return look(self.kubeconfig, purpose, **settings)

    def _patch(self, kind, name, document):
        self.kubectl(
            *("patch", kind, name, f"--namespace={NAMESPACE}", "--type=merge"),
            f"--patch={json.dumps(document)}",
        )
