"""Kubernetes documents of small workloads that scenarios make by the dozen."""

from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]

IMAGE = "localhost/mesh-e2e-apps:0.1.0"
_TEMPLATE_KINDS = {"Deployment": "apps/v1", "DaemonSet": "apps/v1", "StatefulSet": "apps/v1"}


def namespace(name: str, **annotations: str) -> Document:
    """A Namespace; the annotations' names have `_` for nothing: give them whole by `**`."""
    metadata = {"name": name, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def web_server(port: int = 8080, **spec: Any) -> Document:
    """A pod's spec: one HTTP server that says what arrived."""
    container = {
        "name": "web",
        "image": IMAGE,
        "command": ["python", "-m", "e2e_apps.web", str(port)],
        "ports": [{"containerPort": port}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": port}, "periodSeconds": 1},
    }
    return {"terminationGracePeriodSeconds": 5, "containers": [container], **spec}


def once(*command: str) -> Document:
    """A pod's spec: one command that ends."""
    container = {"name": "once", "image": IMAGE, "command": list(command)}
    return {"restartPolicy": "Never", "containers": [container]}


def pod(name: str, space: str, spec: Document, **annotations: str) -> Document:
    """A bare pod."""
    metadata = {
        "name": name,
        "namespace": space,
        "labels": {"app": name},
        "annotations": annotations,
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def workload(kind: str, name: str, space: str, spec: Document, **annotations: str) -> Document:
    """A Deployment, DaemonSet or StatefulSet with one replica."""
    labels = {"app": name}
    template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": spec}
    document: Document = {"selector": {"matchLabels": labels}, "template": template}
    if kind == "StatefulSet":
        document["serviceName"] = name
    metadata = {"name": name, "namespace": space}
    api = _TEMPLATE_KINDS[kind]
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": document}


def job(name: str, space: str, spec: Document) -> Document:
    """A Job that is tried once."""
    body = {"backoffLimit": 0, "template": {"spec": spec}}
    metadata = {"name": name, "namespace": space}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": body}


def cron_job(name: str, space: str, spec: Document) -> Document:
    """A CronJob that never comes due by itself."""
    body = {"schedule": "0 0 29 2 *", "jobTemplate": {"spec": job(name, space, spec)["spec"]}}
    metadata = {"name": name, "namespace": space}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": body}


def service(name: str, space: str, port: int = 8080, **spec: Any) -> Document:
    """A Service of the pods with the label `app: NAME`."""
    body = {"selector": {"app": name}, "ports": [{"name": "http", "port": port}], **spec}
    metadata = {"name": name, "namespace": space}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": body}


def together(*documents: Document) -> Document:
    """Several documents as one."""
    return {"apiVersion": "v1", "kind": "List", "items": list(documents)}
