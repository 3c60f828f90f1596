"""Asking a container once: HTTP, TCP, gRPC or a command inside the pod."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from mesh_cli.local.probes import grpc_health
from mesh_core.resources import Container, HTTPGetAction, Probe
from mesh_core.resources.probe import LifecycleHandler

_MAX_HEAD = 65536

Run = Callable[[Sequence[str]], Awaitable[int]]


class ProbeFailed(Exception):
    """The container did not answer as it should; the text is what `status` shows."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is asked: a container at its pod's address, and how to run a command in it."""

    container: Container
    address: str
    run: Run


async def check(action: Probe | LifecycleHandler, subject: Subject, seconds: float) -> None:
    """Ask once; raises ProbeFailed."""
    try:
        async with asyncio.timeout(seconds):
            await _ask(action, subject)
    except TimeoutError:
        raise ProbeFailed(f"no answer within {seconds:g} s") from None
    except (OSError, OverflowError, grpc_health.GrpcProbeError) as problem:
        # OverflowError is asyncio's for a port number that cannot be.
        raise ProbeFailed(str(problem)) from problem


async def _ask(action: Probe | LifecycleHandler, subject: Subject) -> None:
    if action.http_get is not None:
        await _http(action.http_get, subject)
    elif action.tcp_socket is not None:
        port = _port(action.tcp_socket.port, subject.container)
        _, writer = await asyncio.open_connection(action.tcp_socket.host or subject.address, port)
        await _close(writer)
    elif isinstance(action, Probe) and action.grpc is not None:
        reader, writer = await asyncio.open_connection(subject.address, action.grpc.port)
        try:
            authority = f"{subject.address}:{action.grpc.port}"
            await grpc_health.check(reader, writer, authority, action.grpc.service)
        finally:
            await _close(writer)
    elif isinstance(action, LifecycleHandler) and action.sleep is not None:
        await asyncio.sleep(action.sleep.seconds)
    elif action.exec is not None:
        code = await subject.run(action.exec.command)
        if code != 0:
            raise ProbeFailed(f"{action.exec.command[0]} ended with {code}")


async def _http(action: HTTPGetAction, subject: Subject) -> None:
    port = _port(action.port, subject.container)
    host = action.host or subject.address
    context = None
    if action.scheme.upper() == "HTTPS":
        # As the kubelet: a probe checks the application, not its certificate.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(host, port, ssl=context, limit=_MAX_HEAD)
    try:
        writer.write(_http_request(action, host, port))
        line = await reader.readline()
    except ValueError:
        raise ProbeFailed("the answer is not HTTP: its first line has no end") from None
    finally:
        await _close(writer)
    parts = line.split()
    if len(parts) < 2 or not parts[1].isdigit() or len(parts[1]) != 3:
        raise ProbeFailed("the answer is not HTTP")
    if not 200 <= int(parts[1]) < 400:
        raise ProbeFailed(f"HTTP status {parts[1].decode()}")


def _http_request(action: HTTPGetAction, host: str, port: int) -> bytes:
    shown = f"[{host}]" if ":" in host else host
    fields = {
        "Host": f"{shown}:{port}",
        "User-Agent": "kube-probe/mesh-local",
        "Accept": "*/*",
        "Connection": "close",
    }
    fields |= {header.name: header.value for header in action.http_headers}
    path = action.path if action.path.startswith("/") else f"/{action.path}"
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _port(port: int | str, container: Container) -> int:
    if isinstance(port, int):
        return port
    for declared in container.ports:
        if declared.name == port:
            return declared.container_port
    if port.isdecimal():
        return int(port)
    raise ProbeFailed(f"container {container.name} has no port named {port!r}")


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
