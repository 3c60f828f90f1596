"""Why the webhook cannot run, and why it refuses a request."""

from http import HTTPStatus

from mesh_core.errors import CoreError
from mesh_injector.errors import InjectorError


class WebhookError(CoreError, InjectorError):
    """The root of the webhook's errors."""


class ConfigurationRefused(WebhookError):
    """The mounted configuration cannot be used."""


class CertificateRefused(WebhookError):
    """The mounted certificate and key cannot be used."""


class RequestRefused(WebhookError):
    """An HTTP request that is not answered with an AdmissionReview; the text tells its sender."""

    status = HTTPStatus.BAD_REQUEST


class BadReview(RequestRefused):
    """The body is not an AdmissionReview that can be answered."""


class WrongContentType(RequestRefused):
    """The body is declared to be something else than JSON."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class BodyTooLarge(RequestRefused):
    """The body is larger than any object in Kubernetes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class BodyTooSlow(RequestRefused):
    """The body did not arrive in time."""

    status = HTTPStatus.REQUEST_TIMEOUT


class TooBusy(RequestRefused):
    """Too much is being received at once."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class LookupFailed(RequestRefused):
    """What the decision depends on cannot be found out; `failurePolicy` decides instead."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
