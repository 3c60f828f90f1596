"""A running `mesh-identity serve` for tests: started by its command line, asked by its ports."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc

from mesh_core.authority import Authority
from mesh_core.service import listen
from mesh_proto.pb.identity_pb2 import CertifyRequest, CertifyResponse
from mesh_proto.pb.identity_pb2_grpc import IdentityStub

SECONDS = 20.0


class IdentityProcess:
    """A process of its own, ended with the block."""

    def __init__(self, arguments: Sequence[object], log: Path) -> None:
        """Start `mesh-identity serve` with `arguments` and free ports; lines go to `log`."""
        self.log = log
        self.port, self.admin_port = _free_port(), _free_port()
        addresses = ["--addr", f"127.0.0.1:{self.port}"]
        addresses += ["--admin-addr", f"127.0.0.1:{self.admin_port}"]
        command = [sys.executable, "-m", "mesh_identity.main", "serve"]
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                [*command, *map(str, arguments), *addresses], stderr=file
            )
        self._channel = grpc.insecure_channel(f"127.0.0.1:{self.port}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._channel.close()
        self._process.terminate()
        try:
            self._process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise

    def certify(self, request: CertifyRequest, seconds: float = SECONDS) -> CertifyResponse:
        """Ask for a certificate; raises `grpc.RpcError`."""
        return IdentityStub(self._channel).Certify(request, timeout=seconds, wait_for_ready=True)

    def refusal(
        self, request: CertifyRequest, seconds: float = SECONDS
    ) -> tuple[grpc.StatusCode, str]:
        """Ask for a certificate that is not given: status and text."""
        try:
            self.certify(request, seconds)
        except grpc.RpcError as error:
            return error.code(), error.details() or ""
        raise AssertionError("it was given")

    def page(self, path: str) -> tuple[int, str]:
        """Status and text of a page of the admin port, 0 while it does not listen."""
        url = f"http://127.0.0.1:{self.admin_port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - ours
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    @property
    def ready(self) -> bool:
        """Whether a kubelet would send it traffic."""
        return self.page("/ready")[0] == 200

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for `condition`; the log is in the error when it does not come."""
        deadline = time.monotonic() + SECONDS
        while not condition():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise AssertionError(f"{what} did not happen:\n{self.log.read_text()}")
            time.sleep(0.05)


def _free_port() -> int:
    with listen(Authority.parse("127.0.0.1")) as listener:
        return int(listener.getsockname()[1])
