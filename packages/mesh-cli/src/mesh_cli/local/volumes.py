"""A pod's volumes as directories, and where its containers see them."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from mesh_cli.local.environment import ConfigurationError, Lookup, pod_field, values_of
from mesh_cli.local.mounts import Bind
from mesh_core.resources import ConfigMap, Pod, Secret, Volume
from mesh_core.resources.volume import DownwardAPIVolumeFile, KeyToPath, VolumeProjection

Sign = Callable[[str, int], str]


def make_volumes(pod: Pod, directory: Path, lookup: Lookup, sign: Sign) -> list[Bind]:
    """Create every volume below `directory` and give the binds that show them in the pod.

    `sign(audience, seconds)` makes a token of the pod's service account. Raises
    ConfigurationError where a ConfigMap, Secret or key is missing.
    """
    writable = set()
    for volume in pod.spec.volumes:
        folder = directory / volume.name
        folder.mkdir(parents=True)
        if volume.empty_dir is not None:
            folder.chmod(0o777)
            writable.add(volume.name)
        else:
            _fill(volume, pod, folder, lookup, sign)
    binds = {}
    for container in pod.spec.all_containers():
        for mount in container.volume_mounts:
            source = directory / mount.name / mount.sub_path
            if mount.sub_path and not source.exists():
                source.mkdir(parents=True)
                source.chmod(0o777)
            read_only = mount.read_only or mount.name not in writable
            binds[Path(mount.mount_path)] = Bind(source, Path(mount.mount_path), read_only)
    return [binds[target] for target in sorted(binds)]


def _fill(volume: Volume, pod: Pod, folder: Path, lookup: Lookup, sign: Sign) -> None:
    if volume.config_map is not None:
        items = volume.config_map
        values = values_of(ConfigMap, items.name, pod.namespace, items.optional, lookup)
        _write(folder, select(values, items.items, items.name), items.default_mode)
    elif volume.secret is not None:
        secret = volume.secret
        values = values_of(Secret, secret.secret_name, pod.namespace, secret.optional, lookup)
        _write(folder, select(values, secret.items, secret.secret_name), secret.default_mode)
    elif volume.downward_api is not None:
        files = _downward(volume.downward_api.items, pod)
        _write(folder, files, volume.downward_api.default_mode)
    elif volume.projected is not None:
        for source in volume.projected.sources:
            files = _projected(source, pod, lookup, sign)
            _write(folder, files, volume.projected.default_mode)


def _projected(source: VolumeProjection, pod: Pod, lookup: Lookup, sign: Sign) -> dict[str, bytes]:
    if source.config_map is not None:
        config = source.config_map
        values = values_of(ConfigMap, config.name, pod.namespace, config.optional, lookup)
        return select(values, config.items, config.name)
    if source.secret is not None:
        secret = source.secret
        values = values_of(Secret, secret.name, pod.namespace, secret.optional, lookup)
        return select(values, secret.items, secret.name)
    if source.service_account_token is not None:
        token = source.service_account_token
        return {token.path: sign(token.audience, token.expiration_seconds).encode()}
    if source.downward_api is not None:
        return _downward(source.downward_api.items, pod)
    return {}


def _downward(items: Iterable[DownwardAPIVolumeFile], pod: Pod) -> dict[str, bytes]:
    return {
        item.path: pod_field(pod, item.field_ref.field_path).encode()
        for item in items
        if item.field_ref is not None
    }


def select(values: Mapping[str, bytes], items: Iterable[KeyToPath], name: str) -> dict[str, bytes]:
    """The chosen keys by their file names; all keys where none is chosen."""
    chosen = list(items)
    if not chosen:
        return dict(values)
    missing = [item.key for item in chosen if item.key not in values]
    if missing:
        raise ConfigurationError(f"{name} has no key {missing[0]!r}, which a volume asks for")
    return {item.path: values[item.key] for item in chosen}


def _write(folder: Path, files: Mapping[str, bytes], mode: int) -> None:
    for name, content in files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ConfigurationError(f"the volume's file name {name!r} leaves the volume")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)
