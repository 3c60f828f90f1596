"""Whether the control plane's own proxies work."""

from mesh_cli.check.categories import linkerd_existence
from mesh_cli.check.categories.linkerd_identity import now
from mesh_cli.check.check import Category, Check
from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.control_plane import control_plane_pods
from mesh_cli.check.finding import Finding, Level
from mesh_cli.check.installed import installed
from mesh_cli.check.proxies import (
    judge_cli_versions,
    judge_containers,
    judge_proxies,
    judge_versions,
    proxy_states,
)

NAME = "linkerd-control-plane-proxy"

_RESTART = "they follow with the next `helm upgrade`"


async def _healthy(view: ClusterView) -> Finding | None:
    pods = await control_plane_pods(view)
    missing = judge_containers(pods)
    return missing or judge_proxies(await proxy_states(view, pods), await now(view))


async def _current(view: ClusterView) -> Finding | None:
    version = (await installed(view)).proxy_version
    return judge_versions(await control_plane_pods(view), version, restart=_RESTART)


async def _match(view: ClusterView) -> Finding | None:
    return judge_cli_versions(await control_plane_pods(view), view.settings.cli_version)


CATEGORY = Category(
    NAME,
    (
        Check("control plane proxies are healthy", "l5d-cp-proxy-healthy", _healthy, retried=True),
        Check(
            "control plane proxies are up-to-date",
            "l5d-cp-proxy-version",
            _current,
            unknown=Level.WARNING,
        ),
        Check(
            "control plane proxies and cli versions match",
            "l5d-cp-proxy-cli-version",
            _match,
            unknown=Level.WARNING,
        ),
    ),
    needs=frozenset({linkerd_existence.NAME}),
)
