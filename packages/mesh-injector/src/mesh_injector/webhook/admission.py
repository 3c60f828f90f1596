"""Reviews: finds what a verdict depends on, and tells everybody who should know of it."""

import logging

from mesh_core.kubernetes import RecordEvent
from mesh_core.resources import ObjectReference, Pod, Service
from mesh_injector.owner import Owner
from mesh_injector.webhook.admission_labels import admission_labels
from mesh_injector.webhook.live_installation import LiveInstallation
from mesh_injector.webhook.lookup import Lookup
from mesh_injector.webhook.metrics import WebhookMetrics
from mesh_injector.webhook.review import Answer, Request, decode_review, encode_answer
from mesh_injector.webhook.verdict import (
    Verdict,
    judge_other,
    judge_pod,
    judge_service,
    read_document,
    read_object,
)

_POD = ("", "v1", "Pod")
_SERVICE = ("", "v1", "Service")

log = logging.getLogger(__name__)


class Admission:
    """Answers AdmissionReviews."""

    def __init__(
        self,
        lookup: Lookup,
        installation: LiveInstallation,
        record: RecordEvent,
        metrics: WebhookMetrics,
    ) -> None:
        """Answer with the settings that count at the time of each review."""
        self._lookup = lookup
        self._installation = installation
        self._record = record
        self._metrics = metrics

    async def answer(self, body: bytes) -> bytes:
        """Answer one review; raises a RequestRefused."""
        review = decode_review(body)
        verdict = await self._judge(review.request)
        answer = Answer(
            allowed=not verdict.denied,
            operations=verdict.operations,
            message=verdict.message,
            warnings=(verdict.message,) if verdict.warning else (),
        )
        return encode_answer(review, answer)

    async def _judge(self, request: Request) -> Verdict:
        kind = (request.kind.group, request.kind.version, request.kind.kind)
        if request.operation != "CREATE" or request.sub_resource:
            return self._other(request)
        if kind == _POD:
            return await self._pod(request)
        if kind == _SERVICE:
            return await self._service(request)
        return self._other(request)

    def _other(self, request: Request) -> Verdict:
        verdict = judge_other(str(request.kind))
        self._metrics.answered((("owner_kind", "other"),), verdict.skip_reason)
        return verdict

    async def _pod(self, request: Request) -> Verdict:
        document = read_document(request.object)
        pod = read_object(Pod, document, request.namespace)
        namespace = await self._lookup.namespace(pod.namespace)
        owner = await self._lookup.owner(pod)
        verdict = judge_pod(document, pod, namespace, self._installation.current, owner)
        labels = admission_labels(pod, namespace, owner.kind if owner else "Pod")
        self._metrics.answered(labels, verdict.skip_reason)
        if owner is not None and not request.dry_run:
            self._tell(owner, pod, verdict)
        return verdict

    async def _service(self, request: Request) -> Verdict:
        service = read_object(Service, read_document(request.object), request.namespace)
        namespace = await self._lookup.namespace(service.namespace)
        verdict = judge_service(service, namespace, self._installation.current)
        labels = admission_labels(service, namespace, "Service")
        self._metrics.answered(labels, verdict.skip_reason)
        return verdict

    def _tell(self, owner: Owner, pod: Pod, verdict: Verdict) -> None:
        """Report on the owner: the pod itself does not exist yet."""
        regarding = ObjectReference(
            api_version=owner.api_version,
            kind=owner.kind,
            name=owner.name,
            namespace=pod.namespace,
            uid=owner.uid,
        )
        if verdict.denied:
            log.info("denied a pod of %s: %s", owner, verdict.message)
            self._record(regarding, "Warning", "InjectionDenied", f"denied: {verdict.message}")
        elif verdict.skip_reason:
            message = f"the sidecar was not added: {verdict.message}"
            self._record(regarding, "Normal", "InjectionSkipped", message)
        else:
            self._record(regarding, "Normal", "Injected", "the sidecar was added")
