"""`linkerd-init`: programs the redirect and ends."""

from mesh_core.resources import Pod
from mesh_injector.containers.document import Document, given
from mesh_injector.containers.names import INIT_CONTAINER, PROGRAMS
from mesh_injector.containers.resources import resource_requirements
from mesh_injector.containers.security import init_security
from mesh_injector.containers.volumes import lock_mount
from mesh_injector.images import image_reference, is_linkerds
from mesh_injector.installation import Installation
from mesh_injector.proxy_settings import ProxySettings
from mesh_injector.redirect import redirect_plan


def init_container(pod: Pod, settings: ProxySettings, installation: Installation) -> Document:
    """Give the container; its arguments are typed values, never a user's text."""
    init = installation.init
    return given(
        name=INIT_CONTAINER,
        image=image_reference(settings.image, settings.version or installation.version),
        imagePullPolicy=settings.image_pull_policy.value,
        command=[f"{PROGRAMS}/linkerd2-proxy-init"],
        args=list(redirect_plan(pod, settings, installation).arguments()),
        resources=resource_requirements(settings.resources),
        securityContext=init_security(
            init,
            writes_kernel_settings=bool(settings.close_wait_timeout and init.root),
            runs_iptables=is_linkerds(settings.image),
        ),
        terminationMessagePolicy="FallbackToLogsOnError",
        volumeMounts=[lock_mount(init.lock_directory)],
    )
