"""The control plane by name: DNS, mutual TLS, and connections that die without a word."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import engine
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from dns_server import Dns, resolving
from fake_control import Authority, FakeControl, open_server
from network import PEER, Pair, pair

from mesh_proxy.init.namespace import entered

pytestmark = [pytest.mark.netns, pytest.mark.timeout(90)]

HOST = "control.linkerd.svc.cluster.local."
CONTROL_IDENTITY = "control.linkerd.serviceaccount.identity.linkerd.cluster.local"
PORT, OTHER_PORT = 8443, 9443


class Terminator:
    """What the control plane's own proxy does: ends TLS and passes the bytes on."""

    def __init__(self, spaces: Pair, authority: Authority, control: FakeControl, tmp_path) -> None:
        self.spaces = spaces
        self.target = control.port
        self.clients: list[x509.Certificate | None] = []
        self.names: list[str] = []
        self.frozen = threading.Event()
        self.present = lambda name: _server_context(authority, tmp_path, name, self.names)
        self.context = self.present(CONTROL_IDENTITY)
        self.listeners: list[socket.socket] = []

    def listen(self, port: int) -> "Terminator":
        listener = self.spaces.peer.listener(port)
        self.listeners.append(listener)
        threading.Thread(target=self._accept, args=[listener], daemon=True).start()
        return self

    def close(self) -> None:
        for listener in self.listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[stream], daemon=True).start()

    def _serve(self, stream: socket.socket) -> None:
        try:
            secured = self.context.wrap_socket(stream, server_side=True)
        except OSError:
            stream.close()
            return
        certificate = secured.getpeercert(binary_form=True)
        self.clients.append(x509.load_der_x509_certificate(certificate) if certificate else None)
        with entered(self.spaces.peer.path):
            inner = socket.create_connection(("127.0.0.1", self.target))
        with secured, inner:
            _relay(secured, inner, self.frozen)


def _relay(secured: ssl.SSLSocket, inner: socket.socket, frozen: threading.Event) -> None:
    """One thread may read while another writes, if neither waits for the other's lock."""
    secured.settimeout(0.05)
    inner.settimeout(0.05)
    while True:
        for source, sink in ((secured, inner), (inner, secured)):
            try:
                data = source.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            if frozen.is_set():
                continue
            try:
                sink.sendall(data)
            except OSError:
                return


def _server_context(authority: Authority, tmp_path, name: str, asked: list) -> ssl.SSLContext:
    """A server with a certificate for `name` that notes which names clients ask for."""
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = authority.leaf(key.public_key(), name, timedelta(hours=1))
    encoding = serialization.Encoding.PEM
    chain = tmp_path / "control.pem"
    chain.write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + leaf.public_bytes(encoding)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(chain)
    context.load_verify_locations(cadata=authority.pem)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.sni_callback = lambda _, name, __: asked.append(name)
    return context


@pytest.fixture(scope="module")
def spaces() -> Iterator[Pair]:
    with pair() as spaces:
        engine.redirect(spaces.app)
        yield spaces


@pytest.fixture
def control(spaces: Pair) -> Iterator[FakeControl]:
    control = FakeControl()
    control.say("WatchPort", "4191", open_server())
    with entered(spaces.peer.path):
        control.start()
    try:
        yield control
    finally:
        control.stop()


@pytest.fixture
def names(spaces: Pair) -> Iterator[Dns]:
    with closing(Dns(spaces.app)) as names:
        yield names


@pytest.fixture
def terminator(spaces, control, tmp_path) -> Iterator[Terminator]:
    with closing(Terminator(spaces, control.authority, control, tmp_path)) as terminator:
        yield terminator


@pytest.fixture
def start(spaces, control, tmp_path):
    """Start an engine that resolves names by `Dns` and reaches the control plane by name."""
    token = tmp_path / "token"
    token.write_text("token")
    variables = engine.environment(control, token)
    for service in ("DESTINATION", "POLICY", "IDENTITY"):
        variables[f"LINKERD2_PROXY_{service}_SVC_ADDR"] = f"{HOST}:{PORT}"
        variables[f"LINKERD2_PROXY_{service}_SVC_NAME"] = CONTROL_IDENTITY
    private = resolving(tmp_path)

    def start(**changes: str):
        changed = {f"LINKERD2_PROXY_{name}": value for name, value in changes.items()}
        return engine.running(spaces.app, variables | changed, tmp_path / "log", before=private)

    return start


def test_it_is_found_by_address_and_proved_both_ways(start, names, terminator, control):
    names.records[HOST, "A"] = [PEER[4]]
    terminator.listen(PORT)
    with start() as proxy:
        proxy.wait_ready()
        control.wait_stream("WatchPort", "4191")
    assert set(terminator.names) == {CONTROL_IDENTITY}
    # The call that gets the first certificate has none to show; all others have.
    certified = [certificate for certificate in terminator.clients if certificate]
    assert len(certified) < len(terminator.clients)
    assert certified
    for certificate in certified:
        names_of = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        assert names_of.value.get_values_for_type(x509.DNSName) == [engine.IDENTITY]


def test_srv_records_win_and_name_the_port(start, names, terminator):
    target = f"10-0-0-1.{HOST}"
    names.records[HOST, "SRV"] = [f"0 100 {OTHER_PORT} {target}"]
    names.records[target, "A"] = [PEER[4]]
    terminator.listen(OTHER_PORT)
    with start() as proxy:
        proxy.wait_ready()
    assert (target, "A") in names.asked


def test_a_name_that_moves_is_followed_at_once(start, names, terminator):
    """The old address stays in nobody's cache once nobody answers there."""
    names.records[HOST, "A"] = ["10.99.0.77"]
    with start() as proxy:
        engine.until("tried", lambda: (HOST, "A") in names.asked)
        names.records[HOST, "A"] = [PEER[4]]
        terminator.listen(PORT)
        proxy.wait_ready(seconds=8)


def test_somebody_else_with_a_certificate_of_the_mesh_is_not_believed(
    start, names, terminator, control
):
    names.records[HOST, "A"] = [PEER[4]]
    terminator.context = terminator.present("other.example")
    terminator.listen(PORT)
    with start() as proxy:
        proxy.wait_log("TLS: invalid peer certificate")
        assert not control.script.certified


@pytest.mark.parametrize("limit", ["LIFETIME", "IDLE_TIMEOUT"])
def test_a_stream_is_opened_again_at_its_limit(start, names, terminator, control, limit):
    names.records[HOST, "A"] = [PEER[4]]
    terminator.listen(PORT)
    with start(**{f"CONTROL_STREAM_{limit}": "200ms"}) as proxy:
        proxy.wait_ready()
        control.wait("again", lambda script: script.opened["WatchPort", "4191"] >= 3)
        assert proxy.metric("control_connects_total", 'service="policy"', 'result="ok"') == 1


def test_fault_49_a_connection_that_has_died_silently_is_noticed(start, names, terminator, control):
    names.records[HOST, "A"] = [PEER[4]]
    terminator.listen(PORT)
    with start() as proxy:
        proxy.wait_ready()
        control.wait_stream("WatchPort", "4191")
        before = control.script.opened["WatchPort", "4191"]
        terminator.frozen.set()
        gone = ("control_connected", 'service="policy"')
        engine.until("noticed", lambda: proxy.metric(*gone) == 0, seconds=15)
        terminator.frozen.clear()
        # An attempt that began before takes its 3 s, and the next one waits for up to 2 s.
        control.wait("again", lambda script: script.opened["WatchPort", "4191"] > before, seconds=7)
