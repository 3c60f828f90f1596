"""Values that cannot hold together."""

from dataclasses import fields

from mesh_core.quantity import parse_quantity
from mesh_injector.containers.network_validator import validator_addresses
from mesh_injector.installation import Installation
from mesh_injector.proxy_settings import ProxySettings, Resources
from mesh_injector.values.tree import ValuesError


def check_installation(installation: Installation) -> None:
    """Raise ValuesError for the first conflict."""
    proxy = installation.proxy
    _check_ports(proxy)
    _check_validator(installation)
    _check_resources(proxy.resources)
    if proxy.wait_before_exit_seconds and proxy.native_sidecar:
        raise ValuesError(
            "proxy.waitBeforeExitSeconds",
            "does not work with a native sidecar; set it to 0, or proxy.nativeSidecar to false",
        )
    if proxy.close_wait_timeout and not installation.init.root:
        raise ValuesError(
            "proxyInit.closeWaitTimeoutSecs",
            "needs a linkerd-init that runs as root; set it to 0, or proxyInit.runAsRoot to true",
        )


def _check_ports(proxy: ProxySettings) -> None:
    own = (proxy.inbound_port, proxy.outbound_port, proxy.admin_port, proxy.control_port)
    if len(set(own)) != len(own):
        raise ValuesError(
            "proxy.ports", f"inbound, outbound, admin and control must differ, got {own}"
        )


def _check_validator(installation: Installation) -> None:
    """Refuse to listen where the connection cannot come back; [::] takes IPv4 as well."""
    connect, listen = validator_addresses(installation.proxy, installation)
    if connect.startswith("[") != listen.startswith("[") and not listen.startswith("[::]"):
        raise ValuesError(
            "networkValidator.listenAddr",
            f"{listen} and connectAddr {connect} differ in their IP version; give two of one",
        )


def _check_resources(resources: Resources) -> None:
    for field in fields(Resources):
        resource, _, bound = field.name.rpartition("_")
        request, limit = getattr(resources, field.name), getattr(resources, f"{resource}_limit")
        if bound != "request" or not (request and limit):
            continue
        if parse_quantity(request) > parse_quantity(limit):
            path = f"proxy.resources.{resource.replace('_', '-')}.request"
            raise ValuesError(path, f"{request} is more than the limit, {limit}")
