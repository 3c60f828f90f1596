"""From the proxies' metrics to rows, errors and a verdict."""

import json
from dataclasses import replace

import pytest
from demo_metrics import CLIENT, PLAIN, ROUTE, SERVER, application, identity, nothing_yet, pod, web

from mesh_cli.demo.edges import UNMESHED, edge_rows
from mesh_cli.demo.report import report


def judged(pods, before=None, **choices):
    return report(before or nothing_yet(), pods, seconds=10.0, ready_seconds=4.5, **choices)


def workload(result, name):
    return next(row for row in result.workloads if row.name == name)


def all_edges(pods):
    return edge_rows(pods, pods)


def edge(pods, src, dst):
    return next(row for row in all_edges(pods) if (row.src, row.dst) == (src, dst))


def test_a_healthy_application():
    result = judged(application())
    assert result.errors == ()
    assert result.succeeded
    assert [row.name for row in result.workloads] == ["client", "old", "web"]
    assert result.sidecar_rss_bytes == (14000000, 15000000)


def test_golden_metrics_are_what_the_workload_served_without_probes():
    row = workload(judged(application(web(answered=190, failed=10))), "web")
    assert row.meshed == (1, 1)
    assert (row.requests, row.failures) == (200, 10)
    assert row.success == pytest.approx(0.95)
    assert row.rps == pytest.approx(20.0)
    assert row.tcp_connections == 3, "connections from clients, not those to the application"


def test_percentiles_come_from_the_buckets():
    row = workload(judged(application(web(answered=100, slow=2))), "web")
    assert row.p50 == pytest.approx(5.1, abs=0.1)
    assert 10 <= row.p99 <= 20


def test_what_serves_nothing_has_no_numbers():
    row = workload(judged(application()), "client")
    assert (row.success, row.rps, row.p50, row.tcp_connections) == (None, None, None, 0)
    row = workload(judged(application()), "old")
    assert (row.meshed, row.tcp_connections) == ((0, 1), None)


def test_only_the_window_counts_for_rates_and_failures():
    earlier = application(web(answered=100, failed=7))
    result = judged(application(web(answered=150, failed=7)), before=earlier)
    assert workload(result, "web").requests == 50
    assert workload(result, "web").success == 1.0
    assert result.succeeded, "what failed before the shop was open is no failure"


def test_a_secured_edge_names_both_ends():
    seen = edge(application(), "client", "web")
    assert seen.secured
    assert (seen.client_id, seen.server_id) == (identity("client"), identity("web"))
    assert seen.reason == ""


def test_an_edge_to_an_unmeshed_server_says_so_and_is_no_error():
    seen = edge(application(), "client", "old")
    assert (seen.secured, seen.expected) == (False, False)
    assert seen.reason == "server not meshed"


def test_plaintext_requests_of_an_unmeshed_client_make_an_edge():
    plain = f'request_total{{direction="inbound",target_port="8080",{PLAIN},{SERVER},{ROUTE}}} 5\n'
    seen = edge(application(web() + plain), UNMESHED, "web")
    assert (seen.secured, seen.expected) == (False, False)
    assert seen.reason == "client not meshed"
    assert judged(application(web() + plain)).succeeded


def test_plaintext_from_before_the_window_makes_no_edge():
    plain = f'request_total{{direction="inbound",target_port="8080",{PLAIN},{ROUTE}}} 2\n'
    pods = application(web() + plain)
    sources = {row.src for row in judged(pods, before=pods).edges}
    assert sources == {"client"}


def test_plaintext_before_there_is_a_policy_makes_no_edge():
    plain = f'request_total{{direction="inbound",target_port="8080",{PLAIN}}} 2\n'
    assert {row.src for row in all_edges(application(web() + plain))} == {"client"}


def test_probes_make_no_edge():
    assert UNMESHED not in {row.src for row in all_edges(application())}


def test_the_control_plane_is_no_part_of_the_application():
    assert {row.dst for row in all_edges(application())} == {"web", "old"}


def test_plaintext_between_meshed_workloads_is_an_error():
    plain = CLIENT.replace('tls="true",server_id', 'tls="no_identity",no_tls_reason="loopback",x')
    result = judged(application(client_text=plain))
    assert "client → web is not secured: it stays within the pod" in result.errors


def test_one_plaintext_connection_among_secured_ones_is_an_error():
    once = CLIENT + (
        'tcp_open_total{direction="outbound",peer="dst",target_addr="10.0.0.2:8080",'
        'tls="no_identity",no_tls_reason="not_provided_by_service_discovery"} 1\n'
    )
    result = judged(application(client_text=once))
    assert any("client → web is not secured" in error for error in result.errors)


def test_the_server_must_have_verified_the_client():
    other = web().replace(identity("client"), identity("somebody"))
    seen = edge(application(other), "client", "web")
    assert not seen.secured
    assert seen.client_id == ""
    assert seen.reason == "the server has not verified the client"


def test_failures_are_named_once_with_their_cause():
    result = judged(application(web(answered=190, failed=10)))
    assert result.errors == ("web: 10 of 200 requests it served failed (10 × status 503)",)


def test_silence_is_no_success():
    result = judged(nothing_yet())
    assert not result.succeeded
    assert "web: its proxies have seen no connection" in result.errors
    assert "no request was answered" in result.errors
    assert "shop/web-1: its proxy shows no metrics" in result.errors


def test_what_never_got_ready_is_the_one_reason():
    pods = [replace(pod, ready=pod.workload != "web") for pod in nothing_yet()]
    result = report(pods, pods, seconds=0.0, ready_seconds=None)
    assert "shop/web-1 is not ready" in result.errors
    assert not any("no connection" in error or "no request" in error for error in result.errors)


def test_a_pod_that_is_not_ready_is_an_error():
    pods = [replace(each, ready=each.workload != "old") for each in application()]
    assert any("shop/old-1 is not ready" in error for error in judged(pods).errors)


def test_problems_of_the_mesh_itself_are_errors():
    assert judged(application(), problems=["boom"]).errors == ("boom",)


def test_an_ipv6_target_finds_its_workload():
    text = (
        'tcp_open_total{direction="outbound",peer="dst",target_addr="[fd00::9]:8080",'
        'tls="no_identity",no_tls_reason="not_provided_by_service_discovery"} 1\n'
    )
    pods = [pod("client", text, "10.0.0.1"), pod("old", None, "fd00::9")]
    assert edge(pods, "client", "old").reason == "server not meshed"


def test_the_document_is_json_with_plain_numbers():
    document = json.loads(json.dumps(judged(application()).document()))
    assert set(document) == {"workloads", "edges", "ready_seconds", "sidecar_rss_bytes", "errors"}
    assert document["ready_seconds"] == 4.5
    row = next(row for row in document["workloads"] if row["name"] == "web")
    assert row["success"] == 1.0
    assert row["rps"] == 10.0
    assert row["meshed"] == "1/1"
    assert set(document["edges"][0]) == {
        *("src", "dst", "client_id", "server_id", "secured", "reason")
    }
