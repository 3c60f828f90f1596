"""The containers and volumes that injection adds, as parts of a pod's document.

The order of fields and of items is fixed: what is computed twice from the same input is the same
text, so that a chart's own pods can be compared with it.
"""

from mesh_injector.containers.additions import Additions, additions
from mesh_injector.containers.debug_container import debug_container
from mesh_injector.containers.document import Document
from mesh_injector.containers.environment_variables import environment_variables
from mesh_injector.containers.init_container import init_container
from mesh_injector.containers.network_validator import network_validator
from mesh_injector.containers.proxy_container import proxy_container
from mesh_injector.containers.volumes import volumes

__all__ = [
    "Additions",
    "Document",
    "additions",
    "debug_container",
    "environment_variables",
    "init_container",
    "network_validator",
    "proxy_container",
    "volumes",
]
