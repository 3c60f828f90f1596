"""The directory of certificates and keys: made when empty, kept and checked otherwise.

`ca.crt` and `ca.key` are the root, `issuer.crt` and `issuer.key` what signs leaves,
`ca-bundle.crt` the trust anchors as every proxy gets them. All PEM; keys are 0600.
Someone with a root of their own leaves `ca.key` away and gives the issuer.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from mesh_identity.authority import SigningKey, authority_name, make_issuer, make_root, new_key
from mesh_identity.errors import CredentialsError
from mesh_identity.issuer import Issuer
from mesh_identity.pem import (
    UNREADABLE,
    read_certificates,
    read_key,
    write_certificates,
    write_key,
)

ROOT, ROOT_KEY = "ca.crt", "ca.key"
ISSUER, ISSUER_KEY = "issuer.crt", "issuer.key"
BUNDLE = "ca-bundle.crt"
_MAX_FILE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Initialised:
    """What `initialise` did: the files that it made and those that it found."""

    made: tuple[Path, ...]
    kept: tuple[Path, ...]


def initialise(directory: Path, trust_domain: str, now: datetime) -> Initialised:
    """Complete the root, issuer and bundle in `directory`, keeping whatever is there.

    A step that was interrupted is finished from the key that it left behind.
    Raises `CredentialsError` when what is there cannot be completed or used.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CredentialsError(f"{directory}: cannot be created: {error.strerror}") from error
    made = tuple(_complete(directory, trust_domain, now))
    names = (ROOT, ROOT_KEY, ISSUER, ISSUER_KEY, BUNDLE)
    present = tuple(directory / name for name in names if (directory / name).exists())
    load_issuer(directory, now=now)
    return Initialised(made, tuple(path for path in present if path not in made))


def load_issuer(
    directory: Path,
    *,
    now: datetime,
    lifetime: timedelta = timedelta(hours=24),
    skew: timedelta = timedelta(seconds=20),
) -> Issuer:
    """Read issuer and anchors of `directory`; raise `CredentialsError` if they do not fit."""
    chain = _certificates(directory / ISSUER)
    anchors = _certificates(directory / BUNDLE)
    key = _private_key(directory / ISSUER_KEY)
    try:
        issuer = Issuer(key, chain, anchors, now=now, lifetime=lifetime, skew=skew)
    except CredentialsError as error:
        raise CredentialsError(f"{directory}: {error}") from error
    except UNREADABLE as error:
        # The library reads parts of a certificate only when they are asked for.
        raise CredentialsError(f"{directory}: a certificate cannot be read: {error}") from error
    if now >= issuer.expires:
        raise CredentialsError(
            f"{directory}: the certificates expired at {issuer.expires:%Y-%m-%d %H:%M:%S} UTC; "
            "remove the files to have new ones made, or put your own in their place"
        )
    return issuer


def load_token_key(path: Path) -> ec.EllipticCurvePublicKey:
    """Read the PEM public key that tokens are signed with."""
    try:
        key = load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CredentialsError(f"{path}: is not a PEM public key") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CredentialsError(f"{path}: is not an ECDSA P-256 public key, which ES256 needs")
    return key


def _complete(directory: Path, trust_domain: str, now: datetime) -> Iterator[Path]:
    root, issuer, bundle = (directory / name for name in (ROOT, ISSUER, BUNDLE))
    if not root.exists():
        if issuer.exists():
            raise CredentialsError(f"{issuer}: is there without {ROOT}; add what signed it")
        key = yield from _key(directory / ROOT_KEY)
        name = authority_name("root.linkerd", trust_domain)
        yield _write_certificate(root, make_root(key, name, now))
    if not issuer.exists():
        signer, signer_key = _signer(directory, now)
        key = yield from _key(directory / ISSUER_KEY)
        name = authority_name("identity.linkerd", trust_domain)
        signed = make_issuer(key, name, signer, signer_key, now)
        yield _write_certificate(issuer, signed)
    if not bundle.exists():
        yield _write(bundle, write_certificates(_certificates(root)), mode=0o644)


def _key(path: Path) -> Generator[Path, None, SigningKey]:
    """The key at `path`, made first (and yielded as made) when it is not there."""
    if path.exists():
        return _private_key(path)
    key = new_key()
    yield _write(path, write_key(key), mode=0o600)
    return key


def _signer(directory: Path, now: datetime) -> tuple[x509.Certificate, SigningKey]:
    """The root and its key, fit to sign an issuer at `now`."""
    root, path = directory / ROOT, directory / ROOT_KEY
    if not path.exists():
        raise CredentialsError(
            f"{path}: is needed to sign an issuer; add it, or give {ISSUER} and {ISSUER_KEY}"
        )
    key, certificate = _private_key(path), _certificates(root)[0]
    if key.public_key() != certificate.public_key():
        raise CredentialsError(f"{path}: does not belong to {ROOT}; use the matching key")
    if now >= certificate.not_valid_after_utc:
        raise CredentialsError(
            f"{root}: expired at {certificate.not_valid_after_utc:%Y-%m-%d %H:%M:%S} UTC; "
            "remove it and its key to have new ones made, or put your own in their place"
        )
    return certificate, key


def _certificates(path: Path) -> Sequence[x509.Certificate]:
    return read_certificates(_read(path), path)


def _private_key(path: Path) -> SigningKey:
    return read_key(_read(path), path)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise CredentialsError(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > _MAX_FILE_BYTES:
        raise CredentialsError(f"{path}: is larger than {_MAX_FILE_BYTES} bytes: the wrong file?")
    return content


def _write_certificate(path: Path, certificate: x509.Certificate) -> Path:
    return _write(path, write_certificates([certificate]), mode=0o644)


def _write(path: Path, content: bytes, *, mode: int) -> Path:
    """Write by rename, with the final mode from the start: no one else ever reads a key."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CredentialsError(f"{path}: cannot be written: {error.strerror}") from error
    return path
