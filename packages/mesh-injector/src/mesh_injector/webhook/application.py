"""The HTTP application: one path, one method."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from mesh_injector.webhook.body import Bodies
from mesh_injector.webhook.errors import RequestRefused
from mesh_injector.webhook.metrics import WebhookMetrics
from mesh_injector.webhook.refusal import refusal

PATH = "/"
"""Where reviews are posted, as existing webhook configurations have it."""

Admit = Callable[[bytes], Awaitable[bytes]]
"""Answers one AdmissionReview; raises a RequestRefused."""

log = logging.getLogger(__name__)


def application(admit: Admit, metrics: WebhookMetrics, bodies: Bodies | None = None) -> FastAPI:
    """Make the application; every answer has a JSON body."""
    bodies = bodies or Bodies()

    async def post(request: Request) -> Response:
        with metrics.duration.time():
            try:
                return _json(HTTPStatus.OK, await admit(await bodies.read(request)))
            except RequestRefused as refused:
                return _refuse(refused.status, str(refused))
            except ClientDisconnect:
                return _refuse(HTTPStatus.BAD_REQUEST, "the connection ended within the body")
            except Exception:
                # The API server's failurePolicy decides about this object; the others go on.
                log.exception("a review failed")
                return _refuse(
                    HTTPStatus.INTERNAL_SERVER_ERROR, "the injector failed; its log has the reason"
                )

    async def other(_: Request, error: Exception) -> Response:
        code = error.status_code if isinstance(error, HTTPException) else 500
        return _refuse(HTTPStatus(code), f"POST an AdmissionReview to {PATH}")

    def _refuse(status: HTTPStatus, message: str) -> Response:
        metrics.refused(status)
        log.debug("refused with %d: %s", status, message)
        return _json(status, refusal(status, message))

    app = FastAPI(
        openapi_url=None, redirect_slashes=False, exception_handlers={HTTPException: other}
    )
    app.add_route(PATH, post, methods=["POST"])
    return app


def _json(status: HTTPStatus, body: bytes) -> Response:
    return Response(body, status, media_type="application/json")
