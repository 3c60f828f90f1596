"""A webhook with caches that the test fills, served over real TLS."""

import ssl
from collections.abc import AsyncIterator

import aiohttp
import pytest
from memory_store import Answers, MemoryStore
from prometheus_client import CollectorRegistry
from reviews import INJECT, VALUES, namespace
from serving_certificates import Pair, make_pair

from mesh_core.authority import Authority
from mesh_core.resources import ObjectReference, Resource
from mesh_injector.webhook.admission import Admission
from mesh_injector.webhook.application import application
from mesh_injector.webhook.body import Bodies
from mesh_injector.webhook.certificate import ServingCertificate
from mesh_injector.webhook.limits import Limits
from mesh_injector.webhook.live_installation import TRUST_ANCHORS, LiveInstallation
from mesh_injector.webhook.live_installation import VALUES as VALUES_FILE
from mesh_injector.webhook.lookup import Lookup
from mesh_injector.webhook.metrics import WebhookMetrics
from mesh_injector.webhook.server import WebhookServer

ROOT = b"-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"


class Events:
    """Where events go."""

    def __init__(self) -> None:
        self.recorded: list[tuple[ObjectReference | Resource, str, str, str]] = []
        self.failure: Exception | None = None

    def __call__(
        self, regarding: ObjectReference | Resource, type_: str, reason: str, message: str, /
    ) -> None:
        if self.failure is not None:
            raise self.failure
        self.recorded.append((regarding, type_, reason, message))


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def metrics(registry):
    return WebhookMetrics(registry)


@pytest.fixture
def store():
    return MemoryStore(namespace("shop", **{INJECT: "enabled"}), namespace("plain"))


@pytest.fixture
def answers():
    return Answers()


@pytest.fixture
def events():
    return Events()


@pytest.fixture
def installation():
    live = LiveInstallation("linkerd")
    live.load({VALUES_FILE: VALUES.encode(), TRUST_ANCHORS: ROOT})
    return live


@pytest.fixture
def admission(store, answers, events, installation, metrics):
    return Admission(Lookup(store, answers), installation, events, metrics)


@pytest.fixture
def pair() -> Pair:
    return make_pair()


@pytest.fixture
def certificate(metrics, pair):
    certificate = ServingCertificate(metrics)
    certificate.load(pair.contents())
    return certificate


@pytest.fixture
def limits():
    return Limits(linger_seconds=0.5, head_seconds=0.5, handshake_seconds=0.5, connections=20)


@pytest.fixture
def bodies():
    return Bodies(seconds=0.5)


@pytest.fixture
async def server(admission, certificate, metrics, limits, bodies) -> AsyncIterator[WebhookServer]:
    app = application(admission.answer, metrics, bodies)
    server = WebhookServer(app, certificate.context, Authority.parse("127.0.0.1"), metrics, limits)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def trusting(pair) -> ssl.SSLContext:
    """What an API server trusts: the `caBundle` of the webhook's configuration."""
    return ssl.create_default_context(cadata=pair.certificate.decode())


@pytest.fixture
async def http(server, trusting) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(ssl=trusting)
    base = f"https://localhost:{server.port}"
    async with aiohttp.ClientSession(base, connector=connector) as session:
        yield session
