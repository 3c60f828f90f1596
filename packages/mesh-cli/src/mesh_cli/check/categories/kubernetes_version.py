"""Whether the API server is new enough."""

import re

from mesh_cli.check.categories import kubernetes_api
from mesh_cli.check.check import Category, Check
from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.finding import Finding, error

NAME = "kubernetes-version"
MINIMUM = (1, 31, 0)

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


def judge_version(git_version: str) -> Finding | None:
    """Compare what the server says, such as `v1.34.4+k3s1`."""
    found = _VERSION.match(git_version)
    wanted = ".".join(map(str, MINIMUM))
    if found is None:
        return error(
            f"the API server says its version is {git_version!r}; expected {wanted} or newer"
        )
    if tuple(map(int, found.groups())) >= MINIMUM:
        return None
    return error(
        f"the API server is version {git_version}, the mesh needs {wanted} or newer; "
        "upgrade the cluster"
    )


async def _version(view: ClusterView) -> Finding | None:
    return judge_version(str(await view.version()))


CATEGORY = Category(
    NAME,
    (Check("is running the minimum Kubernetes API version", "k8s-version", _version),),
    needs=frozenset({kubernetes_api.NAME}),
)
