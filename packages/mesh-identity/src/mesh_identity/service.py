"""The running service, on one machine or in a cluster."""

from __future__ import annotations

import warnings

from mesh_core.service import Service, Settings, run
from mesh_identity.configuration import Configuration, InCluster, OneMachine


def serve(configuration: Configuration) -> int:
    """Run until SIGTERM and give the exit code."""
    # Common names beyond 64 bytes break X.520 and are common all the same; each would be a warning.
    warnings.filterwarnings("ignore", "Attribute's length must be", UserWarning)

    async def main(service: Service) -> None:
        await _start(service, configuration)

    return run(
        main,
        Settings(
            "mesh-identity",
            configuration.admin_address,
            configuration.log_level,
            configuration.log_format,
        ),
    )


async def _start(service: Service, configuration: Configuration) -> None:
    # Here, because a Kubernetes client takes longer to import than all the rest.
    match configuration.mode:
        case OneMachine() as mode:
            from mesh_identity import one_machine  # noqa: PLC0415

            one_machine.start(service, configuration, mode)
        case InCluster() as mode:
            from mesh_identity import in_cluster  # noqa: PLC0415

            await in_cluster.start(service, configuration, mode)
