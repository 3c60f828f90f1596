"""Whether there is an API server that answers us."""

from mesh_cli.check.check import Category, Check
from mesh_cli.check.cluster_view import QUICK_SECONDS, ClusterView
from mesh_cli.check.finding import Finding

NAME = "kubernetes-api"


async def _client(view: ClusterView) -> Finding | None:
    await view.client()
    return None


async def _query(view: ClusterView) -> Finding | None:
    await view.version()
    # Anyone may ask for the version; only who is known is told who he is.
    await view.who_am_i()
    return None


CATEGORY = Category(
    NAME,
    (
        Check("can initialize the client", "k8s-api", _client, fatal=True),
        Check(
            "can query the Kubernetes API",
            "k8s-api-query",
            _query,
            fatal=True,
            seconds=QUICK_SECONDS,
        ),
    ),
)
