"""Authorities: one canonical form, and nothing that has two readings."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_core.authority import Authority, InvalidAuthorityError

NAMES = st.from_regex(r"[a-z_]([a-z0-9_-]{0,10}[a-z0-9_])?(\.[a-z]{1,8})?", fullmatch=True)
HOSTS = NAMES | st.ip_addresses(v=4) | st.ip_addresses(v=6).map(lambda ip: IPv6Address(int(ip)))
PORTS = st.none() | st.integers(1, 65535)


@pytest.mark.parametrize(
    "text, canonical",
    [
        ("web", "web"),
        ("WEB.Shop.svc.cluster.local.:8080", "web.shop.svc.cluster.local:8080"),
        ("localhost.:8086", "localhost:8086"),
        ("10.0.0.1:80", "10.0.0.1:80"),
        ("10.0.0.1", "10.0.0.1"),
        ("[FD00:0::1]:80", "[fd00::1]:80"),
        ("[::]", "[::]"),
        ("_http._tcp.web:080", "_http._tcp.web:80"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("1a.b", "1a.b"),
    ],
)
def test_canonical_forms(text, canonical):
    authority = Authority.parse(text)
    assert str(authority) == canonical
    assert Authority.parse(canonical) == authority


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":80",
        "web:",
        "web:0",
        "web:65536",
        "web:+80",
        "web: 80",
        "web:8 0",
        "web:٨٠",
        "web:80:80",
        "user@web",
        "user:pass@web:80",
        "web/path",
        "web?x",
        "web#x",
        "we b",
        "web\n",
        "web,api",
        "a..b",
        ".web",
        "web..",
        "-web",
        "web-",
        "a" * 64,
        ".".join(["a" * 60] * 5),
        "bücher.example",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "01.2.3.4",
        "1.2.3.4.",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "::1",
        "::1:80",
        "[::1",
        "[::1]80",
        "[::1]:",
        "[]:80",
        "[1.2.3.4]",
        "[fe80::1%eth0]:80",
        "[::1]]:80",
        "%77eb",
    ],
)
def test_everything_ambiguous_is_refused(text):
    with pytest.raises(InvalidAuthorityError, match="is not HOST"):
        Authority.parse(text)


@given(HOSTS, PORTS)
def test_authorities_round_trip(host, port):
    authority = Authority(host, port)
    assert Authority.parse(str(authority)) == authority


@given(st.text(max_size=40))
def test_any_text_is_an_authority_or_an_error_of_ours(text):
    try:
        canonical = str(Authority.parse(text))
    except InvalidAuthorityError:
        return
    assert str(Authority.parse(canonical)) == canonical


@given(NAMES, PORTS)
def test_case_and_trailing_dot_mean_nothing(name, port):
    suffix = "" if port is None else f":{port}"
    assert Authority.parse(name + suffix) == Authority.parse(f"{name.upper()}.{suffix}")


def test_addresses_and_default_ports():
    assert Authority.parse("10.0.0.1").is_address
    assert not Authority.parse("web").is_address
    assert Authority.parse("web").with_default_port(80) == Authority("web", 80)
    address = Authority(IPv4Address("10.0.0.1"), 1)
    assert address.with_default_port(80) is address
