"""Where on an API server the objects of a kind are."""

from urllib.parse import quote

from mesh_core.resources import Resource


def collection_path(kind: type[Resource], namespace: str | None = None) -> str:
    """Give the path of a kind's objects, in all namespaces for None."""
    root = f"/apis/{kind.api_version}" if "/" in kind.api_version else f"/api/{kind.api_version}"
    if namespace is None or not kind.namespaced:
        return f"{root}/{kind.plural}"
    return f"{root}/namespaces/{quote(namespace, safe='')}/{kind.plural}"


def object_path(kind: type[Resource], namespace: str, name: str, subresource: str = "") -> str:
    """Give the path of one object, or of a part of it such as its status."""
    if not name or (kind.namespaced and not namespace):
        msg = f"a {kind.kind} without a {'namespace' if name else 'name'} has no path"
        raise ValueError(msg)
    path = f"{collection_path(kind, namespace)}/{quote(name, safe='')}"
    return f"{path}/{subresource}" if subresource else path
