"""What is printed, at the sizes that terminals have."""

import pytest
from demo_metrics import PLAIN, ROUTE, SERVER, application, nothing_yet, web
from rich.console import Console

from mesh_cli.demo.audience import LiveAudience, PlainAudience
from mesh_cli.demo.edges import Edge
from mesh_cli.demo.report import report
from mesh_cli.demo.tables import milliseconds, short_identity
from mesh_cli.demo.view import LiveScreen, final_tables, fitting

CRAWL = f'request_total{{direction="inbound",target_port="8080",{PLAIN},{SERVER},{ROUTE}}} 5\n'


def result(failed=0):
    pods = application(web(answered=190, failed=failed) + CRAWL)
    return report(nothing_yet(), pods, 10.0, 4.5)


def printed(renderable, width=80, height=24):
    console = Console(width=width, height=height, color_system=None)
    with console.capture() as capture:
        console.print(renderable)
    return [line.rstrip() for line in capture.get().splitlines()]


def edge(name, *, secured):
    return Edge(name, "b", "c.x", "d.x", secured, "" if secured else "why", expected=True)


def test_the_final_tables():
    lines = printed(final_tables(result()), width=100)
    assert lines[0].split() == ["WORKLOAD", "MESHED", "SUCCESS", "RPS", "P50", "P95", "P99", "TCP"]
    assert ["web", "1/1", "100.00%", "19.0", "5.0ms", "9.5ms", "9.9ms", "3"] in [
        line.split() for line in lines
    ]
    assert ["client", "web", "client.shop", "web.shop", "√"] in [line.split() for line in lines]
    assert any("server not meshed" in line for line in lines)
    assert lines[-1].startswith("√ 1/1 edges secured · 190 requests, 0 failed · ready in 4.5 s")


def test_a_failure_is_shown_and_never_rounded_away():
    lines = printed(final_tables(result(failed=1)), width=100)
    assert any(line.startswith("× web: 1 of 191 requests it served failed") for line in lines)
    assert any("99.47%" in line for line in lines)
    assert lines[-1].startswith("× ")


@pytest.mark.parametrize("height", [24, 50])
def test_the_screen_fits_the_terminal(height):
    screen = LiveScreen(result(), "bookshop", ["Try next: nothing"])
    lines = printed(screen, height=height)
    assert len(lines) <= height
    assert lines[-1] == "Try next: nothing"


def test_edges_that_do_not_fit_are_counted_and_unsecured_ones_stay():
    edges = [edge(f"a{n}", secured=n != 7) for n in range(9)]
    shown, hidden = fitting(edges, 4)
    assert [row.src for row in shown] == ["a0", "a1", "a7"]
    assert hidden == 6
    assert fitting(edges, 9) == (edges, 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.0, "0.0ms"), (1.24, "1.2ms"), (12.4, "12ms"), (2345.0, "2.3s")],
)
def test_latencies(value, text):
    assert milliseconds(value) == text


def test_identities_are_shortened_to_what_differs():
    assert short_identity("web.shop.serviceaccount.identity.linkerd.cluster.local") == "web.shop"
    assert short_identity("") == "-"


def test_without_a_terminal_a_line_for_each_change():
    console = Console(width=120, color_system=None)
    with console.capture() as capture, PlainAudience(console) as audience:
        for ready in (0, 0, 1, 1, 3):
            audience.starting(ready, 3, float(ready))
        for second in range(22):
            audience.watching(result(), float(second))
        audience.ending()
    lines = capture.get().splitlines()
    assert [line.split(" · ")[0] for line in lines[:3]] == [
        *("0 of 3 pods ready", "1 of 3 pods ready", "3 of 3 pods ready")
    ]
    assert lines[3] == "ready after 4.5 s; watching the traffic"
    assert [line.split(":")[0] for line in lines[4:]] == [
        *("after 10 s", "after 20 s", "taking everything down")
    ]


def test_with_a_terminal_the_screen_is_redrawn_and_given_back():
    console = Console(width=100, height=40, force_terminal=True, color_system=None)
    live = LiveAudience(console, "bookshop", ["Try next: x"], "Ctrl-C ends")
    with console.capture() as capture, live as audience:
        audience.starting(0, 0, 0.1)
        audience.starting(1, 3, 1.0)
        audience.watching(result(), 7.0)
        audience.ending()
    text = capture.get()
    for part in ("starting the mesh", "1 of 3 pods ready", "watching for 7 s", "Try next: x"):
        assert part in text
