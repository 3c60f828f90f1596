"""One run of `mesh check` against a cluster."""

import asyncio
from pathlib import Path

from mesh_cli.check.audience import Audience
from mesh_cli.check.categories.all import CATEGORIES, Purpose
from mesh_cli.check.cluster_view import ClusterView
from mesh_cli.check.report import Report
from mesh_cli.check.runner import Runner
from mesh_cli.check.settings import Settings
from mesh_core.kubernetes import KubernetesClient


def check_cluster(
    settings: Settings,
    purpose: Purpose,
    audience: Audience,
    *,
    kubeconfig: Path | None,
    context: str | None,
    wait: float,
) -> Report:
    """Look at the cluster of a kubeconfig and tell `audience`."""

    async def connect() -> KubernetesClient:
        agent = f"mesh-cli/{settings.cli_version}"
        return await KubernetesClient.connect(kubeconfig, context, user_agent=agent)

    async def run() -> Report:
        view = ClusterView(settings, connect)
        try:
            return await Runner(view, audience, wait=wait).run(CATEGORIES[purpose])
        finally:
            await view.close()

    return asyncio.run(run())
