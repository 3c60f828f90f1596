"""Certificates of every legitimate shape are used, and the others say what is wrong with them."""

import ssl
from collections.abc import Iterator
from contextlib import closing

import engine
import frames
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from engine import IDENTITY
from fake_control import Authority, FakeControl, open_server
from hostile import ALPN, client_context, credentials, transport_header
from network import APP, Pair, pair

from mesh_proxy.init.namespace import entered

pytestmark = [pytest.mark.netns, pytest.mark.timeout(60)]

INBOUND = 4143
OTHER = "api.shop.serviceaccount.identity.linkerd.cluster.local"


@pytest.fixture(scope="module")
def spaces() -> Iterator[Pair]:
    with pair() as spaces:
        engine.redirect(spaces.app)
        yield spaces


@pytest.fixture
def control(spaces: Pair) -> Iterator[FakeControl]:
    control = FakeControl()
    control.say("WatchPort", str(engine.ADMIN), open_server())
    with entered(spaces.app.path), control.running():
        yield control


@pytest.fixture
def start(spaces, control, tmp_path):
    token = tmp_path / "token"
    token.write_text("token")

    def start(**changes: str):
        variables = engine.environment(control, token)
        variables |= {f"LINKERD2_PROXY_{name}": value for name, value in changes.items()}
        return engine.running(spaces.app, variables, tmp_path / "log")

    return start


def is_believed(spaces: Pair, control: FakeControl, name: str = IDENTITY) -> bool:
    """Whether a TLS client that knows the root only finds `name` at the inbound port."""
    context = ssl.create_default_context(cadata=control.authority.pem)
    # The roots of a mesh are plain: openssl's strict mode asks for extensions they need not have.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    with closing(spaces.peer.connection(APP[4], INBOUND)) as stream:
        try:
            context.wrap_socket(stream, server_hostname=name).close()
        except ssl.SSLCertVerificationError:
            return False
        return True


def refusals(proxy: engine.Engine) -> float:
    return proxy.metric("control_identity_cert_refreshes_total", 'result="error"')


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_intermediates_are_shown_to_peers(spaces, control, start, depth):
    for _ in range(depth):
        control.authority.delegate()
    with start() as proxy:
        proxy.wait_ready()
        assert is_believed(spaces, control)
        assert refusals(proxy) == 0


def test_a_leaf_may_have_a_second_name(spaces, control, start):
    authority = control.authority
    authority.leaf = lambda key, name, life: authority.leaf_of_several(key, [name, OTHER], life)
    with start() as proxy:
        proxy.wait_ready()
        assert is_believed(spaces, control)
        assert is_believed(spaces, control, OTHER)
        assert not is_believed(spaces, control, "nobody.example")


BUNDLES = {
    "CRLF": lambda ours, other: ours.replace("\n", "\r\n"),
    "empty lines around": lambda ours, other: f"\n\n{ours}\n\n \n",
    "no newline at the end": lambda ours, other: ours.rstrip(),
    "two": lambda ours, other: ours + other,
    "two, ours last": lambda ours, other: other + ours,
    "two, of different kinds": lambda ours, other: other.replace("\n", "\r\n") + "\n" + ours,
    "twice the same": lambda ours, other: ours + ours,
    "with a comment": lambda ours, other: f"# root of the mesh\n{ours}",
}


@pytest.mark.fault(7)
@pytest.mark.parametrize("kind", BUNDLES)
def test_trust_anchors_may_be_written_in_many_ways(spaces, control, start, tmp_path, kind):
    other = Authority("another root")
    bundle = BUNDLES[kind](control.authority.pem, other.pem)
    with start(IDENTITY_TRUST_ANCHORS=bundle) as proxy:
        proxy.wait_ready()
        assert is_believed(spaces, control)
        for authority in [control.authority, *([other] if "two" in kind else [])]:
            pem = credentials(authority, tmp_path, OTHER)
            context = client_context(control.authority, pem, ALPN)
            plain = spaces.peer.connection(APP[4], INBOUND)
            with context.wrap_socket(plain, server_hostname=IDENTITY) as stream:
                stream.sendall(transport_header(engine.ADMIN) + frames.PREFACE + frames.settings())
                assert stream.recv(1)


class TestRefused:
    """Each is refused with a reason, asked for again, and forgotten once it is right."""

    def recovers(self, proxy: engine.Engine, control: FakeControl, reason: str) -> None:
        engine.until("live", proxy.is_up)
        engine.until("asked again", lambda: refusals(proxy) >= 2)
        proxy.wait_log(reason)
        assert proxy.ask("/ready")[0] == 503
        del control.authority.leaf
        proxy.wait_ready(seconds=5)

    def test_a_leaf_for_another_key(self, control, start):
        leaf = control.authority.leaf
        other = ec.generate_private_key(ec.SECP256R1()).public_key()
        control.authority.leaf = lambda _, name, life: leaf(other, name, life)
        with start() as proxy:
            self.recovers(proxy, control, "KeyMismatch")

    def test_a_leaf_that_others_would_take_for_somebody_else(self, control, start):
        several = control.authority.leaf_of_several
        control.authority.leaf = lambda key, name, life: several(key, [OTHER, name], life)
        with start() as proxy:
            self.recovers(proxy, control, f"the certificate is for {OTHER}")

    def test_a_chain_with_a_gap(self, control, start):
        control.authority.delegate()
        gap = control.authority.intermediates.pop()
        with start() as proxy:
            engine.until("live", proxy.is_up)
            engine.until("asked again", lambda: refusals(proxy) >= 2)
            proxy.wait_log("not certified; trying again")
            control.authority.intermediates.append(gap)
            proxy.wait_ready(seconds=5)
