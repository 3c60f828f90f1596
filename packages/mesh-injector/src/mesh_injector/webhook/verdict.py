"""What becomes of one object under review: pure, apart from the decoding in front of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from mesh_core.annotations import AnnotationError
from mesh_core.resources import DecodeError, Namespace, Pod, Resource, Service, decode_as
from mesh_core.resources.codec import validate
from mesh_injector.decision import Skip, SkipReason, decide, unsupported
from mesh_injector.environment import IncompleteInstallationError
from mesh_injector.errors import InjectorError
from mesh_injector.installation import Installation
from mesh_injector.owner import Owner
from mesh_injector.patch import Operation, patch_pod, patch_service
from mesh_injector.webhook.errors import BadReview, LookupFailed

DENIED = "denied"
NOTHING_TO_ADD = "nothing_to_add"

_WORTH_A_WARNING: Final = frozenset(
    {SkipReason.INVALID_ON_WORKLOAD, SkipReason.INVALID_ON_NAMESPACE, SkipReason.NO_TOKEN}
)

R = TypeVar("R", bound=Resource)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an object is changed, or why it is not; `message` is a sentence for its owner."""

    operations: tuple[Operation, ...] = ()
    skip_reason: str = ""
    message: str = ""
    warning: bool = False
    """Whether whoever creates the object should read the message, too."""

    @property
    def denied(self) -> bool:
        """True when the object must not be created as it is."""
        return self.skip_reason == DENIED


def judge_other(kind: str) -> Verdict:
    """Say that an object of another kind stays as it is."""
    return _skipped(unsupported(kind))


def judge_pod(
    document: Mapping[str, Any],
    pod: Pod,
    namespace: Namespace,
    installation: Installation,
    owner: Owner | None,
) -> Verdict:
    """Say what becomes of a pod.

    An annotation that is not allowed, or settings that cannot be, deny the pod: with a guess in
    its place, a pod would run with other ports skipped or another policy than its owner wrote.
    Only `linkerd.io/inject` itself skips the pod, as it always did, and warns.
    """
    decision = decide(pod, namespace, installation, owner)
    if isinstance(decision, Skip):
        return _skipped(decision)
    try:
        return Verdict(patch_pod(document, pod, namespace, installation, owner, decision))
    except IncompleteInstallationError as error:
        raise LookupFailed(str(error)) from error
    except (AnnotationError, InjectorError) as error:
        return Verdict(skip_reason=DENIED, message=str(error))


def _skipped(skip: Skip) -> Verdict:
    warning = skip.reason in _WORTH_A_WARNING
    return Verdict(skip_reason=skip.reason, message=skip.message, warning=warning)


def judge_service(service: Service, namespace: Namespace, installation: Installation) -> Verdict:
    """Say what becomes of a Service; only opaque ports are ever added."""
    try:
        operations = patch_service(service, namespace, installation)
    except (AnnotationError, InjectorError) as error:
        return Verdict(skip_reason=DENIED, message=str(error))
    if not operations:
        return Verdict(skip_reason=NOTHING_TO_ADD)
    return Verdict(operations)


def read_document(raw: msgspec.Raw) -> dict[str, Any]:
    """Decode an object under review; raises BadReview."""
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadReview(f"the request's object is not valid JSON: {error}") from error
    except RecursionError as error:
        raise BadReview("the request's object is nested too deeply") from error
    if not isinstance(document, dict):
        raise BadReview("the AdmissionReview's request has no object")
    return document


def read_object(kind: type[R], document: Mapping[str, Any], namespace: str) -> R:
    """Make a resource of an object that may not have its name and namespace yet.

    The API server may give them only after the review. Raises BadReview.
    """
    given = document.get("metadata") or {}
    if not isinstance(given, dict):
        raise BadReview(f"cannot read the {kind.kind}: metadata: expected an object")
    name = given.get("name") or str(given.get("generateName") or "unnamed").rstrip("-.")
    namespace = namespace or str(given.get("namespace") or "")
    named = {**document, "metadata": {**given, "name": name, "namespace": namespace}}
    try:
        try:
            return validate(msgspec.convert(named, kind))
        except msgspec.ValidationError:
            # The cause may be a null that stands for an empty list; this also words the reason.
            return decode_as(kind, named)
    except DecodeError as error:
        raise BadReview(f"cannot read the {kind.kind}: {error}") from error
