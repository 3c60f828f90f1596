"""`linkerd-network-validator`: fails where a CNI plugin has not made the redirect."""

from mesh_core.durations import format_duration
from mesh_injector.containers.document import Document, given
from mesh_injector.containers.names import NETWORK_VALIDATOR_CONTAINER, PROGRAMS
from mesh_injector.containers.resources import resource_requirements
from mesh_injector.containers.security import unprivileged
from mesh_injector.images import image_reference
from mesh_injector.installation import Installation
from mesh_injector.proxy_settings import ProxySettings
from mesh_proto.vocabulary import ports

_NOBODY_IPV4 = "1.1.1.1:20001"
_NOBODY_IPV6 = "[fd00::1]:20001"


def network_validator(settings: ProxySettings, installation: Installation) -> Document:
    """Give the container: it connects to nobody and expects the redirect to bring it back."""
    validator = installation.network_validator
    connect, listen = validator_addresses(settings, installation)
    return given(
        name=NETWORK_VALIDATOR_CONTAINER,
        image=image_reference(settings.image, settings.version or installation.version),
        imagePullPolicy=settings.image_pull_policy.value,
        command=[f"{PROGRAMS}/linkerd2-network-validator"],
        args=[
            *("--log-format", validator.log_format.value),
            *("--log-level", validator.log_level),
            *("--connect-addr", connect),
            *("--listen-addr", listen),
            *("--timeout", format_duration(validator.timeout)),
        ],
        resources=resource_requirements(settings.resources),
        securityContext=(
            unprivileged(ports.INIT_UID, ports.INIT_UID) if validator.security_context else None
        ),
        terminationMessagePolicy="FallbackToLogsOnError",
    )


def validator_addresses(settings: ProxySettings, installation: Installation) -> tuple[str, str]:
    """Say where it connects to and where it waits for itself."""
    validator = installation.network_validator
    connect = validator.connect_address or (_NOBODY_IPV6 if installation.ipv6 else _NOBODY_IPV4)
    everywhere = "[::]" if installation.ipv6 else "0.0.0.0"
    return connect, validator.listen_address or f"{everywhere}:{settings.outbound_port}"
