"""Objects that are made once, by one of several who may try at the same time."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mesh_core.kubernetes import KubernetesClient
from mesh_core.resources import ConfigMap, ObjectMeta, Secret
from mesh_core.store.errors import AlreadyExistsError, ConflictError, NotFoundError
from mesh_identity.errors import ProvisionError

MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "mesh-identity"
_TRIES = 5

Data = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A ConfigMap or Secret that must exist with some keys; `make` gives what to make it of."""

    kind: type[ConfigMap] | type[Secret]
    namespace: str
    name: str
    keys: tuple[str, ...]
    make: Callable[[], Data]
    component: str
    type: str = "Opaque"

    def __str__(self) -> str:
        return f"{self.kind.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Ensured:
    """What the object holds, and whether we made it."""

    data: Data
    made: bool


async def find(
    client: KubernetesClient, kind: type[ConfigMap | Secret], namespace: str, name: str
) -> Data | None:
    """What the object holds, None if there is no such object or nothing in it."""
    try:
        found = await client.get(kind, namespace, name)
    except NotFoundError:
        return None
    data = _data(found)
    return data if any(value.strip() for value in data.values()) else None


async def ensure(client: KubernetesClient, wanted: Wanted) -> Ensured:
    """Keep what is there, fill it if it is blank, make it if it is not there.

    Whoever comes second keeps what the first one made. Raises `ProvisionError` for an object that
    holds only some of the keys.
    """
    for _ in range(_TRIES):
        try:
            found = await client.get(wanted.kind, wanted.namespace, wanted.name)
        except NotFoundError:
            data = wanted.make()
            try:
                await client.create(_object(wanted, data))
            except AlreadyExistsError:
                continue
            return Ensured(data, made=True)
        data = _data(found)
        if _is_complete(wanted, data):
            return Ensured(data, made=False)
        try:
            return await _fill(client, wanted, found.metadata.resource_version)
        except ConflictError:
            continue
    raise ProvisionError(f"{wanted}: keeps changing; who else writes it?")


async def _fill(client: KubernetesClient, wanted: Wanted, version: str) -> Ensured:
    data = wanted.make()
    document = {"metadata": {"resourceVersion": version}, "data": _encoded(wanted.kind, data)}
    await client.patch(wanted.kind, wanted.namespace, wanted.name, document)
    return Ensured(data, made=True)


def _is_complete(wanted: Wanted, data: Data) -> bool:
    """Say whether all keys hold something; some but not all is an error."""
    missing = [key for key in wanted.keys if not data.get(key, b"").strip()]
    if not missing:
        return True
    there = [key for key in wanted.keys if key not in missing]
    if there:
        raise ProvisionError(
            f"{wanted}: holds {', '.join(there)} but not {', '.join(missing)}; "
            "complete it, or delete it to have it made anew"
        )
    return False


def _object(wanted: Wanted, data: Data) -> ConfigMap | Secret:
    metadata = ObjectMeta(
        name=wanted.name,
        namespace=wanted.namespace,
        labels={
            MANAGED_BY: MANAGER,
            "linkerd.io/control-plane-component": wanted.component,
            "linkerd.io/control-plane-ns": wanted.namespace,
        },
    )
    if wanted.kind is ConfigMap:
        texts = {key: value.decode() for key, value in data.items()}
        return ConfigMap(metadata=metadata, data=texts)
    return Secret(metadata=metadata, data=data, type=wanted.type)


def _data(found: ConfigMap | Secret) -> Data:
    if isinstance(found, Secret):
        return found.values()
    return {key: text.encode() for key, text in found.data.items()}


def _encoded(kind: type[ConfigMap | Secret], data: Data) -> dict[str, str]:
    if kind is ConfigMap:
        return {key: value.decode() for key, value in data.items()}
    return {key: b64encode(value).decode() for key, value in data.items()}
