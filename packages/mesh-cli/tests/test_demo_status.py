"""From the mesh's status document and the kernel's tables to pods."""

from demo_metrics import PLAIN, ROUTE, SERVER, pod, web
from hypothesis import given
from hypothesis import strategies as st

from mesh_cli.demo.edges import edge_rows
from mesh_cli.demo.scrape import read
from mesh_cli.demo.sockets import clients
from mesh_cli.demo.status import control_plane_problems, pod_views, restarts

# Port 4143 (102F) is listened on; 10.0.0.7 is connected to it, over a dual-stack socket
# too; the pod itself is connected to 10.0.0.9:8080.
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:102F 00000000:0000 0A 00000000:00000000 00:00000000 00000000  2102 0 1 1 0
   1: 0200000A:102F 0700000A:C001 01 00000000:00000000 00:00000000 00000000  2102 0 1 1 0
   2: 0200000A:A001 0900000A:1F90 01 00000000:00000000 00:00000000 00000000  2102 0 1 1 0
   3: 0200000A:102F 0800000A:C001 06 00000000:00000000 00:00000000 00000000  2102 0 1 1 0
"""
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 0:0
   1: 0000000000000000FFFF00000200000A:1F90 0000000000000000FFFF00000600000A:D001 01 0:0
   2: 000000FD000000000000000001000000:1F90 000000FD000000000000000005000000:D001 01 0:0
"""


def status_row(**fields):
    row = {
        "namespace": "shop",
        "name": "web-1",
        "workload": "deployment/web",
        "control_plane": False,
        "phase": "Running",
        "ready": True,
        "meshed": True,
        "addresses": ["10.0.0.2", "fd00::2"],
        "service_account": "web",
        "message": "",
    }
    return row | fields


def views(*rows, scrapes=None, peers=None):
    return pod_views(rows, "linkerd", "cluster.local", scrapes or {}, peers or {})


def test_clients_are_connected_to_what_is_listened_on():
    assert clients(TCP) == {"10.0.0.7"}
    assert clients(TCP, TCP6) == {"10.0.0.7", "10.0.0.6", "fd00::5"}
    assert clients("", TCP[:90]) == frozenset()


@given(st.text(max_size=300))
def test_any_table_is_read(text):
    clients(text, "\n" + text)


def test_a_row_becomes_a_pod():
    key = ("shop", "web-1")
    scrape = read("request_total 1\n")
    (view,) = views(status_row(), scrapes={key: scrape}, peers={key: frozenset({"10.0.0.7"})})
    assert view.workload == "web"
    assert view.identity == "web.shop.serviceaccount.identity.linkerd.cluster.local"
    assert view.addresses == ("10.0.0.2", "fd00::2")
    assert (view.scrape, view.clients) == (scrape, {"10.0.0.7"})


def test_only_the_application_that_stays():
    rows = [status_row(control_plane=True), status_row(phase="Terminating")]
    assert views(*rows) == []
    (view,) = views(status_row(meshed=False))
    assert not view.meshed


def test_what_the_mesh_itself_lacks_is_named():
    container = {"name": "web", "restarts": 2, "message": "exit code 1"}
    rows = [
        status_row(containers=[container]),
        status_row(control_plane=True, ready=False, name="dst-1", message="boom", containers=[]),
        status_row(phase="Terminating", containers=[container]),
    ]
    assert restarts(rows) == ["shop/web-1: container web was restarted 2 × (exit code 1)"]
    assert control_plane_problems(rows) == ["shop/dst-1 is not ready: boom"]


def test_an_unmeshed_client_is_named_by_its_connection():
    plain = f'request_total{{direction="inbound",target_port="8080",{PLAIN},{SERVER},{ROUTE}}} 5\n'
    pods = [
        pod("web", web() + plain, "10.0.0.2", clients=frozenset({"10.0.0.7", "10.0.0.1"})),
        pod("crawler", None, "10.0.0.7"),
        pod("client", "", "10.0.0.1"),
    ]
    (edge,) = edge_rows(pods, pods)
    assert (edge.src, edge.dst, edge.reason) == ("crawler", "web", "client not meshed")
