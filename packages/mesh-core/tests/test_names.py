"""Identities, SPIFFE IDs and DNS names: one reading each, and it round-trips."""

import contextlib
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_core.names import Identity, InvalidNameError, PodAddressName, ServiceName, SpiffeId

LABELS = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,12}[a-z0-9])?", fullmatch=True)
SUBDOMAINS = st.lists(LABELS, min_size=1, max_size=3).map(".".join)
WEB = "web.shop.serviceaccount.identity.linkerd.cluster.local"


def test_an_identity_is_spelled_as_its_certificate_does():
    assert str(Identity("web", "shop")) == WEB
    assert Identity.parse(WEB) == Identity("web", "shop", "linkerd", "cluster.local")


def test_service_accounts_may_hold_dots():
    identity = Identity("a.b", "shop")
    assert Identity.parse(str(identity)) == identity


@given(SUBDOMAINS, LABELS, LABELS, SUBDOMAINS)
def test_identities_round_trip(account, namespace, control_plane, trust_domain):
    try:
        identity = Identity(account, namespace, control_plane, trust_domain)
    except InvalidNameError as error:
        assert "longer than" in str(error) or "more than one reading" in str(error)  # noqa: PT017
        return
    assert Identity.parse(str(identity)) == identity


@given(
    st.text(max_size=80) | st.text("a.-").map(lambda text: f"{text}.serviceaccount.identity.{text}")
)
def test_only_identities_parse(text):
    with contextlib.suppress(InvalidNameError):
        assert str(Identity.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "web.shop",
        "shop.serviceaccount.identity.linkerd.cluster.local",
        ".shop.serviceaccount.identity.linkerd.cluster.local",
        "web..serviceaccount.identity.linkerd.cluster.local",
        "web.shop.serviceaccount.identity.linkerd",
        "web.shop.serviceaccount.identity..cluster.local",
        "Web.shop.serviceaccount.identity.linkerd.cluster.local",
        "web.shop.serviceaccount.identity.linkerd.cluster.local.",
        "*.shop.serviceaccount.identity.linkerd.cluster.local",
        "a.b.serviceaccount.identity.c.serviceaccount.identity.d.e",
        "web.shop.serviceaccount.identity.linkerd." + "a" * 64,
        "a" * 250 + ".shop.serviceaccount.identity.linkerd.cluster.local",
        "web.shop.serviceaccount.identity.linkerd.cluster.local\n",
    ],
)
def test_what_is_no_identity(text):
    with pytest.raises(InvalidNameError):
        Identity.parse(text)


def test_an_account_cannot_pretend_to_be_another_control_planes():
    with pytest.raises(InvalidNameError, match="more than one reading"):
        Identity("admin.kube.serviceaccount.identity.linkerd.evil", "shop")


@pytest.mark.parametrize("text", ["spiffe://a.b", "spiffe://a/ns/shop/sa/web", "spiffe://a_b/X.y"])
def test_spiffe_ids_round_trip(text):
    assert str(SpiffeId.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "spiffe:/a",
        "SPIFFE://a/b",
        "https://a/b",
        "spiffe:///b",
        "spiffe://A/b",
        "spiffe://a:8080/b",
        "spiffe://u@a/b",
        "spiffe://a/",
        "spiffe://a//b",
        "spiffe://a/b/",
        "spiffe://a/./b",
        "spiffe://a/../b",
        "spiffe://a/b?c",
        "spiffe://a/b#c",
        "spiffe://a/b%20c",
        "spiffe://a/b\n",
        "spiffe://" + "a" * 256,
        "spiffe://a/" + "b" * 2048,
    ],
)
def test_what_is_no_spiffe_id(text):
    with pytest.raises(InvalidNameError):
        SpiffeId.parse(text)


def test_a_spiffe_path_begins_with_a_slash():
    with pytest.raises(InvalidNameError, match="must begin with"):
        SpiffeId("a", "b")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("web.shop.svc.cluster.local", ServiceName("web", "shop")),
        ("WEB.shop.svc.cluster.local.", ServiceName("web", "shop")),
        ("w-0.web.shop.svc.cluster.local", ServiceName("web", "shop", hostname="w-0")),
    ],
)
def test_service_names(text, expected):
    assert ServiceName.parse(text) == expected
    assert ServiceName.parse(str(expected)) == expected


def test_service_names_of_another_cluster_domain():
    assert ServiceName.parse("a.b.svc.corp.test", "corp.test").namespace == "b"
    with pytest.raises(InvalidNameError, match=r"svc\.cluster\.local"):
        ServiceName.parse("a.b.svc.corp.test")


@pytest.mark.parametrize(
    "text",
    [
        "web",
        "web.shop",
        "web.svc.cluster.local",
        ".web.shop.svc.cluster.local",
        "a.b.web.shop.svc.cluster.local",
        "web.shop.svc.cluster.local..",
        "we b.shop.svc.cluster.local",
        "web.shop.svcXcluster.local",
        "svc.cluster.local",
    ],
)
def test_what_is_no_service_name(text):
    with pytest.raises(InvalidNameError):
        ServiceName.parse(text)


def test_a_cluster_domain_is_a_dns_name():
    with pytest.raises(InvalidNameError, match="cluster domain"):
        ServiceName("a", "b", "c..d")


@given(LABELS, LABELS, st.just("") | LABELS)
def test_service_names_round_trip(service, namespace, hostname):
    name = ServiceName(service, namespace, hostname=hostname)
    assert ServiceName.parse(str(name)) == name


@given(st.ip_addresses(), LABELS)
def test_pod_address_names_round_trip(address, namespace):
    if address.version == 6 and address.scope_id:
        return
    name = PodAddressName(address, namespace)
    assert PodAddressName.parse(str(name)) == name


def test_pod_address_names_look_as_dns_serves_them():
    assert str(PodAddressName(ip_address("10.1.2.3"), "shop")) == "10-1-2-3.shop.pod.cluster.local"


@pytest.mark.parametrize(
    "text",
    ["10-1-2.shop.pod.cluster.local", "10-1-2-3.pod.cluster.local", "10-1-2-3.shop", "x.y.z"],
)
def test_what_is_no_pod_address_name(text):
    with pytest.raises(InvalidNameError):
        PodAddressName.parse(text)
