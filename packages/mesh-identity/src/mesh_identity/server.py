"""The gRPC server around the certifier: threads, limits, statuses, log lines."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import grpc

from mesh_core.authority import Authority
from mesh_core.service import grpc_target
from mesh_identity.certify import Certifier
from mesh_identity.errors import CertifyError, IdentityError
from mesh_identity.log_limit import LogLimit
from mesh_identity.metrics import IdentityMetrics
from mesh_identity.witness import NoWitness, Witness
from mesh_proto.pb import identity_pb2, identity_pb2_grpc

_LOG = logging.getLogger("mesh_identity")

# Issuing holds the interpreter lock, so more threads only wait (7,000 a second on one core);
# the queue in front takes a cold start of some thousand pods, what is beyond it backs off.
THREADS = 4
WAITING_THREADS = 32
"""Threads where each waits for another server's word about the token."""
MAX_REQUESTS = 4096
_OPTIONS = (
    ("grpc.max_receive_message_length", 64 * 1024),
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.max_concurrent_streams", 256),
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.server.max_pending_requests", 20_000),
    ("grpc.server.max_pending_requests_hard_limit", 30_000),
    # A proxy may keep its connection warm; without these its pings would be punished.
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # Two servers on one port would share its connections unnoticed.
    ("grpc.so_reuseport", 0),
)


class IdentityServicer(identity_pb2_grpc.IdentityServicer):
    """`io.linkerd.proxy.identity.Identity`."""

    def __init__(
        self,
        certifier: Certifier,
        metrics: IdentityMetrics,
        witness: Witness,
        clock: Callable[[], datetime],
    ) -> None:
        self._certifier = certifier
        self._metrics = metrics
        self._witness = witness
        self._clock = clock
        self._refusals = LogLimit()

    def Certify(
        self, request: identity_pb2.CertifyRequest, context: grpc.ServicerContext
    ) -> identity_pb2.CertifyResponse:
        """Issue a certificate, or end the call with the reason why not."""
        if not context.is_active():
            # Its caller gave up while it waited in the queue, and will have asked again.
            self._metrics.rejected("abandoned")
            context.abort(grpc.StatusCode.CANCELLED, "the caller has gone")
        try:
            certified = self._certifier.certify(request, self._clock())
        except CertifyError as error:
            self._metrics.rejected(error.reason)
            self._log_refusal(context.peer(), error)
            self._witness.refused(request.identity, error)
            context.abort(grpc.StatusCode[error.status], str(error))
        except Exception:  # noqa: BLE001 - logged with its traceback, and the others go on
            self._metrics.rejected("internal")
            _LOG.exception(
                "a certificate request from %s failed; nothing was issued", context.peer()
            )
            context.abort(
                grpc.StatusCode.INTERNAL, "the identity service failed; its log has the reason"
            )
        self._metrics.issued.inc()
        until = certified.issued.valid_until
        _LOG.info("certified %s until %s", certified.identity, until.isoformat())
        self._witness.issued(certified.identity, certified.owner, until)
        return certified.response

    def _log_refusal(self, peer: str, error: CertifyError) -> None:
        held_back = self._refusals.admit(time.monotonic())
        if held_back is not None:
            more = f" ({held_back} more refusals were not logged)" if held_back else ""
            _LOG.warning("refused a certificate to %s: %s%s", peer, error, more)


class IdentityServer:
    """Listens for `Certify` calls from construction on; serves between `start` and `stop`."""

    def __init__(
        self,
        certifier: Certifier,
        metrics: IdentityMetrics,
        address: Authority,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        witness: Witness | None = None,
        threads: int = THREADS,
    ) -> None:
        """Bind `address`, without a port any free one; raise `IdentityError` if that fails."""
        self._server = grpc.server(
            ThreadPoolExecutor(threads, thread_name_prefix="certify"),
            options=_OPTIONS,
            maximum_concurrent_rpcs=MAX_REQUESTS,
        )
        identity_pb2_grpc.add_IdentityServicer_to_server(
            IdentityServicer(certifier, metrics, witness or NoWitness(), clock), self._server
        )
        try:
            self.port = self._server.add_insecure_port(grpc_target(address))
        except RuntimeError as error:
            raise IdentityError(
                f"cannot listen on {address}: is the port in use, or the address another machine's?"
            ) from error

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def stop(self, grace: float = 1.0) -> None:
        """Refuse new calls, give running ones `grace` seconds, and return when all have ended."""
        self._server.stop(grace).wait()
