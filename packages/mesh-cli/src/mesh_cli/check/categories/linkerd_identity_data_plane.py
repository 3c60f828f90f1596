"""Whether the proxies beside the applications trust what the control plane trusts."""

from collections.abc import Sequence

from mesh_cli.check.categories import linkerd_identity
from mesh_cli.check.categories.linkerd_data_plane import data_plane_pods
from mesh_cli.check.check import Category, Check
from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.finding import Finding, Level, warnings
from mesh_cli.check.installed import installed
from mesh_core.resources import Pod
from mesh_injector.pod_metadata import TRUST_ROOT, trust_root_fingerprint

NAME = "linkerd-identity-data-plane"


def judge_anchors(pods: Sequence[Pod], trust_anchors: str) -> Finding | None:
    """Say which pods were injected with other trust anchors than those that count now."""
    current = trust_root_fingerprint(trust_anchors)
    return warnings(
        [
            f"{pod} was injected with other trust anchors; restart its workload with "
            "`kubectl rollout restart` to give it the current ones"
            for pod in pods
            if pod.metadata.annotations.get(TRUST_ROOT, current) != current
        ]
    )


async def _anchors(view: ClusterView) -> Finding | None:
    anchors = (await installed(view)).installation.trust_anchors
    return judge_anchors(await data_plane_pods(view), anchors)


CATEGORY = Category(
    NAME,
    (
        Check(
            "data plane proxies certificate match CA",
            "l5d-identity-data-plane-proxies-certs-match-ca",
            _anchors,
            unknown=Level.WARNING,
        ),
    ),
    needs=frozenset({linkerd_identity.NAME}),
)
