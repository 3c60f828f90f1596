"""Ingress mode: `l5d-dst-override` chooses where a request goes, and cannot be misused."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import engine
import pytest
from dns_server import Dns, resolving
from fake_control import FakeControl, detect_policy, endpoints, open_server, profile
from network import APP, PEER, Pair, pair
from raw_server import RawServer

from mesh_proxy.init.namespace import entered

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

HERE, THERE, NOBODY = 8080, 8081, 8082
"""The ports of two servers: of the one that is connected to, and of the one that is chosen; and one
that nobody listens on."""
NAME = f"api.shop.svc.cluster.local:{THERE}"
OUTSIDE = "outside.test"


@pytest.fixture(scope="module")
def spaces() -> Iterator[Pair]:
    with pair() as spaces:
        engine.redirect(spaces.app)
        yield spaces


@pytest.fixture(scope="module")
def here(spaces: Pair) -> Iterator[RawServer]:
    with closing(RawServer(spaces.peer.listener(HERE))) as server:
        yield server


@pytest.fixture(scope="module")
def there(spaces: Pair) -> Iterator[RawServer]:
    with closing(RawServer(spaces.peer.listener(THERE))) as server:
        yield server


@pytest.fixture(scope="module")
def dns(spaces: Pair) -> Iterator[Dns]:
    with closing(Dns(spaces.app)) as names:
        yield names


@pytest.fixture
def names(dns: Dns) -> Iterator[Dns]:
    """Empty at first."""
    yield dns
    dns.records.clear()
    dns.asked.clear()
    dns.silent = False


@pytest.fixture(scope="module")
def control(spaces: Pair) -> Iterator[FakeControl]:
    control = FakeControl()
    control.say("WatchPort", "4191", open_server())
    control.say("GetProfile", NAME, profile(NAME.rpartition(":")[0]))
    control.say("Watch", NAME, detect_policy(NAME))
    control.say("Get", NAME, endpoints(f"{PEER[4]}:{THERE}"))
    with entered(spaces.app.path):
        control.start()
    yield control
    control.stop()


@pytest.fixture
def running(
    spaces: Pair, control: FakeControl, dns: Dns, tmp_path: Path
) -> Iterator[Callable[[bool], None]]:
    """Start an engine, in ingress mode or not."""
    token = tmp_path / "token"
    token.write_text("token")
    with ExitStack() as stack:

        def start(ingress: bool) -> None:
            settings = engine.environment(control, token)
            settings["LINKERD2_PROXY_INGRESS_MODE"] = str(ingress).lower()
            # So that answers say why.
            settings["LINKERD2_PROXY_OUTBOUND_DISABLE_INFORMATIONAL_HEADERS"] = "false"
            log = tmp_path / "log"
            proxy = engine.running(spaces.app, settings, log, before=resolving(tmp_path))
            stack.enter_context(proxy).wait_ready()

        yield start


@pytest.fixture
def ingress(running: Callable[[bool], None]) -> None:
    running(True)


def ask(spaces: Pair, *fields: str) -> bytes:
    """The answer to a request on a connection to the first server."""
    lines = ["GET /x HTTP/1.1", "Host: web.example", *fields]
    with spaces.app.connection(PEER[4], HERE) as stream:
        stream.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += stream.recv(4096)
        return answer


def override(to: str) -> str:
    return f"l5d-dst-override: {to}"


@pytest.fixture(autouse=True)
def nothing_heard(here: RawServer, there: RawServer) -> None:
    here.heard.clear()
    there.heard.clear()


@pytest.mark.usefixtures("ingress")
def test_the_request_goes_where_the_field_says_and_without_it(spaces, here, there):
    assert ask(spaces, override(NAME)).startswith(b"HTTP/1.1 200")
    (heard,) = there.heard
    assert heard.startswith(b"GET /x HTTP/1.1\r\n")
    assert b"Host: web.example" in heard
    assert b"l5d-dst-override" not in heard.lower()
    assert not here.heard


@pytest.mark.usefixtures("ingress")
def test_requests_of_one_connection_choose_for_themselves(spaces, here, there):
    with spaces.app.connection(PEER[4], HERE) as stream:
        for chosen in (NAME, None, f"{PEER[4]}:{THERE}", NAME):
            lines = ["GET /x HTTP/1.1", "Host: a", *([override(chosen)] if chosen else [])]
            stream.sendall("\r\n".join([*lines, "", ""]).encode())
            answer = b""
            while not answer.endswith(b"ok"):
                answer += stream.recv(4096)
    assert (len(here.heard), len(there.heard)) == (1, 3)


@pytest.mark.usefixtures("ingress")
def test_without_the_field_the_request_goes_where_its_connection_went(spaces, here, there):
    """Host chooses nothing: an ingress passes it on from outside."""
    assert ask(spaces).startswith(b"HTTP/1.1 200")
    assert len(here.heard) == 1
    assert not there.heard


@pytest.mark.usefixtures("ingress")
def test_a_name_that_the_control_plane_does_not_know_is_looked_up(spaces, names, there):
    names.records[f"{OUTSIDE}.", "A"] = [PEER[4]]
    assert ask(spaces, override(f"{OUTSIDE}:{THERE}")).startswith(b"HTTP/1.1 200")
    assert len(there.heard) == 1


@pytest.mark.usefixtures("ingress")
def test_a_names_services_are_balanced_by_weight_within_the_first_priority(
    spaces, names, here, there
):
    target = f"servers.{OUTSIDE}."
    names.records[f"{OUTSIDE}.", "SRV"] = [
        f"1 10 {HERE} {target}",
        f"1 90 {THERE} {target}",
        f"2 100 {NOBODY} {target}",
    ]
    names.records[target, "A"] = [PEER[4]]
    for _ in range(100):
        assert ask(spaces, override(f"{OUTSIDE}:80")).startswith(b"HTTP/1.1 200")
    assert 1 <= len(here.heard) < len(there.heard) / 2


@pytest.mark.usefixtures("ingress")
def test_the_next_priority_counts_where_the_first_leads_nowhere(spaces, names, there):
    names.records[f"{OUTSIDE}.", "SRV"] = [
        f"1 0 {HERE} gone.{OUTSIDE}.",
        f"2 0 {THERE} servers.{OUTSIDE}.",
    ]
    names.records[f"servers.{OUTSIDE}.", "A"] = [PEER[4]]
    assert ask(spaces, override(f"{OUTSIDE}:80")).startswith(b"HTTP/1.1 200")
    assert len(there.heard) == 1


@pytest.mark.usefixtures("ingress")
def test_a_name_is_followed_while_it_is_used_and_stays_while_dns_is_away(
    spaces, names, here, there
):
    names.ttl = 1
    target = f"servers.{OUTSIDE}."
    names.records[target, "A"] = [PEER[4]]

    def leads_to(server: RawServer, port: int) -> bool:
        names.records[f"{OUTSIDE}.", "SRV"] = [f"1 1 {port} {target}"]
        server.heard.clear()
        assert ask(spaces, override(f"{OUTSIDE}:80")).startswith(b"HTTP/1.1 200")
        return bool(server.heard)

    assert leads_to(there, THERE)
    names.silent = True
    names.asked.clear()
    engine.until("asked in vain", lambda: leads_to(there, HERE) and len(names.asked) > 1)
    names.silent = False
    engine.until("moved", lambda: leads_to(here, HERE))


@pytest.mark.usefixtures("ingress")
@pytest.mark.parametrize(
    "value",
    ["", "api", "api:", "api:0", "api:65536", "a b:80", "user@api:80", "http://api:80", "[::1"],
)
def test_what_names_nothing_is_refused(spaces, here, there, value):
    answer = ask(spaces, override(value))
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"invalid_override" in answer
    assert not here.heard
    assert not there.heard


@pytest.mark.usefixtures("ingress")
def test_two_fields_are_refused(spaces, here, there):
    answer = ask(spaces, override(NAME), override("other.test:80"))
    assert answer.startswith(b"HTTP/1.1 400")
    assert not here.heard
    assert not there.heard


@pytest.mark.usefixtures("ingress")
@pytest.mark.parametrize(
    "to", ["127.0.0.1:80", "[::1]:80", "169.254.169.254:80", f"{APP[4]}:4191", f"{APP[4]}:4143"]
)
def test_nobody_is_led_into_the_pod_or_its_machine(spaces, here, to):
    answer = ask(spaces, override(to))
    assert answer.startswith(b"HTTP/1.1 403")
    assert b"forbidden_destination" in answer
    assert not here.heard


@pytest.mark.usefixtures("ingress")
@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", APP[4]])
def test_nor_by_a_name(spaces, names, here, address):
    host = f"rebound-{address.replace('.', '-')}.test"
    names.records[f"{host}.", "A"] = [address]
    port = 4191 if address == APP[4] else 80
    assert ask(spaces, override(f"{host}:{port}")).startswith(b"HTTP/1.1 403")
    assert not here.heard


def test_in_every_other_mode_the_field_is_only_removed(spaces, running, here, there):
    running(False)
    assert ask(spaces, override(NAME)).startswith(b"HTTP/1.1 200")
    (heard,) = here.heard
    assert b"l5d-dst-override" not in heard.lower()
    assert not there.heard
