"""Metrics of a small application's proxies, as a proxy writes them."""

from mesh_cli.demo.pods import PodView
from mesh_cli.demo.scrape import read


def identity(account: str) -> str:
    return f"{account}.shop.serviceaccount.identity.linkerd.cluster.local"


SERVER = 'srv_kind="default",srv_name="all-unauthenticated",srv_port="8080"'
ROUTE = 'route_group="",route_kind="default",route_name="default"'
PROBE = 'route_group="",route_kind="default",route_name="probe"'
FROM_CLIENT = f'tls="true",client_id="{identity("client")}"'
PLAIN = 'tls="no_identity",no_tls_reason="no_tls_from_remote"'
TO_WEB = (
    'authority="web.shop.svc.cluster.local:80",target_addr="10.0.0.2:8080",target_ip="10.0.0.2",'
    f'target_port="8080",tls="true",server_id="{identity("web")}",dst_deployment="web",'
    'dst_namespace="shop",dst_pod="web-1"'
)
TO_OLD = (
    'target_addr="10.0.0.9:8080",target_ip="10.0.0.9",target_port="8080",tls="no_identity",'
    'no_tls_reason="not_provided_by_service_discovery"'
)


def web(answered: int = 100, failed: int = 0, slow: int = 0) -> str:
    ok = 'status_code="200",classification="success"'
    bad = 'status_code="503",classification="failure"'
    base = f'direction="inbound",target_port="8080",{FROM_CLIENT},{SERVER},{ROUTE}'
    return f"""
request_total{{{base}}} {answered + failed}
request_total{{direction="inbound",target_port="8080",{PLAIN},{SERVER},{PROBE}}} 50
response_total{{{base},{ok}}} {answered}
response_total{{{base},{bad}}} {failed}
response_total{{direction="inbound",target_port="8080",{PLAIN},{SERVER},{PROBE},{ok}}} 50
response_total{{direction="inbound",target_port="4191",{PLAIN},{ok}}} 9
response_latency_ms_bucket{{{base},{ok},le="10"}} {answered - slow}
response_latency_ms_bucket{{{base},{ok},le="20"}} {answered}
response_latency_ms_bucket{{{base},{ok},le="+Inf"}} {answered}
tcp_open_total{{direction="inbound",peer="src",{FROM_CLIENT}}} 1
tcp_open_connections{{direction="inbound",peer="src",{FROM_CLIENT}}} 3
tcp_open_connections{{direction="inbound",peer="dst",{FROM_CLIENT}}} 7
process_resident_memory_bytes 15000000
"""


CLIENT = f"""
request_total{{direction="outbound",{TO_WEB}}} 100
response_total{{direction="outbound",{TO_WEB},status_code="200",classification="success"}} 100
tcp_open_total{{direction="outbound",peer="dst",{TO_WEB}}} 1
tcp_open_total{{direction="outbound",peer="dst",{TO_OLD}}} 4
tcp_open_total{{direction="outbound",peer="dst",target_addr="10.96.0.1:8086",tls="true"}} 1
process_resident_memory_bytes 14000000
"""


def pod(workload: str, text: str | None, address: str, **fields) -> PodView:
    return PodView(
        namespace="shop",
        name=f"{workload}-1",
        workload=workload,
        identity="" if text is None else identity(workload),
        addresses=(address,),
        ready=fields.pop("ready", True),
        scrape=read(text or ""),
        **fields,
    )


def application(web_text: str | None = None, client_text: str = CLIENT) -> list[PodView]:
    return [
        pod("client", client_text, "10.0.0.1"),
        pod("web", web() if web_text is None else web_text, "10.0.0.2"),
        pod("old", None, "10.0.0.9"),
    ]


def nothing_yet() -> list[PodView]:
    return [pod("client", "", "10.0.0.1"), pod("web", "", "10.0.0.2"), pod("old", None, "10.0.0.9")]
