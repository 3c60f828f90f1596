"""ClusterIPs, endpoints and routes from Services and pods."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_cli.local.addresses import PodAddresses, ServiceAddresses
from mesh_cli.local.controllers.endpoints import slices_of
from mesh_cli.local.controllers.routes import routes_of
from mesh_cli.local.controllers.services import complete
from mesh_cli.local.errors import LocalError
from mesh_cli.local.settings import POD_NETWORKS, SERVICE_NETWORKS
from mesh_core.resources import Pod, Service, decode_as

ADDRESSES = [ipaddress.ip_address("10.96.0.20"), ipaddress.ip_address("fd00:10:96::14")]


def service(**spec):
    ports = spec.pop("ports", [{"name": "http", "port": 80, "targetPort": "http"}])
    return decode_as(
        Service,
        {
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"selector": {"app": "web"}, "ports": ports, **spec},
        },
    )


def pod(name, number, *, port=8080, ready=True, terminating=False, app="web", **spec):
    meta = {"name": name, "namespace": "shop", "labels": {"app": app}}
    if terminating:
        meta["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return decode_as(
        Pod,
        {
            "metadata": meta,
            "spec": {
                "containers": [{"name": "a", "ports": [{"name": "http", "containerPort": port}]}],
                **spec,
            },
            "status": {
                "podIP": f"10.244.0.{number}",
                "podIPs": [{"ip": f"10.244.0.{number}"}, {"ip": f"fd00:10:244::{number:x}"}],
                "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            },
        },
    )


@pytest.mark.parametrize(
    "spec, ips, families",
    [
        ({}, ("10.96.0.20",), ("IPv4",)),
        ({"ipFamilyPolicy": "PreferDualStack"}, ("10.96.0.20", "fd00:10:96::14"), ("IPv4", "IPv6")),
        ({"ipFamilies": ["IPv6"]}, ("fd00:10:96::14",), ("IPv6",)),
        ({"clusterIP": "None"}, ("None",), ("IPv4",)),
    ],
)
def test_addresses_follow_the_families_a_service_asks_for(spec, ips, families):
    made = complete(service(**spec), ADDRESSES)
    assert made.spec.cluster_ips == ips
    assert made.spec.ip_families == families


def test_a_kernel_without_ipv6_gives_one_family():
    made = complete(service(ipFamilyPolicy="PreferDualStack"), ADDRESSES[:1])
    assert made.spec.cluster_ips == ("10.96.0.20",)


def test_slices_hold_ready_state_and_numbers():
    pods = [
        pod("a", 2),
        pod("b", 3, ready=False),
        pod("c", 4, terminating=True),
        pod("x", 5, app="y"),
    ]
    (item,) = slices_of(complete(service(), ADDRESSES), pods)
    assert [(e.addresses[0], e.ready, e.conditions.terminating) for e in item.endpoints] == [
        ("10.244.0.2", True, False),
        ("10.244.0.3", False, False),
        ("10.244.0.4", False, True),
    ]
    assert item.ports[0].port == 8080
    assert item.service_name == "web"


def test_pods_with_other_numbers_behind_a_name_get_a_slice_of_their_own():
    slices = slices_of(complete(service(), ADDRESSES), [pod("a", 2), pod("b", 3, port=9090)])
    assert {item.ports[0].port: len(item.endpoints) for item in slices} == {8080: 1, 9090: 1}
    assert len({item.name for item in slices}) == 2


def test_a_dual_stack_service_has_a_slice_per_family():
    made = complete(service(ipFamilyPolicy="RequireDualStack"), ADDRESSES)
    slices = slices_of(made, [pod("a", 2)])
    assert [item.address_type for item in slices] == ["IPv4", "IPv6"]
    routes = routes_of([made], slices)
    assert [str(route.targets[0].address) for route in routes] == ["10.244.0.2", "fd00:10:244::2"]


def test_unready_endpoints_are_published_when_asked():
    made = complete(service(publishNotReadyAddresses=True), ADDRESSES)
    (item,) = slices_of(made, [pod("a", 2, ready=False)])
    assert item.endpoints[0].ready


def test_host_names_belong_to_their_subdomain():
    made = complete(service(clusterIP="None"), ADDRESSES)
    (item,) = slices_of(made, [pod("a", 2, hostname="first", subdomain="web")])
    assert item.endpoints[0].hostname == "first"
    (item,) = slices_of(made, [pod("a", 2, hostname="first", subdomain="other")])
    assert item.endpoints[0].hostname == ""


def test_routes_hold_only_ready_targets():
    made = complete(service(), ADDRESSES)
    slices = slices_of(made, [pod("a", 2), pod("b", 3, ready=False)])
    (route,) = routes_of([made], slices)
    assert [(str(t.address), t.port) for t in route.targets] == [("10.244.0.2", 8080)]


def test_services_keep_their_addresses():
    addresses = ServiceAddresses(SERVICE_NETWORKS)
    first = addresses.of("shop/web")
    assert ServiceAddresses(SERVICE_NETWORKS).of("shop/web") == first
    assert addresses.of("shop/other") != first


@given(st.sets(st.text(min_size=1), min_size=2, max_size=100))
def test_no_two_services_share_an_address(names):
    addresses = ServiceAddresses(SERVICE_NETWORKS)
    given_out = [address for name in names for address in addresses.of(name)]
    assert len(set(given_out)) == len(given_out)


def test_a_freed_pod_address_rests():
    addresses = PodAddresses(POD_NETWORKS)
    first = addresses.take()
    addresses.release(first)
    assert addresses.take() != first


def test_running_out_of_addresses_is_said():
    addresses = PodAddresses([ipaddress.ip_network("10.0.0.0/29")])
    with pytest.raises(LocalError, match="all pod addresses are in use"):
        [addresses.take() for _ in range(10)]
