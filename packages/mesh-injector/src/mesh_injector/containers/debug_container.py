"""`linkerd-debug`: tools for watching a pod's network."""

from mesh_injector.containers.document import Document, given
from mesh_injector.containers.names import DEBUG_CONTAINER
from mesh_injector.images import image_reference
from mesh_injector.proxy_settings import ProxySettings


def debug_container(settings: ProxySettings) -> Document:
    """Give the container; its image captures as root, with what the runtime allows by default."""
    return given(
        name=DEBUG_CONTAINER,
        image=image_reference(settings.debug_image, settings.debug_version),
        imagePullPolicy=settings.debug_image_pull_policy.value,
        terminationMessagePolicy="FallbackToLogsOnError",
    )
