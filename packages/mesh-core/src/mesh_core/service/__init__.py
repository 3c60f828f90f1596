"""What every service needs to run: admin endpoints, logs, an ordered stop.

Needs the extra `[service]`. A service's whole main is
`sys.exit(run(main, Settings("mesh-x", Authority.parse("0.0.0.0:9990"))))`.
"""

from mesh_core.service.admin_server import AdminServer
from mesh_core.service.errors import ServiceError
from mesh_core.service.heartbeat import Heartbeat
from mesh_core.service.listening import grpc_target, listen
from mesh_core.service.logs import configure as configure_logs
from mesh_core.service.mounted_files import (
    Contents,
    MountedFiles,
    MountError,
    ReloadMetrics,
    read_mounted,
)
from mesh_core.service.readiness import Readiness
from mesh_core.service.runtime import Service, Settings, run

__all__ = [
    "AdminServer",
    "Contents",
    "Heartbeat",
    "MountError",
    "MountedFiles",
    "Readiness",
    "ReloadMetrics",
    "Service",
    "ServiceError",
    "Settings",
    "configure_logs",
    "grpc_target",
    "listen",
    "read_mounted",
    "run",
]
