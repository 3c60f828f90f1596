"""Names of container images."""


def image_reference(name: str, version: str) -> str:
    """Join an image's name and its version, a tag or a digest; empty means none.

    A name that carries a tag or digest of its own stays as it is: an annotation may give either
    form, and two tags would be no image at all.
    """
    if not version or is_complete(name):
        return name
    return f"{name}{'@' if version.startswith('sha256:') else ':'}{version}"


def is_complete(name: str) -> bool:
    """Say whether an image's name has a tag or digest; a registry's port is neither."""
    return "@" in name or ":" in name.rpartition("/")[2]


def is_linkerds(name: str) -> bool:
    """Say whether an image is Linkerd's own proxy, or a copy of it in another registry."""
    path, _, last = name.partition("@")[0].rpartition("/")
    return f"/{path}".endswith("/linkerd") and last.partition(":")[0] == "proxy"


def image_version(reference: str) -> str:
    """Give the tag or digest of a complete reference, empty when it has none."""
    if "@" in reference:
        return reference.partition("@")[2]
    return reference.rpartition("/")[2].partition(":")[2]
