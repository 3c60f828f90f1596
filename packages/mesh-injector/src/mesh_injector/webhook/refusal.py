"""Refusals as a Kubernetes client reads them: a `Status` in JSON."""

from http import HTTPStatus

import msgspec


def refusal(status: HTTPStatus, message: str) -> bytes:
    """Write why a request was not answered."""
    return msgspec.json.encode(
        {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "code": status.value,
            "reason": status.phrase.replace(" ", ""),
            "message": message,
        }
    )
