"""The defaults that two packages declare are the same ones."""

from mesh_core import annotations
from mesh_core.ports import PortSet
from mesh_injector import ProxySettings
from mesh_proto.vocabulary import ports


def test_ports_of_the_registry_are_those_of_the_vocabulary():
    for annotation, number in (
        (annotations.INBOUND_PORT, ports.PROXY_INBOUND),
        (annotations.OUTBOUND_PORT, ports.PROXY_OUTBOUND),
        (annotations.ADMIN_PORT, ports.PROXY_ADMIN),
        (annotations.CONTROL_PORT, ports.PROXY_CONTROL),
        (annotations.PROXY_UID, ports.PROXY_UID),
    ):
        assert annotation.parse(annotation.default, "x") == number
    opaque = annotations.OPAQUE_PORTS.parse(annotations.OPAQUE_PORTS.default, "x")
    assert opaque == PortSet.of(ports.DEFAULT_OPAQUE) == ProxySettings().opaque_ports
