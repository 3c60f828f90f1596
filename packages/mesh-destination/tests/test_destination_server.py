"""The gRPC services over real sockets, fed from a real directory."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import statistics
import struct
import time
from pathlib import Path

import grpc
import pytest
from prometheus_client import CollectorRegistry

from mesh_core.authority import Authority
from mesh_core.resources import EndpointSlice, Pod, Service
from mesh_core.store import DirectoryStore, ObjectDirectory
from mesh_destination.api.destination import DestinationApi
from mesh_destination.api.policies import PoliciesApi
from mesh_destination.api.server import MAX_STREAMS, ApiServer, ListenError
from mesh_destination.api.stream import Streams
from mesh_destination.index import KINDS, Index
from mesh_destination.metrics import DestinationMetrics
from mesh_destination.streams.hub import Hub
from mesh_destination.testing import Follower, make_pod, make_service, make_slice
from mesh_destination.views.settings import Settings
from mesh_destination.views.wire import tcp_address
from mesh_proto.pb.destination_pb2 import GetDestination
from mesh_proto.pb.destination_pb2_grpc import DestinationStub
from mesh_proto.pb.inbound_pb2 import PortSpec
from mesh_proto.pb.inbound_pb2_grpc import InboundServerPoliciesStub
from mesh_proto.pb.outbound_pb2 import TrafficSpec
from mesh_proto.pb.outbound_pb2_grpc import OutboundPoliciesStub

SECONDS = 10.0
WEB = GetDestination(path="web.shop.svc.cluster.local:80")
WORKLOAD = json.dumps({"ns": "shop", "pod": "web-0"})


class Control:
    """A control plane in this process, and its objects."""

    def __init__(self, root: Path) -> None:
        self.objects = ObjectDirectory(root)
        self.registry = CollectorRegistry()
        self._store = DirectoryStore(root, KINDS)
        self._sliced = False

    async def start(self) -> None:
        index, settings = Index(), Settings()
        metrics = DestinationMetrics(self.registry, lambda: len(self._store.problems))
        self.hub = Hub(index, settings, asyncio.get_running_loop().call_soon, metrics)
        for kind in KINDS:
            self._store.subscribe(kind, self.hub.apply)
        await self._store.start()
        streams = Streams(self.hub, metrics)
        handlers = [DestinationApi(streams, index, settings).handler()]
        handlers += PoliciesApi(streams, settings).handlers()
        self.server = ApiServer(Authority.parse("127.0.0.1"), handlers)
        await self.server.start()

    async def stop(self) -> None:
        self.hub.close()
        await self.server.stop(0.5)
        await self._store.close()

    def scale(self, count: int) -> None:
        pods = [make_pod(f"web-{n}", ips=[f"10.1.0.{n + 1}"]) for n in range(count)]
        for pod in pods:
            if self.objects.get(Pod, "shop", pod.name) is None:
                self.objects.create(pod)
        write = self.objects.replace if self._sliced else self.objects.create
        self._sliced = True
        write(make_slice(*pods))

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)


@pytest.fixture
async def control(tmp_path):
    control = Control(tmp_path / "objects")
    control.objects.create(make_service())
    control.scale(1)
    await control.start()
    yield control
    await control.stop()


@pytest.fixture
async def channel(control):
    async with grpc.aio.insecure_channel(f"127.0.0.1:{control.server.port}") as channel:
        yield channel


async def until(follower, stream, count):
    """Read updates until the reader knows `count` endpoints."""
    async with asyncio.timeout(SECONDS):
        while len(follower.endpoints) != count:
            follower.read((await stream.read()).SerializeToString())


async def eventually(holds):
    """Wait for what nobody announces."""
    async with asyncio.timeout(SECONDS):
        while not await holds():  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.02)


async def status(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await asyncio.wait_for(call, SECONDS)
    return caught.value.code(), caught.value.details()


async def test_endpoints_follow_the_files_within_a_second(control, channel):
    follower, stream = Follower(), DestinationStub(channel).Get(WEB)
    await until(follower, stream, 1)
    seconds = []
    for count in (3, 1, 2):
        await asyncio.to_thread(control.scale, count)
        began = time.monotonic()
        await until(follower, stream, count)
        seconds.append(time.monotonic() - began)
    assert statistics.median(seconds) < 1
    assert follower.labels == {"service": "web", "namespace": "shop"}
    assert follower.revisions == sorted(set(follower.revisions))
    assert control.value("destination_streams", method="Get") == 1

    async def counted():
        return control.value("destination_updates_total", method="Get") == len(follower.revisions)

    await eventually(counted)
    assert control.value("destination_views", view="endpoints") == 1
    stream.cancel()


async def test_a_service_comes_and_goes(control, channel):
    control.objects.create(make_service("api", ip="10.96.0.2"))
    stub = DestinationStub(channel)
    api = GetDestination(path="api.shop.svc.cluster.local:80")

    async def known():
        return await first_or_status(stub.Get(api)) is not grpc.StatusCode.NOT_FOUND

    await eventually(known)
    stream = stub.Get(api)
    assert (await stream.read()).no_endpoints.exists
    control.objects.delete(Service, "shop", "api")
    update = await asyncio.wait_for(stream.read(), SECONDS)
    assert update.WhichOneof("update") == "no_endpoints"
    assert not update.no_endpoints.exists
    stream.cancel()


async def first_or_status(stream):
    try:
        return await asyncio.wait_for(stream.read(), SECONDS)
    except grpc.aio.AioRpcError as error:
        return error.code()
    finally:
        stream.cancel()


async def test_a_profile_follows_its_service(control, channel):
    stream = DestinationStub(channel).GetProfile(GetDestination(path="10.96.0.1:80"))
    profile = await stream.read()
    assert profile.fully_qualified_name == "web.shop.svc.cluster.local"
    first = profile.mesh_revision
    annotations = {"config.linkerd.io/opaque-ports": "80"}
    control.objects.replace(make_service(annotations=annotations))
    profile = await asyncio.wait_for(stream.read(), SECONDS)
    assert profile.opaque_protocol
    assert profile.mesh_revision > first > 0
    stream.cancel()


async def test_outbound_policy_once_and_for_long(control, channel):
    stub = OutboundPoliciesStub(channel)
    spec = TrafficSpec(source_workload=WORKLOAD, addr=tcp_address("10.96.0.1", 80))
    once = await stub.Get(spec)
    assert once.protocol.WhichOneof("kind") == "detect"
    stream = stub.Watch(spec)
    assert (await stream.read()).metadata == once.metadata
    control.objects.delete(Service, "shop", "web")
    code, text = await status(stream.read())
    assert (code, text) == (grpc.StatusCode.NOT_FOUND, "no Service has the address 10.96.0.1")


async def test_inbound_policy_once_and_for_long(control, channel):
    stub = InboundServerPoliciesStub(channel)
    spec = PortSpec(workload=WORKLOAD, port=8080)
    assert (await stub.GetPort(spec)).labels["name"] == "all-unauthenticated"
    stream = stub.WatchPort(spec)
    assert (await stream.read()).labels["name"] == "all-unauthenticated"
    pod = make_pod("web-0", annotations={"config.linkerd.io/default-inbound-policy": "deny"})
    control.objects.replace(pod)
    assert (await asyncio.wait_for(stream.read(), SECONDS)).labels["name"] == "deny"
    stream.cancel()


async def test_refusals_have_the_statuses_that_proxies_know(control, channel):
    get = DestinationStub(channel).Get
    invalid, missing = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND
    code, text = await status(get(GetDestination(path="10.96.0.1:80")).read())
    assert (code, text.startswith("Invalid authority: ")) == (invalid, True)
    unknown = GetDestination(path="no.shop.svc.cluster.local:80")
    assert await status(get(unknown).read()) == (missing, "Service no.shop not found")
    profile = DestinationStub(channel).GetProfile(GetDestination(path="example.test"))
    assert (await status(profile.read()))[0] is invalid
    policies = OutboundPoliciesStub(channel)
    pod = TrafficSpec(source_workload=WORKLOAD, addr=tcp_address("10.1.0.1", 80))
    assert (await status(policies.Get(pod)))[0] is missing
    assert (await status(policies.Watch(TrafficSpec()).read()))[0] is invalid
    inbound = InboundServerPoliciesStub(channel)
    assert (await status(inbound.GetPort(PortSpec(workload="x"))))[0] is invalid
    gone = PortSpec(workload="shop:gone", port=80)
    assert (await status(inbound.WatchPort(gone).read()))[0] is missing
    assert control.value("destination_refused_total", method="Get", code="NOT_FOUND") == 1


async def test_an_alias_has_no_endpoints(control, channel):
    control.objects.create(make_service("alias", external_name="example.test"))
    request = GetDestination(path="alias.shop.svc.cluster.local")
    stub = DestinationStub(channel)

    async def known():
        return (await status(stub.Get(request).read()))[0] is not grpc.StatusCode.NOT_FOUND

    await eventually(known)
    code, text = await status(stub.Get(request).read())
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "example.test" in text


async def test_a_reader_that_stops_reading_delays_nobody_and_ends_with_the_newest(control):
    """Fault 48, scaled: hundreds of changes, each larger than the sleeper's window in sum."""
    async with contextlib.AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(
                grpc.aio.insecure_channel(f"127.0.0.1:{control.server.port}", options=options)
            )
            for options in ([("grpc.http2.bdp_probe", 0)], [])
        ]
        slow, quick = (DestinationStub(each).Get(WEB) for each in channels)
        sleeper, follower = Follower(), Follower()
        await until(sleeper, slow, 1)
        seconds = []
        for step in range(150):
            count = 40 if step % 2 else 1
            await asyncio.to_thread(control.scale, count)
            began = time.monotonic()
            await until(follower, quick, count)
            seconds.append(time.monotonic() - began)
        assert statistics.quantiles(seconds, n=100)[98] < 1
        await asyncio.to_thread(control.scale, 7)
        began = time.monotonic()
        await until(follower, quick, 7)
        while len(sleeper.endpoints) != 7:
            sleeper.read((await slow.read()).SerializeToString())
        assert time.monotonic() - began < 2
        assert sleeper.endpoints == follower.endpoints
        assert len(sleeper.revisions) < len(follower.revisions)
        slow.cancel()
        quick.cancel()


async def test_at_shutdown_streams_end_as_unavailable_within_two_seconds(control, channel):
    stream = DestinationStub(channel).Get(WEB)
    assert await stream.read()
    began = time.monotonic()
    await control.stop()
    assert (await status(stream.read()))[0] is grpc.StatusCode.UNAVAILABLE
    assert time.monotonic() - began < 2


async def test_a_reconnect_storm_is_served(control):
    """By default most of several thousand streams at once would be cancelled."""
    async with contextlib.AsyncExitStack() as stack:
        stubs = [
            DestinationStub(
                await stack.enter_async_context(
                    grpc.aio.insecure_channel(
                        f"127.0.0.1:{control.server.port}",
                        options=[("grpc.use_local_subchannel_pool", 1)],
                    )
                )
            )
            for _ in range(4)
        ]
        streams = [stub.Get(WEB) for stub in stubs for _ in range(250)]
        async with asyncio.timeout(30):
            answers = await asyncio.gather(*(stream.read() for stream in streams))
        assert all(len(answer.add.addrs) == 1 for answer in answers)
        assert control.value("destination_views", view="endpoints") == 1
        for stream in streams:
            stream.cancel()


async def test_one_connection_may_carry_every_proxys_streams(control):
    """The proxy beside this server brings the streams of a whole cluster over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", control.server.port)
    writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))
    async with asyncio.timeout(SECONDS):
        header = await reader.readexactly(9)
        payload = await reader.readexactly(int.from_bytes(header[:3], "big"))
    writer.close()
    assert header[3] == 4  # SETTINGS (RFC 9113, section 6.5): numbers and values in turn
    settings = dict(struct.iter_unpack("!HI", payload))
    assert settings[3] == MAX_STREAMS  # SETTINGS_MAX_CONCURRENT_STREAMS


async def test_a_broken_file_keeps_the_last_state(control, channel, tmp_path):
    follower, stream = Follower(), DestinationStub(channel).Get(WEB)
    await until(follower, stream, 1)
    path = control.objects.path(EndpointSlice, "shop", "web-abc")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])

    async def reported():
        return control.value("destination_store_problems") == 1

    await eventually(reported)
    path.write_bytes(whole)
    await asyncio.to_thread(control.scale, 2)
    await until(follower, stream, 2)
    assert not any(len(follower.endpoints) == 0 for _ in follower.revisions)
    stream.cancel()


async def test_a_port_in_use_is_an_error(control):
    with pytest.raises(ListenError, match="port in use"):
        ApiServer(Authority.parse(f"127.0.0.1:{control.server.port}"), [])


async def test_a_reader_that_never_reads_does_not_hold_up_the_end(control):
    options = [("grpc.http2.bdp_probe", 0), ("grpc.use_local_subchannel_pool", 1)]
    address = f"127.0.0.1:{control.server.port}"
    async with (
        grpc.aio.insecure_channel(address, options=options) as sleepy,
        grpc.aio.insecure_channel(address) as awake,
    ):
        slow, quick = DestinationStub(sleepy).Get(WEB), DestinationStub(awake).Get(WEB)
        assert await slow.read()
        follower = Follower()
        # More than one stream's window of updates: the server's write to the sleeper waits.
        for step in range(30):
            count = 1 if step % 2 else 60
            await asyncio.to_thread(control.scale, count)
            await until(follower, quick, count)
        began = time.monotonic()
        await control.stop()
        assert time.monotonic() - began < 2
        slow.cancel()


async def test_garbage_on_the_port_leaves_others_unaffected(control, channel):
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    openings = [
        b"",
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        os.urandom(4096),
        preface + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01" + os.urandom(4096),
        preface + bytes(9) * 1000,
    ]
    follower, stream = Follower(), DestinationStub(channel).Get(WEB)
    async with contextlib.AsyncExitStack() as stack:
        for opening in openings * 10:
            _, writer = await asyncio.open_connection("127.0.0.1", control.server.port)
            stack.callback(writer.close)
            writer.write(opening)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
        await until(follower, stream, 1)
        await asyncio.to_thread(control.scale, 2)
        await until(follower, stream, 2)
    huge = GetDestination(path="x" * 1_000_000)
    code, _ = await status(DestinationStub(channel).Get(huge).read())
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    stream.cancel()
