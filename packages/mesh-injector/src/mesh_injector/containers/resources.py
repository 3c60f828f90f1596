"""What a container reserves and may use."""

from mesh_injector.containers.document import Document, given
from mesh_injector.proxy_settings import Resources


def resource_requirements(resources: Resources) -> Document:
    """Give the part `resources` of a container; empty when nothing is set.

    Every added container has the proxy's: quotas and the class Guaranteed count each of them.
    """
    return given(
        limits=_quantities(
            resources.cpu_limit, resources.memory_limit, resources.ephemeral_storage_limit
        ),
        requests=_quantities(
            resources.cpu_request, resources.memory_request, resources.ephemeral_storage_request
        ),
    )


def _quantities(cpu: str, memory: str, storage: str) -> Document:
    return given(**{"cpu": cpu, "memory": memory, "ephemeral-storage": storage})
