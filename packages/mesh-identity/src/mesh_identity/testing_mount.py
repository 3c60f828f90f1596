"""The issuer's files as a kubelet mounts them, for tests that play with them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from mesh_identity.issuer_secret import IssuerSecret, Scheme
from mesh_identity.testing import Signer

SKEW = timedelta(seconds=20)


class Mount:
    """A mounted Secret or ConfigMap: files are links through `..data` to one version of all."""

    def __init__(self, directory: Path) -> None:
        """Make `directory`, still empty."""
        self.directory = directory
        self._version = 0
        directory.mkdir()

    def swap(self, **files: bytes) -> None:
        """Replace all files at once, as the kubelet does; `tls_crt` stands for `tls.crt`."""
        self._version += 1
        new = self.directory / f"..version{self._version}"
        new.mkdir()
        for key, content in files.items():
            name = key.replace("_", ".")
            (new / name).write_bytes(content)
            link = self.directory / name
            if not link.is_symlink():
                link.symlink_to(f"..data/{name}")
        (self.directory / "..data_tmp").symlink_to(new.name)
        (self.directory / "..data_tmp").rename(self.directory / "..data")
        shutil.rmtree(self.directory / f"..version{self._version - 1}", ignore_errors=True)


class IssuerMount:
    """The issuer's Secret and the ConfigMap of trust anchors, with what the flags say of them."""

    def __init__(self, directory: Path, scheme: Scheme = Scheme.LINKERD) -> None:
        """Make both mounts, still empty, below `directory`."""
        self.scheme = scheme
        self.secret = Mount(directory / "issuer")
        self.roots = Mount(directory / "trust-roots")
        self.anchors = self.roots.directory / "ca-bundle.crt"

    def trust(self, *roots: Signer) -> None:
        """Replace the trust anchors."""
        self.roots.swap(**{"ca-bundle_crt": b"".join(root.pem for root in roots)})

    def put(self, *chain: Signer, key: bytes | None = None, authority: bytes | None = None) -> None:
        """Replace the issuer by `chain[0]` and what is above it."""
        certificate = b"".join(signer.pem for signer in chain)
        self.put_bytes(certificate, chain[0].key_pem if key is None else key, authority)

    def put_bytes(self, certificate: bytes, key: bytes, authority: bytes | None = None) -> None:
        """Replace the issuer by any bytes."""
        names: Sequence[str] = [name.replace(".", "_") for name in self.scheme.keys]
        files = dict(zip(names, (certificate, key), strict=True))
        self.secret.swap(**files, **({} if authority is None else {"ca_crt": authority}))

    def described(self, lifetime: timedelta = timedelta(days=1)) -> IssuerSecret:
        """What the service makes of its flags."""
        return IssuerSecret(
            self.secret.directory, self.scheme, self.anchors, lifetime=lifetime, skew=SKEW
        )
